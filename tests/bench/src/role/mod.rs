//! The servers that this program itself can be.

mod hub;
mod raw;

pub(crate) use self::{
    hub::serve as serve_hub,
    raw::{listen, serve as serve_raw},
};
