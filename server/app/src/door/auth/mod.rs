//! Authentication: an App's backend by an API key, or a device by its access token, compared with the
//! present key or session at each request.

mod caller;
mod layer;

pub(crate) use caller::{Caller, Device, Sender};
pub(crate) use layer::{authenticate, authenticate_hub};
