//! What an App's backend is told of an installation.
//!
//! Devices repeat what they are: only what differs from before is told, and neither addresses nor keys are part
//! of what is told.

use std::collections::BTreeMap;

use vestnik_model::{InstallationState, Open, Permission, PushAddressKind};

/// What happened to an installation of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The user logged in on it, who was not logged in there before.
    Registered,
    /// What it reports of itself is something else than before.
    Updated,
    /// Whether it may show notifications is something else than before.
    PermissionChanged(Open<Permission>),
    /// It is the user's primary one from now on.
    PrimaryChanged,
    /// A push service said that its address is dead.
    TokenInvalidated(Open<PushAddressKind>),
    /// The user is logged in on it no longer.
    Unregistered,
}

/// What an installation reports of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reported {
    /// Its state, without addresses; none before its first report.
    pub state: Option<InstallationState>,
    /// The hashes of its addresses that live, by the words of their kinds.
    pub addresses: BTreeMap<String, [u8; 32]>,
}

impl Reported {
    fn permission(&self) -> Open<Permission> {
        let state = self.state.as_ref();
        state
            .map(|state| state.permission.clone())
            .unwrap_or_default()
    }

    /// The rest of it.
    fn without_permission(&self) -> Self {
        let state = self.state.clone().map(|state| InstallationState {
            permission: Open::default(),
            push_addresses: Vec::new(),
            ..state
        });
        Self {
            state,
            addresses: self.addresses.clone(),
        }
    }
}

/// What is told of a report.
#[must_use]
pub fn changes(before: &Reported, after: &Reported) -> Vec<Change> {
    let is_updated = before.without_permission() != after.without_permission();
    let permission = after.permission();
    let is_permitted_otherwise = before.permission() != permission;
    let permission = is_permitted_otherwise.then_some(Change::PermissionChanged(permission));
    let updated = is_updated.then_some(Change::Updated);
    updated.into_iter().chain(permission).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(state: serde_json::Value, addresses: &[(&str, u8)]) -> Reported {
        let hashes = addresses.iter();
        Reported {
            state: Some(serde_json::from_value(state).unwrap()),
            addresses: hashes
                .map(|(kind, hash)| ((*kind).to_owned(), [*hash; 32]))
                .collect(),
        }
    }

    #[test]
    fn only_what_differs_is_told() {
        let state = |version: &str, permission: &str| {
            serde_json::json!({
                "platform": "android", "app_version": version, "permission": permission,
            })
        };
        let phone = reported(state("1", "granted"), &[("fcm_token", 1)]);
        assert_eq!(changes(&phone, &phone), []);
        assert_eq!(changes(&Reported::default(), &Reported::default()), []);
        let updated = reported(state("2", "granted"), &[("fcm_token", 1)]);
        assert_eq!(changes(&phone, &updated), [Change::Updated]);
        let other_token = reported(state("1", "granted"), &[("fcm_token", 2)]);
        assert_eq!(changes(&phone, &other_token), [Change::Updated]);
        let no_token = reported(state("1", "granted"), &[]);
        assert_eq!(changes(&phone, &no_token), [Change::Updated]);
        let denied = reported(state("1", "denied"), &[("fcm_token", 1)]);
        let told = Change::PermissionChanged(Permission::Denied.into());
        assert_eq!(changes(&phone, &denied), std::slice::from_ref(&told));
        let both = reported(state("2", "denied"), &[]);
        assert_eq!(changes(&phone, &both), [Change::Updated, told]);
        let first = Change::PermissionChanged(Permission::Granted.into());
        assert_eq!(
            changes(&Reported::default(), &phone),
            [Change::Updated, first]
        );
    }
}
