//! Features: parts of the contract that a side may lack.

use serde::Deserializer;

use crate::{
    limits::FEATURES,
    open::{Open, readable_list, words},
};

/// A part of the contract that a side may lack; an open set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// The device applies `recall` entries.
    Recall,
    /// The device applies `state` entries of every flag, not only of `read`.
    Flags,
}

words!(Feature {
    Recall = "recall",
    Flags = "flags",
});

impl Feature {
    /// Every feature of this version, as `Hello` and `Welcome` carry them.
    #[must_use]
    pub fn all() -> Vec<Open<Self>> {
        Self::ALL.map(Open::Known).to_vec()
    }
}

/// Reads a list of features of any version, at most [`FEATURES`] of them.
pub(super) fn features<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Open<Feature>>, D::Error> {
    readable_list::<FEATURES, _, _>(deserializer)
}
