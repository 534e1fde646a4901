//! Push addresses that an App's backend brings along: what it had collected before its devices spoke to
//! this server.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    id::UserId,
    open::{Open, words},
    push_address::{PushAddress, PushAddressKind, PushEnvironment},
};

/// The most addresses of one request.
pub const MAX_IMPORTED: usize = 200;

/// A request to import push addresses. One that has anything wrong in it imports nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportRequest {
    /// The addresses, at most 200.
    pub push_addresses: Vec<ImportedAddress>,
    /// Only checks them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub validate_only: bool,
}

/// A push address and whose it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportedAddress {
    /// The user, by the App's own identifier; made if not known.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub user: UserId,
    /// The kind.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub kind: PushAddressKind,
    /// The address as the platform gave it.
    pub value: String,
    /// For which of the service's environments it is valid, if that is known; APNs only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub environment: Option<PushEnvironment>,
}

impl ImportedAddress {
    /// The address alone.
    #[must_use]
    pub fn address(&self) -> PushAddress {
        PushAddress {
            kind: self.kind.into(),
            value: self.value.clone(),
            environment: self.environment.map(Open::Known),
        }
    }
}

impl fmt::Debug for ImportedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportedAddress")
            .field("user", &self.user)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// What became of the addresses of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportAnswer {
    /// In the order asked; empty if they were only checked.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub results: Vec<Open<ImportOutcome>>,
}

/// What became of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImportOutcome {
    /// It is the user's now, unproven until a device reports it.
    Imported,
    /// It was imported for the user before.
    Unchanged,
    /// A device has reported it: what that said stays.
    Reported,
    /// Its service called it dead: it stays so.
    Dead,
    /// The user has as many devices as a user may have: it was not taken.
    TooMany,
}

words!(ImportOutcome {
    Imported = "imported",
    Unchanged = "unchanged",
    Reported = "reported",
    Dead = "dead",
    TooMany = "too_many",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_backend_writes_is_strict_and_no_address_is_printed() {
        let line =
            r#"{"user": "anna", "kind": "apns", "value": "PLANTED", "environment": "sandbox"}"#;
        let read: ImportedAddress = serde_json::from_str(line).unwrap();
        assert_eq!(read.address().value, "PLANTED");
        assert!(!format!("{read:?}").contains("PLANTED"));
        for wrong in [
            r#"{"user": "anna", "kind": "carrier_pigeon", "value": "x"}"#,
            r#"{"user": "anna", "kind": "apns", "value": "x", "enviroment": "sandbox"}"#,
            r#"{"user": "", "kind": "apns", "value": "x"}"#,
            r#"{"kind": "apns", "value": "x"}"#,
        ] {
            assert!(
                serde_json::from_str::<ImportedAddress>(wrong).is_err(),
                "{wrong}"
            );
        }
    }
}
