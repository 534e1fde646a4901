//! The doors: how requests come in. A door authenticates, translates into an operation and
//! translates the answer back.

pub(crate) mod auth;
mod compat;
pub(crate) mod http;
pub(crate) mod hub;
mod json;
mod rate;
pub(crate) mod rest;
