//! What the user does not want to be notified of.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use vestnik_core::Preferences;
use vestnik_model::{
    CategoryName, TopicName,
    preference::{OptOutChange, OptOuts},
};

use super::CommandError;

/// What the user does not want, on all of their devices, and what there is to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConsentView {
    /// Whether they want nothing at all.
    pub(crate) is_all_off: bool,
    /// Whether that was changed here and the server has not answered.
    pub(crate) is_all_waiting: bool,
    /// The categories that the device knows of, in their order.
    pub(crate) categories: Vec<ChoiceView>,
    /// The topics that the device knows of, in their order.
    pub(crate) topics: Vec<ChoiceView>,
    /// Whether the server has said what they do not want since they signed in here.
    pub(crate) is_known: bool,
}

/// A category or a topic, and whether the user wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChoiceView {
    /// Its name.
    pub(crate) name: String,
    /// Whether they do not want it.
    pub(crate) is_off: bool,
    /// Whether that was changed here and the server has not answered.
    pub(crate) is_waiting: bool,
}

/// What a user opts out of, or in again.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum OptOutRequest {
    /// Everything.
    All,
    /// A category.
    Category {
        /// Its name.
        name: String,
    },
    /// A topic.
    Topic {
        /// Its name.
        name: String,
    },
}

impl OptOutRequest {
    /// The core's change.
    ///
    /// # Errors
    /// If it names what cannot be a category or a topic.
    pub(crate) fn change(self, is_off: bool) -> Result<OptOutChange, CommandError> {
        let mut change = OptOutChange::default();
        match self {
            Self::All => change.all = Some(is_off),
            Self::Category { name } => {
                let name = CategoryName::parse(name);
                let name = name.map_err(|_| CommandError::not_found("no such category"))?;
                change.categories = BTreeMap::from([(name, is_off)]);
            }
            Self::Topic { name } => {
                let name = TopicName::parse(name);
                let name = name.map_err(|_| CommandError::not_found("no such topic"))?;
                change.topics = BTreeMap::from([(name, is_off)]);
            }
        }
        Ok(change)
    }
}

impl From<Preferences> for ConsentView {
    fn from(known: Preferences) -> Self {
        let OptOuts {
            all,
            categories,
            topics,
        } = known.opt_outs;
        let waiting = known.waiting;
        Self {
            is_all_off: all,
            is_all_waiting: waiting.all.is_some(),
            categories: choices(&known.categories, &categories, &waiting.categories),
            topics: choices(&known.topics, &topics, &waiting.topics),
            is_known: known.is_known,
        }
    }
}

/// What there is to choose of, with what is switched off and what is not with the server yet.
fn choices<T: Ord + Display>(
    known: &BTreeSet<T>,
    off: &BTreeSet<T>,
    waiting: &BTreeMap<T, bool>,
) -> Vec<ChoiceView> {
    let choice = |name: &T| ChoiceView {
        name: name.to_string(),
        is_off: off.contains(name),
        is_waiting: waiting.contains_key(name),
    };
    known.iter().map(choice).collect()
}
