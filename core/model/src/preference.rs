//! What a user does not want to be notified of.

mod change;
mod stored;

pub use change::OptOutChange;
pub use stored::StoredOptOuts;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{CategoryName, TopicName};

/// The most categories, and the most topics, that a user opts out of.
pub const MAX_OPT_OUTS: usize = 100;

/// What a user wants, as the server answers it. What it does not name is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Preferences {
    /// What they do not want.
    #[serde(alias = "optOut")]
    pub opt_out: OptOuts,
}

/// Changes what a user wants, as they or their App's backend say. What it does not name stays, whoever said it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PreferencesPatch {
    /// What they do not want, or want again.
    #[serde(default, alias = "optOut", deserialize_with = "change::strict")]
    pub opt_out: OptOutChange,
}

/// What a user does not want: no channel brings it to them, however urgent it is. It counts for what has
/// not been handed over; nothing is withdrawn.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct OptOuts {
    /// Any notification of the App.
    pub all: bool,
    /// Notifications of these categories; at most 100.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub categories: BTreeSet<CategoryName>,
    /// Notifications that reach them by these topics only; at most 100. A topic counts as it is spelt,
    /// whether or not it is there.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub topics: BTreeSet<TopicName>,
}

impl OptOuts {
    /// Whether the user wants everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_named_is_wanted() {
        let said: Preferences = serde_json::from_value(json!({"opt_out": {}})).unwrap();
        assert!(said.opt_out.is_empty());
        let all: Preferences = serde_json::from_value(json!({"optOut": {"all": true}})).unwrap();
        assert!(all.opt_out.all && !all.opt_out.is_empty());
    }

    #[test]
    fn who_changes_what_is_not_known_is_told() {
        let read = serde_json::from_value::<PreferencesPatch>;
        let some = read(json!({"optOut": {"all": false, "topics": {"news": true}}})).unwrap();
        let written = json!({"opt_out": {"all": false, "topics": {"news": true}}});
        assert_eq!(serde_json::to_value(&some).unwrap(), written);
        assert!(read(json!({})).unwrap().opt_out.is_empty());
        for unknown in [json!({"opt_out": {"colours": {}}}), json!({"colours": {}})] {
            assert!(read(unknown.clone()).is_err(), "{unknown}");
        }
    }
}
