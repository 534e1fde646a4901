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
    /// How often each was forgotten since the last time that all these numbers were dropped.
    forgotten: HashMap<Place, u64>,
    /// How often they were dropped: there may be no more of them than accounts that are kept.
    dropped: u64,
}

/// What had been forgotten of an account when it began to be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Before {
    dropped: u64,
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
    /// What was forgotten of an account so far.
    pub(super) fn before(&self, place: &Place) -> Before {
        Before {
            dropped: self.dropped,
            forgotten: self.forgotten.get(place).copied().unwrap_or_default(),
        }
    }

    /// What was made of an account. The same text is the same account.
    pub(super) fn find(&self, place: &Place, text: Option<&str>) -> Option<Found> {
        let known = self.by_place.get(place)?;
        (known.text.as_deref() == text).then(|| known.route.clone())
    }

    /// Keeps what was made of an account. It is not kept if the account was forgotten since it began to be loaded: it
    /// may be the former one.
    pub(super) fn keep(
        &mut self,
        place: Place,
        (text, route): (Option<String>, Found),
        before: Before,
    ) {
        if self.before(&place) != before {
            return;
        }
        if self.by_place.len() >= MAX_ROUTES {
            self.by_place.clear();
        }
        self.by_place.insert(place, Known { text, route });
    }

    pub(super) fn forget(&mut self, place: &Place) {
        if self.forgotten.len() >= MAX_ROUTES {
            self.forgotten.clear();
            self.dropped += 1;
        }
        *self.forgotten.entry(place.clone()).or_default() += 1;
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

    fn place(app: &str) -> Place {
        let gateway = GatewayName::parse("sms").unwrap();
        (AppId::parse(app).unwrap(), gateway)
    }

    fn account(text: &str) -> (Option<String>, Found) {
        (Some(text.to_owned()), Err(Unusable::NoRoute))
    }

    #[test]
    fn what_was_loaded_before_an_account_was_forgotten_is_not_kept() {
        let mut known = KnownRoutes::default();
        let place = place("shop");
        let is_known = |known: &KnownRoutes, text| known.find(&place, Some(text)).is_some();
        known.keep(place.clone(), account("former"), known.before(&place));
        assert!(is_known(&known, "former") && !is_known(&known, "new"));
        let before = known.before(&place);
        known.forget(&place);
        known.keep(place.clone(), account("former"), before);
        assert!(!is_known(&known, "former"));
        known.keep(place.clone(), account("new"), known.before(&place));
        assert!(is_known(&known, "new"));
    }

    #[test]
    fn an_account_is_kept_whatever_other_apps_change() {
        let mut known = KnownRoutes::default();
        let (own, other) = (place("shop"), place("bank"));
        let before = known.before(&own);
        known.forget(&other);
        known.keep(own.clone(), account("own"), before);
        assert!(known.find(&own, Some("own")).is_some());
        // Of what was forgotten no more is remembered than of accounts, and nothing that was is kept for that.
        let before = known.before(&other);
        for number in 0..=MAX_ROUTES {
            known.forget(&place(&format!("app-{number}")));
        }
        assert!(known.forgotten.len() <= MAX_ROUTES);
        known.keep(other.clone(), account("former"), before);
        assert!(known.find(&other, Some("former")).is_none());
    }
}
