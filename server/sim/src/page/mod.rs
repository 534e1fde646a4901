//! The page: each device as a phone with what it would show. Text only, escaped, without a framework.

mod render;
mod route;
mod words;

pub(crate) use route::routes;
