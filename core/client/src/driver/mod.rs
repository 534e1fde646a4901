//! The one task that owns the connection: it carries out what the engine decides.

mod announce;
mod errand;
mod session;
mod shared;
mod task;

pub(crate) use shared::Shared;
pub(crate) use task::{Command, DriverParts, spawn};
