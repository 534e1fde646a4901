//! The screen of a device: what it would show of all that it got, the newest first.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    message::{Event, Fate},
    shown::{Shown, shown},
};

/// A line of the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScreenLine {
    /// When the device got it.
    pub at: Timestamp,
    /// What it shows.
    #[serde(flatten)]
    pub shown: Shown,
}

/// The screen after these events of one device, given from the newest to the oldest; at most so many
/// lines. What was replaced is not on it.
pub(crate) fn screen<'a>(
    newest_first: impl Iterator<Item = &'a Event>,
    most: usize,
) -> Vec<ScreenLine> {
    let mut taken = BTreeSet::new();
    newest_first
        .filter(|event| event.fate == Fate::Delivered)
        .map(|event| ScreenLine {
            at: event.at,
            shown: shown(&event.message),
        })
        // A key that a newer message has takes the place of the older one.
        .filter(|line| match &line.shown.replaces {
            Some(key) => taken.insert(key.clone()),
            None => true,
        })
        .take(most)
        .collect()
}
