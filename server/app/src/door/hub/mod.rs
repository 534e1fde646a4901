//! The hub: what devices and senders call.

mod argument;
mod device;
mod error;
mod sender;
mod service;

pub(crate) use service::service;
