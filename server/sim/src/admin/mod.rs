//! The admin API: JSON over plain HTTP, meant for loopback.

mod answer;
mod devices;
mod guard;
mod observe;
mod rotation;
mod router;

pub(crate) use guard::is_own;
pub(crate) use router::{router, serve};
