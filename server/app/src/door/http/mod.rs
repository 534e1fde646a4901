//! HTTP: connections, routes and what every request passes through.

mod accept;
mod cors;
mod health;
mod openapi;
mod problem;
mod router;
mod trace;

pub(crate) use accept::serve;
pub use openapi::openapi_json;
pub(crate) use router::router;
