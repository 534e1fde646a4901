//! A connection, as the one who reads the log sees it.

use std::{collections::VecDeque, time::Duration};

use vestnik_clock::{Monotonic, Now};
use vestnik_inbox::planted::Plant;
use vestnik_model::{Cursor, contract::Entries};

use super::{Origin, Proposal};
use crate::machine::{ConnectionNumber, pause::Backoff};

/// After a read that brought nothing, the first pause before the next one is at most this long. The first
/// such read has no pause after it: the server may have called for what a page before had.
const FRUITLESS: Duration = Duration::from_secs(1);
/// Any pause after reads that brought nothing is at most this long.
const MOST_FRUITLESS: Duration = Duration::from_secs(60);

/// The present connection.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Link {
    pub(super) number: ConnectionNumber,
    /// Whether the greeting was answered.
    pub(super) is_welcome: bool,
    pub(super) reading: Option<Reading>,
    /// Live calls that came while nothing could be proposed, oldest first.
    pub(super) held: VecDeque<Entries>,
    /// Something is known to be missing that is not held.
    pub(super) is_behind: bool,
    /// Reads in a row that brought nothing, and when the next one is.
    pub(super) fruitless: Backoff,
    pub(super) not_before: Option<Monotonic>,
}

/// A read that was not answered yet.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Reading {
    pub(super) from: Option<Cursor>,
    pub(super) until: Monotonic,
}

impl Link {
    pub(super) const fn new(number: ConnectionNumber) -> Self {
        Self {
            number,
            is_welcome: false,
            reading: None,
            held: VecDeque::new(),
            is_behind: false,
            fruitless: Backoff::new(FRUITLESS, MOST_FRUITLESS),
            not_before: None,
        }
    }

    /// A read brought nothing: a server that calls for one after each must not be asked without end.
    pub(super) fn on_fruitless(&mut self, now: Now) {
        if self.fruitless.is_clear() {
            self.fruitless.at_least(1);
        } else {
            let pause = self.fruitless.fail(None, now.random);
            self.not_before = Some(now.monotonic + pause);
        }
    }

    /// Takes what is held and chains it onto the cursor. If the last call does not end where the device
    /// then stands, something is missing.
    pub(super) fn chain(&mut self, at: Option<&Cursor>) -> Option<Proposal> {
        let held = std::mem::take(&mut self.held);
        let end = held.back()?.cursor.clone();
        let Some(at) = at else {
            self.is_behind = true;
            return None;
        };
        let (mut cursor, mut entries) = (at.clone(), Vec::new());
        for call in held {
            if call.after == cursor || Plant::GapIsApplied.is_on() {
                entries.extend(call.entries);
                cursor = call.cursor;
            }
        }
        self.is_behind |= end != cursor;
        (cursor != *at).then(|| Proposal {
            origin: Origin::Live,
            after: at.clone(),
            cursor,
            entries,
        })
    }
}
