//! Rates as layers and as header fields.

mod header;
mod layer;

pub(crate) use header::{RATE_LIMIT, RATE_LIMIT_POLICY};
pub(crate) use layer::{AddressLimit, limit_address, limit_caller, told};
