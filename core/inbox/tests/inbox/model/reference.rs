//! What an inbox is meant to do, written once more and as plainly as can be: a list of rows in memory.

use std::collections::{BTreeMap, BTreeSet};

use vestnik_inbox::{Settled, Suppression};

/// When a notification expires; some do soon.
pub(super) fn expires(number: u64) -> i64 {
    if number.is_multiple_of(3) {
        3_000
    } else {
        100_000
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Flag {
    Read,
    Archived,
    Deleted,
}

impl Flag {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Archived => "archived",
            Self::Deleted => "deleted",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    Due,
    Taken,
    Shown,
    Suppressed(Suppression),
}

#[derive(Debug, Clone)]
struct Row {
    number: u64,
    revision: u32,
    drawn_revision: u32,
    received: i64,
    /// The version and the value of each flag.
    flags: [(Option<u64>, bool); 3],
    show: Show,
    due: i64,
    attempts: u32,
    again: bool,
    is_ahead: bool,
}

impl Row {
    fn is(&self, flag: Flag) -> bool {
        self.flags[flag as usize].1
    }

    fn counts(&self) -> bool {
        self.flags.iter().all(|(_, value)| !value)
    }
}

/// The reference.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) now: i64,
    rows: Vec<Row>,
    /// What never comes back.
    gone: Vec<u64>,
    /// Flags of what has not come yet.
    early: BTreeMap<(u64, Flag), (u64, bool)>,
    /// What the person put away before it came.
    settled: BTreeSet<u64>,
    has_cursor: bool,
    /// The kinds of the facts that wait, and what they are about.
    pub(super) facts: Vec<(&'static str, Option<u64>)>,
    /// How often each was drawn without saying that it may be a repetition.
    pub(super) drawn: BTreeMap<u64, u32>,
}

impl Reference {
    pub(super) fn new() -> Self {
        Self {
            // 0 is the time of what is due at once.
            now: 1,
            rows: Vec::new(),
            gone: Vec::new(),
            early: BTreeMap::new(),
            settled: BTreeSet::new(),
            has_cursor: false,
            facts: Vec::new(),
            drawn: BTreeMap::new(),
        }
    }

    fn millis(&self) -> u64 {
        u64::try_from((1_800_000_000 + self.now) * 1_000).unwrap()
    }

    fn row(&mut self, number: u64) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.number == number)
    }

    fn single(&mut self, kind: &'static str, number: u64) {
        if !self.facts.contains(&(kind, Some(number))) {
            self.facts.push((kind, Some(number)));
        }
    }

    fn end(&mut self, number: u64, reason: Suppression) {
        self.row(number).unwrap().show = Show::Suppressed(reason);
        let is_told = matches!(
            reason,
            Suppression::Expired | Suppression::BlockedOs | Suppression::Failed
        );
        if is_told {
            self.single("not_shown", number);
        }
    }

    pub(super) fn arrive(&mut self, number: u64, revision: u32, is_read: bool, is_ahead: bool) {
        self.has_cursor |= !is_ahead;
        if self.gone.contains(&number) {
            return;
        }
        let (now, millis) = (self.now, self.millis());
        if let Some(row) = self.row(number) {
            row.is_ahead &= is_ahead || revision < row.revision;
            row.revision = row.revision.max(revision);
            if is_read {
                self.merge(number, Flag::Read, (millis, true));
            }
            return;
        }
        let read = if is_read {
            (Some(millis), true)
        } else {
            (None, false)
        };
        self.rows.push(Row {
            number,
            revision,
            drawn_revision: 0,
            received: now,
            flags: [read, (None, false), (None, false)],
            show: Show::Due,
            due: 0,
            attempts: 0,
            again: false,
            is_ahead,
        });
        self.single("delivered", number);
        if self.settled.remove(&number) {
            self.end(number, Suppression::AlreadyShown);
        } else if is_read {
            self.end(number, Suppression::Read);
        } else if now >= expires(number) {
            self.end(number, Suppression::Expired);
        }
        // What was deleted is that first, whether it was read or not.
        for flag in [Flag::Archived, Flag::Deleted, Flag::Read] {
            if let Some(mark) = self.early.remove(&(number, flag)) {
                self.merge(number, flag, mark);
            }
        }
    }

    pub(super) fn recall(&mut self, number: u64) {
        self.has_cursor = true;
        self.gone.push(number);
        self.rows.retain(|row| row.number != number);
    }

    pub(super) fn elsewhere(&mut self, number: u64, flag: Flag, mark: (u64, bool)) {
        self.has_cursor = true;
        self.merge(number, flag, mark);
    }

    fn merge(&mut self, number: u64, flag: Flag, (version, value): (u64, bool)) {
        let Some(row) = self.row(number) else {
            if !self.gone.contains(&number) {
                // What is said of one flag comes to one mark before it counts.
                let early = self.early.entry((number, flag)).or_default();
                *early = (version, value).max(*early);
            }
            return;
        };
        let own = &mut row.flags[flag as usize];
        if (Some(version), value) <= *own {
            return;
        }
        *own = (Some(version), value);
        if value && row.show == Show::Due && flag != Flag::Archived {
            row.show = Show::Suppressed(match flag {
                Flag::Deleted => Suppression::Deleted,
                Flag::Read | Flag::Archived => Suppression::Read,
            });
        }
    }

    pub(super) fn set(&mut self, number: u64, flag: Flag, value: bool) -> bool {
        let millis = self.millis();
        let Some(row) = self.row(number) else {
            if (flag, value) == (Flag::Read, true) {
                self.read_early(number);
            }
            return false;
        };
        let (version, own) = row.flags[flag as usize];
        if own == value || (row.is(Flag::Deleted) && flag != Flag::Deleted) {
            return false;
        }
        let next = version.map_or(millis, |version| millis.max(version + 1));
        self.merge(number, flag, (next, value));
        if flag == Flag::Read && version.is_none() {
            self.single("read", number);
        } else {
            self.facts.push(("flag", Some(number)));
        }
        true
    }

    pub(super) fn all_read(&mut self) -> u64 {
        let millis = self.millis();
        let has_cursor = self.has_cursor;
        let (mut changed, mut alone) = (0, Vec::new());
        for row in &mut self.rows {
            if !row.counts() {
                continue;
            }
            let version = row.flags[0]
                .0
                .map_or(millis, |version| millis.max(version + 1));
            row.flags[0] = (Some(version), true);
            if row.show == Show::Due {
                row.show = Show::Suppressed(Suppression::Read);
            }
            changed += 1;
            if row.is_ahead || !has_cursor {
                alone.push(row.number);
            }
        }
        if has_cursor && changed > alone.len() as u64 {
            self.facts.push(("read_up_to", None));
        }
        for number in alone {
            self.single("read", number);
        }
        changed
    }

    fn read_early(&mut self, number: u64) {
        let own = self.early.get(&(number, Flag::Read)).copied();
        if self.gone.contains(&number) || own.is_some_and(|(_, value)| value) {
            return;
        }
        let millis = self.millis();
        let next = own.map_or(millis, |(version, _)| millis.max(version + 1));
        self.merge(number, Flag::Read, (next, true));
        match own {
            None => self.single("read", number),
            Some(_) => self.facts.push(("flag", Some(number))),
        }
    }

    pub(super) fn click(&mut self, number: u64) -> bool {
        if self.row(number).is_none() && !self.gone.contains(&number) {
            self.single("clicked", number);
            self.read_early(number);
            return false;
        }
        let is_there = self.row(number).is_some_and(|row| !row.is(Flag::Deleted));
        if is_there {
            self.single("clicked", number);
            self.set(number, Flag::Read, true);
        }
        is_there
    }

    pub(super) fn dismiss(&mut self, number: u64) -> bool {
        let Some(row) = self.row(number) else {
            if !self.gone.contains(&number) {
                if self.settled.insert(number) {
                    self.single("displayed", number);
                }
                self.single("dismissed", number);
            }
            return false;
        };
        if matches!(row.show, Show::Due | Show::Taken) {
            row.show = Show::Shown;
            self.single("displayed", number);
        }
        self.single("dismissed", number);
        true
    }

    pub(super) fn take(&mut self) -> Option<(u64, bool, u32)> {
        loop {
            let now = self.now;
            let due = self
                .rows
                .iter()
                .filter(|row| row.show == Show::Due && row.due <= now);
            let number = due.min_by_key(|row| row.due)?.number;
            let row = self.row(number)?;
            if now >= expires(number) {
                self.end(number, Suppression::Expired);
            } else {
                row.show = Show::Taken;
                row.attempts += 1;
                row.drawn_revision = row.revision;
                return Some((number, row.again, row.attempts));
            }
        }
    }

    pub(super) fn drawn_revision(&mut self, number: u64) -> u32 {
        self.row(number).map_or(0, |row| row.drawn_revision)
    }

    pub(super) fn settle(&mut self, number: u64, settled: &Settled) -> bool {
        let now = self.now;
        let Some(row) = self.row(number).filter(|row| row.show == Show::Taken) else {
            return false;
        };
        match settled {
            Settled::Shown => {
                let is_first = !row.again;
                row.show = Show::Shown;
                if row.revision != row.drawn_revision
                    && !row.is(Flag::Read)
                    && !row.is(Flag::Deleted)
                {
                    (row.show, row.due, row.again) = (Show::Due, now, true);
                    row.attempts = 0;
                }
                self.single("displayed", number);
                *self.drawn.entry(number).or_default() += u32::from(is_first);
            }
            Settled::Failed(_) => {
                let pause = [5, 30, 300, 1_800].get(row.attempts as usize - 1);
                let due = pause.map(|pause| now + pause);
                let due = due.filter(|due| *due < row.received + 86_400 && *due < expires(number));
                if row.is(Flag::Deleted) {
                    self.end(number, Suppression::Deleted);
                } else if row.is(Flag::Read) {
                    self.end(number, Suppression::Read);
                } else if let Some(due) = due {
                    (row.show, row.due) = (Show::Due, due);
                } else {
                    self.end(number, Suppression::Failed);
                }
            }
            Settled::Suppressed(reason) => self.end(number, *reason),
        }
        true
    }

    pub(super) fn give_back(&mut self, number: u64) -> bool {
        let Some(row) = self.row(number).filter(|row| row.show == Show::Taken) else {
            return false;
        };
        if row.is(Flag::Deleted) {
            row.show = Show::Suppressed(Suppression::Deleted);
        } else if row.is(Flag::Read) {
            row.show = Show::Suppressed(Suppression::Read);
        } else {
            (row.show, row.due) = (Show::Due, 0);
            row.attempts -= 1;
        }
        true
    }

    pub(super) fn restart(&mut self) {
        let now = self.now;
        let taken = self.rows.iter().filter(|row| row.show == Show::Taken);
        let taken: Vec<_> = taken.map(|row| row.number).collect();
        for number in taken {
            let row = self.row(number).unwrap();
            if row.is(Flag::Deleted) {
                self.end(number, Suppression::Deleted);
            } else if row.is(Flag::Read) {
                self.end(number, Suppression::Read);
            } else {
                let pause = match row.attempts {
                    0..=3 => 0,
                    4 => 5,
                    5 => 30,
                    6.. => 60,
                };
                (row.show, row.due, row.again) = (Show::Due, now + pause, true);
            }
        }
    }

    pub(super) fn prune(&mut self, keep: u32) {
        let now = self.now;
        let excess = |keep: usize| self.rows.len().saturating_sub(keep);
        let (over, far_over) = (excess(keep as usize), excess(2 * keep as usize));
        let leaving = |limit: usize, leaves: &dyn Fn(&Row) -> bool| -> Vec<u64> {
            let rows = self.rows.iter().filter(|row| leaves(row));
            rows.take(limit).map(|row| row.number).collect()
        };
        let mut gone = leaving(over, &|row| match row.show {
            Show::Due => now >= expires(row.number),
            Show::Taken => false,
            Show::Shown | Show::Suppressed(_) => true,
        });
        if gone.len() < far_over {
            gone = leaving(far_over, &|row| row.show != Show::Taken);
        }
        for number in &gone {
            if self.row(*number).is_some_and(|row| row.show == Show::Due) {
                self.single("not_shown", *number);
            }
        }
        self.rows.retain(|row| !gone.contains(&row.number));
        self.gone.extend(gone);
    }

    pub(super) fn listed(&self) -> impl Iterator<Item = u64> {
        let listed = self.rows.iter().rev();
        listed
            .filter(|row| !row.is(Flag::Archived) && !row.is(Flag::Deleted))
            .map(|row| row.number)
    }

    pub(super) fn unread(&self) -> u64 {
        self.rows.iter().filter(|row| row.counts()).count() as u64
    }

    /// How the show of a notification stands that can be read.
    pub(super) fn show(&self, number: u64) -> Option<Show> {
        let row = self.rows.iter().find(|row| row.number == number)?;
        (!row.is(Flag::Deleted)).then_some(row.show)
    }
}
