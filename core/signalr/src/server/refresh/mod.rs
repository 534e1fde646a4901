//! Authentication that is renewed, and that expires, while a connection lives.
//!
//! A connection keeps the identity that it began with. Only where the hub renews
//! authentication or closes on its expiry does it have an [`Identity`] that changes: a value
//! beside the connection's task, which others pay nothing for.

mod identity;
mod lease;

use std::time::Duration;

pub(crate) use self::{
    identity::{Identities, Identity},
    lease::Lease,
};

/// How long the token of a request is still good for.
///
/// The layer in front of the hub that reads the token puts this into the request's extensions,
/// beside the caller. Without it the token counts as good for ever. See
/// [`HubConfig::refreshes_authentication`](super::HubConfig::refreshes_authentication).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenLifetime(pub Duration);

impl TokenLifetime {
    /// Counts whole seconds, as negotiate and refresh tell clients.
    pub(crate) const fn seconds(self) -> u64 {
        self.0.as_secs()
    }
}
