//! A device that runs the real core beside a real server: its start, its memory and its idle hour.
//!
//! The device is a process of its own that embeds `vestnik-core` and nothing else: a role of this program.
//! It is measured from outside, by `/proc` and by a relay between it and the server.

mod idle;
mod observed;
mod own;
mod relay;
mod role;
mod start;
mod stored;

pub(crate) use self::role::Device;
pub(super) use self::{idle::figures as idle, start::figures as start};
