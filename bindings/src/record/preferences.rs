//! What the user does not want to be notified of.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use vestnik_core as core;
use vestnik_model::preference::{OptOutChange, OptOuts};

use super::parse;
use crate::error::VestnikError;

/// What the user does not want, as the device knows it, and what there is to choose from.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Preferences {
    /// Whether they want nothing of the App at all.
    pub is_all_opted_out: bool,
    /// Whether that was changed on this device and the server has not answered.
    pub is_all_waiting: bool,
    /// The categories that there are, as far as the device knows: those that the user was notified in, at
    /// most 100, and those that they do not want.
    pub categories: Vec<Choice>,
    /// The topics that the device knows of: those that they do not want, and those that they want again and the
    /// server was not told of.
    pub topics: Vec<Choice>,
    /// Whether the server has said what they do not want since they logged in here. Before that only what was
    /// changed on this device is known.
    pub is_known: bool,
}

/// A category or a topic, and whether the user wants it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Choice {
    /// Its name.
    pub name: String,
    /// Whether they do not want it.
    pub is_opted_out: bool,
    /// Whether that was changed on this device and the server has not answered.
    pub is_waiting: bool,
}

/// What a user can opt out of.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum OptOut {
    /// Any notification of the App.
    All,
    /// Notifications of a category.
    Category {
        /// Its name.
        name: String,
    },
    /// Notifications that reach them by a topic only.
    Topic {
        /// Its name.
        name: String,
    },
}

impl OptOut {
    /// The core's change.
    ///
    /// # Errors
    /// [`VestnikError::InvalidArgument`] that names the field.
    pub(crate) fn change(&self, is_opted_out: bool) -> Result<OptOutChange, VestnikError> {
        let mut change = OptOutChange::default();
        match self {
            Self::All => change.all = Some(is_opted_out),
            Self::Category { name } => {
                change.categories = BTreeMap::from([(parse("name", name)?, is_opted_out)]);
            }
            Self::Topic { name } => {
                change.topics = BTreeMap::from([(parse("name", name)?, is_opted_out)]);
            }
        }
        Ok(change)
    }
}

impl From<core::Preferences> for Preferences {
    fn from(known: core::Preferences) -> Self {
        let OptOuts {
            all,
            categories,
            topics,
        } = known.opt_outs;
        let waiting = known.waiting;
        Self {
            is_all_opted_out: all,
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
) -> Vec<Choice> {
    let choice = |name: &T| Choice {
        name: name.to_string(),
        is_opted_out: off.contains(name),
        is_waiting: waiting.contains_key(name),
    };
    known.iter().map(choice).collect()
}
