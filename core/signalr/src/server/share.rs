//! Shares of the negotiated connections that wait for a transport.

use std::{collections::HashMap, fmt, sync::Arc};

/// A share of the negotiated connections that wait for their transport: the name of the principal
/// that they are counted for, and how many of them may wait at once.
///
/// The layer in front of the hub puts [`NegotiationShares`] into the extensions of a request. A
/// negotiation counts in each of its shares until its connection has a transport, or until
/// [`HubConfig::connect_window`](super::HubConfig::connect_window) is over. When one of them is
/// full, negotiate answers 429, and other principals are not affected. Without shares only
/// [`HubConfig::max_unconnected`](super::HubConfig::max_unconnected) bounds it.
#[derive(Clone, PartialEq, Eq)]
pub struct NegotiationShare {
    principal: Arc<str>,
    limit: usize,
}

impl NegotiationShare {
    /// The share of a principal, by a name that no other principal has.
    #[must_use]
    pub fn new(principal: impl Into<Arc<str>>, limit: usize) -> Self {
        Self {
            principal: principal.into(),
            limit,
        }
    }
}

/// A principal's name can be that of a person.
impl fmt::Debug for NegotiationShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NegotiationShare")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// The shares that a negotiation counts in, each of another principal: a user, a tenant, an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NegotiationShares(pub Vec<NegotiationShare>);

/// How many negotiated connections of each principal wait.
#[derive(Default)]
pub(crate) struct Taken(HashMap<Arc<str>, usize>);

impl Taken {
    /// Counts one more in each share, unless one of them is full.
    pub(crate) fn take(&mut self, shares: &NegotiationShares) -> bool {
        let NegotiationShares(shares) = shares;
        let is_full = |share: &NegotiationShare| {
            self.0.get(&share.principal).copied().unwrap_or_default() >= share.limit
        };
        if shares.iter().any(is_full) {
            return false;
        }
        for share in shares {
            *self.0.entry(Arc::clone(&share.principal)).or_default() += 1;
        }
        true
    }

    /// Counts one less in each share.
    pub(crate) fn give_back(&mut self, shares: &NegotiationShares) {
        for NegotiationShare { principal, .. } in &shares.0 {
            let Some(count) = self.0.get_mut(principal) else {
                continue;
            };
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.0.remove(principal);
            }
        }
    }
}
