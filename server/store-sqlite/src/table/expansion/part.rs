//! A part of an expansion.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_rules::{
    audience::{Plan, Position},
    contact::ContactKey,
    device::Wanted,
};
use vestnik_store::effect::Arrived;

use super::super::{change::Subject, collapse::Collapse};
use crate::value::Unreadable;

/// A part of an expansion.
#[derive(Debug)]
pub(crate) struct Part<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) plan: &'a Plan,
    /// When its notification was accepted.
    pub(crate) accepted_at: Timestamp,
    /// Finds users who were erased since.
    pub(crate) key: &'a ContactKey,
    /// Where the part begins.
    pub(crate) position: Position,
    /// The most members of sources that it walks.
    pub(crate) rows: u32,
    pub(crate) seed: &'a [u8; 32],
    pub(crate) now: Timestamp,
    /// Whether the deliveries are looked at by a dispatch, which reaches people without an installation
    /// too and says why it could not.
    pub(crate) is_routed: bool,
    /// Which of each person's devices are meant.
    pub(crate) wanted: Wanted,
    /// What the entries bring; absent if the notification cannot be read.
    pub(crate) arrived: Option<Arc<Arrived>>,
    /// What the notification is about, if its sender said so.
    pub(crate) collapse_key: Option<&'a str>,
    pub(crate) unreadable: &'a Unreadable,
}

impl<'a> Part<'a> {
    pub(super) fn collapse(&self, db: &'a Connection) -> Option<Collapse<'a>> {
        Some(Collapse {
            db,
            subject: self.subject,
            key: self.collapse_key?,
            seed: self.seed,
            now: self.now,
            unreadable: self.unreadable,
        })
    }
}
