//! The accounts with gateways that were read.

use std::{collections::HashMap, sync::Arc};

use vestnik_model::{AppId, GatewayName};

use super::{super::account::Unusable, Route};

/// The most accounts that are kept read.
const MAX_ROUTES: usize = 1_000;

/// The accounts that were read: what is known of their providers stays known.
#[derive(Default)]
pub(super) struct KnownRoutes {
    by_place: HashMap<Place, Known>,
    /// How many were forgotten.
    forgotten: u64,
}

/// Whose account it is, and with which gateway.
pub(super) type Place = (AppId, GatewayName);

/// What was made of an account.
pub(super) type Found = Result<Arc<Route>, Unusable>;

/// An account as text, and what it is; no text of what cannot be read.
struct Known {
    text: Option<String>,
    route: Found,
}

impl KnownRoutes {
    /// How many were forgotten so far.
    pub(super) const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// What was made of an account. The same text is the same account.
    pub(super) fn find(&self, place: &Place, text: Option<&str>) -> Option<Found> {
        let known = self.by_place.get(place)?;
        (known.text.as_deref() == text).then(|| known.route.clone())
    }

    /// Keeps what was made of an account that was loaded when so many had been forgotten. It is not kept if another
    /// one was forgotten since: it may be of the former account.
    pub(super) fn keep(
        &mut self,
        place: Place,
        (text, route): (Option<String>, Found),
        forgotten: u64,
    ) {
        if self.forgotten != forgotten {
            return;
        }
        if self.by_place.len() >= MAX_ROUTES {
            self.by_place.clear();
        }
        self.by_place.insert(place, Known { text, route });
    }

    pub(super) fn forget(&mut self, place: &Place) {
        self.forgotten += 1;
        self.by_place.remove(place);
    }

    /// Those that can be used, with whose they are.
    pub(super) fn usable(&self) -> impl Iterator<Item = (&AppId, Arc<Route>)> {
        let known = self.by_place.iter();
        known.filter_map(|((app, _), known)| Some((app, known.route.clone().ok()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_loaded_before_an_account_was_forgotten_is_not_kept() {
        let mut known = KnownRoutes::default();
        let place = (
            AppId::parse("shop").unwrap(),
            GatewayName::parse("sms").unwrap(),
        );
        let account = |text: &str| (Some(text.to_owned()), Err(Unusable::NoRoute));
        let is_known = |known: &KnownRoutes, text| known.find(&place, Some(text)).is_some();
        known.keep(place.clone(), account("former"), known.forgotten());
        assert!(is_known(&known, "former") && !is_known(&known, "new"));
        let before = known.forgotten();
        known.forget(&place);
        known.keep(place.clone(), account("former"), before);
        assert!(!is_known(&known, "former"));
        known.keep(place.clone(), account("new"), known.forgotten());
        assert!(is_known(&known, "new"));
    }
}
