//! Reading the log: pages, live calls, and the cursor that both move.

use std::time::{Duration, Instant};

use vestnik_model::{
    Cursor, Entry,
    contract::{Entries, Page},
};

use super::{Engine, MAX_HELD, Phase};
use crate::{engine::effect::Effect, event::ConnectionState, inbox};

impl Engine {
    /// Whether the end of the log is another place than the device's; so it is for a device that has
    /// read nothing yet.
    pub(super) fn is_missing(&self, end: Option<&Cursor>) -> bool {
        match (&self.cursor, end) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(at), Some(end)) => at != end,
        }
    }

    pub(super) fn read(&mut self) {
        self.phase = Phase::Reading;
        self.is_behind = false;
        self.tell(ConnectionState::Syncing);
        self.effects.push_back(Effect::Read(self.cursor.clone()));
    }

    /// A page that begins elsewhere than the device asked means that the server does not know the
    /// device's cursor, because its data was restored. The device goes on from the page's cursor and
    /// keeps its history, by which it recognises what it has.
    pub(super) fn on_page(
        &mut self,
        now: Instant,
        random: f64,
        page: Result<Page, Option<Duration>>,
    ) {
        if self.phase != Phase::Reading {
            return;
        }
        let page = match page {
            Ok(page) => page,
            Err(hint) => return self.fail(now, random, hint),
        };
        let Page {
            after,
            entries,
            cursor,
            more,
        } = page;
        if self.cursor.as_ref().is_some_and(|asked| *asked != after) {
            tracing::info!("the server has another log than before; its entries are compared");
        }
        // A live call whose last entry is in the page has nothing that is not in it.
        let newest = self.held.last().and_then(|call| call.entries.last());
        if newest.is_some_and(|newest| entries.contains(newest)) {
            self.held.clear();
        }
        // A server that has more and moves nothing would be asked without end.
        let is_stuck = more && self.cursor.as_ref() == Some(&cursor);
        self.apply(entries, cursor);
        if is_stuck {
            self.fail(now, random, None);
        } else if more || self.is_behind {
            self.read();
        } else {
            self.catch_up_with_live(now);
        }
    }

    /// Goes online with the live calls that came while the log was being read.
    pub(super) fn catch_up_with_live(&mut self, now: Instant) {
        let held = std::mem::take(&mut self.held);
        self.go_online(now);
        self.take_live(held);
    }

    pub(super) fn on_behind(&mut self, end: Option<&Cursor>) {
        match self.phase {
            Phase::Online { .. } if end.is_none() || self.is_missing(end) => self.read(),
            Phase::Greeting | Phase::Reading => self.is_behind = true,
            Phase::Online { .. }
            | Phase::Idle
            | Phase::Replaced
            | Phase::Waiting { .. }
            | Phase::GettingToken
            | Phase::Connecting => {}
        }
    }

    pub(super) fn take_live(&mut self, live: Vec<Entries>) {
        match self.phase {
            Phase::Online { .. } => {
                let Some(at) = &self.cursor else {
                    return self.read();
                };
                let verdict = inbox::judge(at, live);
                self.apply(verdict.entries, verdict.cursor);
                if verdict.is_behind {
                    self.read();
                }
            }
            // They may be newer than the page on its way.
            Phase::Greeting | Phase::Reading if self.held.len() + live.len() <= MAX_HELD => {
                self.held.extend(live);
            }
            Phase::Greeting | Phase::Reading => self.is_behind = true,
            Phase::Idle
            | Phase::Replaced
            | Phase::Waiting { .. }
            | Phase::GettingToken
            | Phase::Connecting => {}
        }
    }

    fn apply(&mut self, entries: Vec<Entry>, cursor: Cursor) {
        if self.cursor.as_ref() != Some(&cursor) {
            self.cursor = Some(cursor.clone());
            self.effects.push_back(Effect::Apply { entries, cursor });
        }
    }
}
