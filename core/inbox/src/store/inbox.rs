//! The inbox: everything that changes a history, in the caller's transaction.

use rusqlite::Connection;
use vestnik_model::{FactKind, NotificationId};

use super::{
    read::History,
    table::{
        meta::{self, Counter},
        outbox::{Facts, NewFact},
    },
};
use crate::Stamp;

/// A history within one transaction that may change it.
///
/// Each method is one step of the caller's transaction: it changes everything that belongs together,
/// the counters included, or fails. After a failure the transaction has to be rolled back.
///
/// The methods are grouped by what they are for:
/// - what the device is: [`begin`](Self::begin), [`begin_session`](Self::begin_session),
///   [`hear_time`](Self::hear_time), [`clock_was_set`](Self::clock_was_set);
/// - the log: [`apply`](Self::apply), [`reread_opaque`](Self::reread_opaque);
/// - push payloads: [`handle_push`](Self::handle_push), and [`spool`](crate::spool);
/// - shows: [`take_show`](Self::take_show), [`settle_show`](Self::settle_show),
///   [`return_show`](Self::return_show), [`release_taken`](Self::release_taken);
/// - what a person does: [`mark_read`](Self::mark_read), [`mark_all_read`](Self::mark_all_read),
///   [`mark_unread`](Self::mark_unread), [`archive`](Self::archive), [`delete`](Self::delete),
///   [`clicked`](Self::clicked), [`actioned`](Self::actioned), [`dismissed`](Self::dismissed),
///   [`reply`](Self::reply);
/// - reports: [`outbox`](Self::outbox), [`answered`](Self::answered),
///   [`refused_whole`](Self::refused_whole);
/// - upkeep: [`prune`](Self::prune), [`wipe`](Self::wipe).
#[derive(Debug)]
pub struct Inbox<'t> {
    pub(super) db: &'t Connection,
    pub(super) stamp: Stamp,
    facts: Facts,
    changed: Changed,
}

/// By how much the counters change.
#[derive(Debug, Default)]
struct Changed {
    rows: i64,
    unread: i64,
    facts: i64,
}

impl<'t> Inbox<'t> {
    /// The inbox of a transaction of the history's database.
    #[must_use]
    pub fn new(db: &'t Connection, stamp: Stamp) -> Self {
        Self {
            db,
            stamp,
            facts: Facts::new(stamp),
            changed: Changed::default(),
        }
    }

    /// The history, as this transaction sees it.
    #[must_use]
    pub const fn history(&self) -> History<'t> {
        History::new(self.db)
    }

    /// Does a step, then moves the counters by what it changed.
    pub(super) fn counted<T>(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<T, rusqlite::Error>,
    ) -> Result<T, rusqlite::Error> {
        let value = step(self)?;
        let Changed {
            rows,
            unread,
            facts,
        } = std::mem::take(&mut self.changed);
        meta::add(self.db, Counter::Rows, rows)?;
        meta::add(self.db, Counter::Unread, unread)?;
        meta::add(self.db, Counter::FactsWaiting, facts)?;
        Ok(value)
    }

    /// A row came or went.
    pub(super) fn count_row(&mut self, by: i64) {
        self.changed.rows += by;
    }

    /// What is unread changed.
    pub(super) fn count_unread(&mut self, by: i64) {
        self.changed.unread += by;
    }

    /// Facts left the outbox.
    pub(super) fn count_settled(&mut self, facts: u32) {
        self.changed.facts -= i64::from(facts);
    }

    /// Adds a receipt, unless the same one waits already.
    pub(super) fn receipt(
        &mut self,
        kind: FactKind,
        id: NotificationId,
    ) -> Result<(), rusqlite::Error> {
        let is_new = self.facts.receipt(self.db, kind, id)?;
        self.changed.facts += i64::from(is_new);
        Ok(())
    }

    /// Adds a fact.
    pub(super) fn fact(
        &mut self,
        kind: FactKind,
        fact: &NewFact<'_>,
    ) -> Result<(), rusqlite::Error> {
        let is_new = self.facts.add(self.db, kind, fact)?;
        self.changed.facts += i64::from(is_new);
        Ok(())
    }
}
