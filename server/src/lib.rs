//! Vestnik's reference server.

#![forbid(unsafe_code)]

pub mod store;
