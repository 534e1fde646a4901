//! The hub: what devices and senders call.
//!
//! A method reads its argument, compares the caller with the present ([`authority`]) and calls an
//! operation. An expected refusal is a result `{problem}`; an error of the protocol means a fault of
//! the server.

mod answer;
mod argument;
mod authority;
mod device;
mod sender;
mod service;
mod share;

pub(crate) use service::service;
pub(crate) use share::name_shares;
