//! Who calls: an App's backend by an API key, or a device by its access token.

pub(crate) mod access;
mod caller;
pub(crate) mod identity;
mod layer;
pub(crate) mod secret;

pub(crate) use caller::{Caller, Device, Sender};
pub(crate) use layer::{authenticate, authenticate_hub};
