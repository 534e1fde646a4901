//! HTTP: connections, routes and what every request passes through.

mod accept;
mod health;
mod openapi;
mod problem;
mod router;

pub(crate) use accept::serve;
pub use openapi::openapi_json;
pub(crate) use router::router;
