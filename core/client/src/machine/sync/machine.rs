//! The machine.

use std::collections::VecDeque;

use vestnik_clock::{Monotonic, Now};
use vestnik_inbox::planted::Plant;
use vestnik_model::{
    Cursor,
    contract::{Entries, Page},
    limits::DEFAULT_PAGE_ENTRIES,
};

use super::{
    Broken, Input, Origin, Output, Proposal,
    link::{Link, Reading},
};
use crate::machine::{CallFailure, ConnectionNumber, Generation, patience};

/// The most live calls held; what comes beyond them is read. A call is at most a page, so this bounds
/// bytes as well.
const MAX_HELD: usize = 16;

/// The machine that reads the log.
///
/// Calling contract: hand every [`Input`] to [`handle`](Self::handle), then drain
/// [`poll`](Self::poll) and carry each [`Output`] out; hand in [`Input::Tick`] no later than
/// [`deadline`](Self::deadline). Each output that names an input after an arrow is answered by exactly
/// one such input. Inputs of another connection or session than the present one are dropped, so that a
/// late answer does no harm.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub struct Sync {
    generation: Option<Generation>,
    /// Where the store stands, as it said last.
    cursor: Option<Cursor>,
    connection: Option<Link>,
    /// What the store works on.
    applying: Option<Applying>,
    /// The most entries of the next page. A page that was too large to be read is asked for in halves.
    limit: u32,
    catching_up: Option<CatchingUp>,
    outputs: VecDeque<Output>,
    #[cfg(test)]
    faults: Faults,
}

/// The log is to be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CatchingUp {
    /// No read has begun since that was asked for.
    Asked,
    /// One has, on the present connection.
    Begun,
}

/// A proposal that the store works on.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
struct Applying {
    origin: Origin,
    /// When no answer can come any more.
    until: Monotonic,
}

/// Faults of the first edition, planted again to see that the tests find them.
#[cfg(test)]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Faults {
    /// What was held is dropped when the greeting is answered (C7).
    pub(super) drops_held_on_welcome: bool,
    /// Answers are taken from any connection (M3).
    pub(super) ignores_connection: bool,
}

impl Sync {
    /// A machine without a session.
    #[must_use]
    pub fn new() -> Self {
        Self {
            generation: None,
            cursor: None,
            connection: None,
            applying: None,
            limit: DEFAULT_PAGE_ENTRIES,
            catching_up: None,
            outputs: VecDeque::new(),
            #[cfg(test)]
            faults: Faults::default(),
        }
    }

    /// Takes what happened.
    pub fn handle(&mut self, now: Now, input: Input) {
        match input {
            Input::Begin { generation, cursor } => self.begin(generation, cursor),
            Input::End => self.end(),
            Input::Greeted(connection) => self.on_greeted(connection),
            Input::Welcome {
                connection,
                end,
                behind_by,
            } => self.on_welcome(connection, end.as_ref(), behind_by),
            Input::Page { connection, page } => self.on_page(now, connection, page),
            Input::Entries {
                connection,
                entries,
            } => self.on_entries(connection, entries),
            Input::Behind { connection, end } => self.on_behind(connection, end.as_ref()),
            Input::CatchUp => self.on_catch_up(),
            Input::Lost(connection) => self.on_lost(connection),
            Input::Applied { generation, cursor } => self.on_applied(generation, cursor),
            Input::Stale { generation, cursor } => self.on_stale(generation, cursor),
            Input::Rebuilt { generation, cursor } => self.on_rebuilt(generation, cursor),
            Input::StoreFailed { generation } => self.on_store_failed(generation),
            Input::Tick => self.on_tick(now),
        }
        self.advance(now);
        if self.is_caught_up()
            && let Some(CatchingUp::Begun) = self.catching_up
        {
            self.catching_up = None;
            self.outputs.push_back(Output::CaughtUp);
        }
    }

    /// Gives what to do next, oldest first.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call `handle` with `Tick` at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Monotonic> {
        if let Some(applying) = &self.applying {
            return Some(applying.until);
        }
        let link = self.connection.as_ref()?;
        match &link.reading {
            Some(reading) => Some(reading.until),
            None => link.not_before.filter(|_| link.is_behind),
        }
    }

    /// Where the store stands, as it said last: what the device says hello with.
    #[must_use]
    pub const fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    /// Whether a connection stands and the device has everything that the server said there is.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        let link = self.connection.as_ref();
        self.applying.is_none()
            && link.is_some_and(|link| link.is_welcome && link.reading.is_none() && !link.is_behind)
    }

    fn begin(&mut self, generation: Generation, cursor: Option<Cursor>) {
        let catching_up = self.catching_up;
        self.end();
        // The session has begun for the app before its store says where it stands.
        self.catching_up = catching_up;
        self.generation = Some(generation);
        self.cursor = cursor;
    }

    /// The page limit stays: it says something about the network.
    fn end(&mut self) {
        self.generation = None;
        self.connection = None;
        self.cursor = None;
        self.applying = None;
        self.catching_up = None;
        self.outputs.clear();
    }

    /// The present connection, if it is this one.
    fn link(&mut self, number: ConnectionNumber) -> Option<&mut Link> {
        #[cfg(test)]
        if self.faults.ignores_connection {
            return self.connection.as_mut();
        }
        self.connection
            .as_mut()
            .filter(|link| link.number == number)
    }

    fn on_greeted(&mut self, number: ConnectionNumber) {
        self.connection = Some(Link::new(number));
        // What a former connection began to read does not count.
        self.catching_up = self.catching_up.map(|_| CatchingUp::Asked);
    }

    fn on_welcome(&mut self, number: ConnectionNumber, end: Option<&Cursor>, behind_by: u64) {
        #[cfg(test)]
        let drops_held = self.faults.drops_held_on_welcome;
        let is_missing = behind_by > 0
            || self.cursor.is_none()
            || self.is_elsewhere(end)
            || self.catching_up.is_some();
        let Some(link) = self.link(number) else {
            return;
        };
        link.is_welcome = true;
        link.is_behind |= is_missing;
        if Plant::HeldIsForgotten.is_on() {
            link.held.clear();
        }
        #[cfg(test)]
        if drops_held {
            link.held.clear();
        }
    }

    fn on_entries(&mut self, number: ConnectionNumber, entries: Entries) {
        let Some(link) = self.link(number) else {
            return;
        };
        if link.held.len() < MAX_HELD {
            link.held.push_back(entries);
        } else {
            link.is_behind = true;
        }
    }

    fn on_behind(&mut self, number: ConnectionNumber, end: Option<&Cursor>) {
        let is_missing = end.is_none() || self.is_elsewhere(end);
        if let Some(link) = self.link(number) {
            link.is_behind |= is_missing;
        }
    }

    fn on_catch_up(&mut self) {
        self.catching_up = Some(CatchingUp::Asked);
        if let Some(link) = &mut self.connection {
            link.is_behind = true;
            link.not_before = None;
        }
    }

    /// Whether the end of the log is another place than the device's.
    fn is_elsewhere(&self, end: Option<&Cursor>) -> bool {
        end.is_some() && self.cursor.as_ref() != end
    }

    fn on_page(&mut self, now: Now, number: ConnectionNumber, page: Result<Page, CallFailure>) {
        let Some(link) = self.link(number) else {
            return;
        };
        let (number, Some(reading)) = (link.number, link.reading.take()) else {
            return;
        };
        match page {
            Ok(page) => self.take_page(now, number, reading.from, page),
            Err(failure) => {
                self.halve();
                self.give_up(number, Broken::Read(failure));
            }
        }
    }

    fn take_page(&mut self, now: Now, number: ConnectionNumber, from: Option<Cursor>, page: Page) {
        let Page {
            after,
            cursor,
            entries,
            more,
        } = page;
        self.limit = self.limit.saturating_mul(2).min(DEFAULT_PAGE_ENTRIES);
        if from.as_ref() == Some(&cursor) {
            // A server that has more and moves nothing would be asked without end.
            if more {
                self.give_up(number, Broken::Stuck);
            } else if let Some(link) = self.link(number) {
                link.on_fruitless(now);
            }
            return;
        }
        if let Some(link) = self.link(number) {
            link.is_behind |= more;
            // A live call whose last entry is in the page has nothing that is not in it.
            let newest = link.held.back().and_then(|call| call.entries.last());
            if newest.is_some_and(|newest| entries.contains(newest)) {
                link.held.clear();
            }
        }
        let proposal = Proposal {
            origin: Origin::Asked(from),
            after,
            cursor,
            entries,
        };
        self.propose(now, proposal);
    }

    /// A read that the end of the connection interrupts may be too large a page.
    fn on_lost(&mut self, number: ConnectionNumber) {
        let Some(link) = self.link(number) else {
            return;
        };
        let was_reading = link.reading.is_some();
        self.connection = None;
        if was_reading {
            self.halve();
        }
    }

    fn on_applied(&mut self, generation: Generation, cursor: Cursor) {
        if self.generation == Some(generation) && self.applying.take().is_some() {
            self.cursor = Some(cursor);
            if let Some(link) = &mut self.connection {
                link.fruitless.reset();
                link.not_before = None;
            }
        }
    }

    fn on_stale(&mut self, generation: Generation, cursor: Option<Cursor>) {
        let Some(applying) = &self.applying else {
            return;
        };
        if self.generation != Some(generation) {
            return;
        }
        let takes_nothing = applying.origin == Origin::Asked(cursor.clone());
        self.applying = None;
        self.on_rebuilt(generation, cursor);
        if takes_nothing && let Some(link) = &self.connection {
            self.give_up(link.number, Broken::Storage);
        }
    }

    /// The store stands elsewhere than it said: whatever lies behind that place is read again.
    fn on_rebuilt(&mut self, generation: Generation, cursor: Option<Cursor>) {
        if self.generation == Some(generation) {
            self.cursor = cursor;
            if let Some(link) = &mut self.connection {
                link.is_behind = true;
            }
        }
    }

    fn on_store_failed(&mut self, generation: Generation) {
        if self.generation == Some(generation)
            && self.applying.take().is_some()
            && let Some(link) = &self.connection
        {
            self.give_up(link.number, Broken::Storage);
        }
    }

    fn on_tick(&mut self, now: Now) {
        if let (Some(applying), Some(generation)) = (&self.applying, self.generation)
            && applying.until <= now.monotonic
        {
            self.on_store_failed(generation);
        }
        let Some(link) = &mut self.connection else {
            return;
        };
        if link
            .reading
            .as_ref()
            .is_some_and(|reading| reading.until <= now.monotonic)
        {
            let number = link.number;
            self.halve();
            self.give_up(number, Broken::Read(CallFailure::NoAnswer));
        }
    }

    fn halve(&mut self) {
        if !Plant::PageLimitStays.is_on() {
            self.limit = (self.limit / 2).max(1);
        }
    }

    fn give_up(&mut self, connection: ConnectionNumber, reason: Broken) {
        self.connection = None;
        self.outputs
            .push_back(Output::Broken { connection, reason });
    }

    /// Decides what to do next; see the [module](super).
    fn advance(&mut self, now: Now) {
        if self.applying.is_some() {
            return;
        }
        let Some(link) = &mut self.connection else {
            return;
        };
        if !link.is_welcome || link.reading.is_some() {
            return;
        }
        if let Some(proposal) = link.chain(self.cursor.as_ref()) {
            return self.propose(now, proposal);
        }
        link.not_before = link.not_before.filter(|at| *at > now.monotonic);
        if link.not_before.is_none() && std::mem::take(&mut link.is_behind) {
            link.reading = Some(Reading {
                from: self.cursor.clone(),
                until: now.monotonic + patience::SERVER,
            });
            self.catching_up = self.catching_up.map(|_| CatchingUp::Begun);
            self.outputs.push_back(Output::Read {
                connection: link.number,
                from: self.cursor.clone(),
                limit: self.limit,
            });
        }
    }

    fn propose(&mut self, now: Now, proposal: Proposal) {
        let Some(generation) = self.generation else {
            return;
        };
        self.applying = Some(Applying {
            origin: proposal.origin.clone(),
            until: now.monotonic + patience::STORAGE,
        });
        self.outputs.push_back(Output::Apply {
            generation,
            proposal,
        });
    }
}

impl Default for Sync {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
impl Sync {
    /// A machine with planted faults.
    pub(super) fn with_faults(faults: Faults) -> Self {
        Self {
            faults,
            ..Self::new()
        }
    }
}
