//! Every order in which the server's answers and calls, the store's answers and the ends of
//! connections can come, up to a depth, over two connections.
//!
//! A [`World`] has the machine, a store that accepts what follows its cursor, and the log of a server.
//! The search goes breadth first over distinct worlds and checks after each step, by what the server
//! said and not by what the machine believes:
//!
//! - the store's cursor never moves over an entry that it was not handed;
//! - whenever the connection stands and nothing is under way, the device has everything that the server
//!   spoke of on this connection, and has read since the server last said that it is behind;
//! - a connection is given up only for a failure of its own or of the store.

use std::{
    collections::HashSet,
    fmt::Write as _,
    hash::{DefaultHasher, Hasher},
};

use vestnik_clock::Now;
use vestnik_model::contract::Entries;

use super::{
    Broken, Input, Origin, Output, Proposal, Sync,
    machine::Faults,
    tests::{at, entries, now, page_of, place, seqs},
};
use crate::machine::{CallFailure, ConnectionNumber, Generation};

/// How many inputs each path has.
const DEPTH: usize = 8;
/// The most entries that the server puts into a page.
const PAGE: u64 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The log grows and the server says so.
    Entries,
    /// The log grows twice and the server speaks of the second entry only.
    EntriesAfterGap,
    /// The last call comes again.
    EntriesRepeated,
    /// A call of the first connection comes late.
    EntriesOfOld,
    Behind,
    BehindSomewhere,
    /// The greeting is answered by what the server saw when it came, or when it answered.
    Welcome {
        is_early: bool,
        of: u64,
    },
    /// The read with this index is answered in the same two ways.
    Page {
        is_early: bool,
        index: usize,
    },
    PageFailed {
        index: usize,
    },
    Lost,
    /// The end of the first connection is told late.
    LostOld,
    Stored,
    StoreFailed,
    /// The store is damaged and made anew, once on each path.
    Rebuilt,
}

#[derive(Debug, Clone)]
struct Read {
    connection: u64,
    from: u64,
    limit: u64,
    head: u64,
}

#[derive(Clone)]
struct World {
    machine: Sync,
    /// The newest entry of the server's log.
    head: u64,
    /// The newest entry of the store, which has all before it.
    store: u64,
    connection: u64,
    is_up: bool,
    /// Greetings that were not answered: the connection, and the head when it came.
    greetings: Vec<(u64, u64)>,
    reads: Vec<Read>,
    proposal: Option<Proposal>,
    was_rebuilt: bool,
    /// What the server spoke of on this connection, and whether it said that there is more.
    told: u64,
    must_read: bool,
    path: Vec<Step>,
}

impl World {
    fn new(store: u64, head: u64, faults: Faults) -> Self {
        let mut world = Self {
            machine: Sync::with_faults(faults),
            head,
            store,
            connection: 0,
            is_up: false,
            greetings: Vec::new(),
            reads: Vec::new(),
            proposal: None,
            was_rebuilt: false,
            told: 0,
            must_read: false,
            path: Vec::new(),
        };
        let begin = Input::Begin {
            generation: Generation::new(1),
            cursor: place(store),
        };
        world.machine.handle(NOW(), begin);
        world.connect();
        world
    }

    fn connect(&mut self) {
        self.connection += 1;
        self.is_up = true;
        (self.told, self.must_read) = (0, false);
        self.greetings.push((self.connection, self.head));
        let connection = ConnectionNumber::new(self.connection);
        self.machine.handle(NOW(), Input::Greeted(connection));
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.is_up {
            steps.extend([
                Step::Entries,
                Step::EntriesAfterGap,
                Step::EntriesRepeated,
                Step::Behind,
                Step::BehindSomewhere,
                Step::Lost,
            ]);
        }
        if self.connection == 2 {
            steps.extend([Step::EntriesOfOld, Step::LostOld]);
        }
        for (of, _) in &self.greetings {
            steps.extend([true, false].map(|is_early| Step::Welcome { is_early, of: *of }));
        }
        for index in 0..self.reads.len() {
            steps.extend([true, false].map(|is_early| Step::Page { is_early, index }));
            steps.push(Step::PageFailed { index });
        }
        if self.proposal.is_some() {
            steps.extend([Step::Stored, Step::StoreFailed]);
        }
        if !self.was_rebuilt {
            steps.push(Step::Rebuilt);
        }
        steps
    }

    /// Takes a step and checks what holds after it.
    fn take(&mut self, step: Step) -> Result<(), String> {
        self.path.push(step);
        let (input, may_break) = self.input(step);
        self.machine.handle(NOW(), input);
        self.carry_out(may_break)?;
        if step == Step::Lost {
            self.is_up = false;
            self.reconnect();
        }
        self.check()
    }

    fn input(&mut self, step: Step) -> (Input, bool) {
        match step {
            Step::Entries => (self.entries(1), false),
            Step::EntriesAfterGap => (self.entries(2), false),
            Step::EntriesRepeated => (self.entries(0), false),
            Step::EntriesOfOld => (live(1, self.head), false),
            Step::Behind | Step::BehindSomewhere => (self.behind(step == Step::Behind), false),
            Step::Welcome { is_early, of } => (self.welcome(is_early, of), false),
            Step::Page { is_early, index } => (self.page(is_early, index), false),
            Step::PageFailed { index } => {
                let read = self.reads.remove(index);
                let input = Input::Page {
                    connection: ConnectionNumber::new(read.connection),
                    page: Err(CallFailure::NoAnswer),
                };
                (input, read.connection == self.connection)
            }
            Step::Lost => (Input::Lost(ConnectionNumber::new(self.connection)), false),
            Step::LostOld => (Input::Lost(ConnectionNumber::new(1)), false),
            Step::Stored => (self.stored(), false),
            Step::StoreFailed => {
                self.proposal = None;
                let generation = Generation::new(1);
                (Input::StoreFailed { generation }, true)
            }
            Step::Rebuilt => (self.rebuilt(), false),
        }
    }

    fn entries(&mut self, more: u64) -> Input {
        self.head += more;
        self.told = self.head;
        live(self.connection, self.head)
    }

    fn behind(&mut self, is_known: bool) -> Input {
        if is_known {
            self.told = self.head;
        } else {
            self.must_read = true;
        }
        Input::Behind {
            connection: ConnectionNumber::new(self.connection),
            end: is_known.then(|| at(self.head)),
        }
    }

    fn welcome(&mut self, is_early: bool, of: u64) -> Input {
        let index = self
            .greetings
            .iter()
            .position(|(one, _)| *one == of)
            .unwrap();
        let (_, early) = self.greetings.remove(index);
        let end = if is_early { early } else { self.head };
        if of == self.connection {
            self.told = self.told.max(end);
        }
        Input::Welcome {
            connection: ConnectionNumber::new(of),
            end: place(end),
            behind_by: 0,
        }
    }

    fn page(&mut self, is_early: bool, index: usize) -> Input {
        let read = self.reads.remove(index);
        let head = if is_early { read.head } else { self.head };
        let end = head.min(read.from + PAGE.min(read.limit)).max(read.from);
        let more = end < head;
        // An answer that was made before the device last heard of more cannot be held against it.
        if read.connection == self.connection && self.is_up {
            self.told = self.told.max(if more { head } else { end });
        }
        Input::Page {
            connection: ConnectionNumber::new(read.connection),
            page: Ok(page_of(read.from, end, more)),
        }
    }

    /// What the store does: it accepts what follows its cursor.
    fn stored(&mut self) -> Input {
        let proposal = self.proposal.take().unwrap();
        let generation = Generation::new(1);
        let follows = match &proposal.origin {
            Origin::Live => place(self.store).as_ref() == Some(&proposal.after),
            Origin::Asked(from) => *from == place(self.store),
        };
        if !follows {
            let cursor = place(self.store);
            return Input::Stale { generation, cursor };
        }
        let handed = seqs(&proposal.entries);
        let end = handed.last().copied().unwrap_or(self.store);
        assert_eq!(
            handed,
            (self.store + 1..=end).collect::<Vec<_>>(),
            "{:?}",
            self.path
        );
        assert_eq!(proposal.cursor, at(end), "{:?}", self.path);
        self.store = end;
        Input::Applied {
            generation,
            cursor: proposal.cursor,
        }
    }

    fn rebuilt(&mut self) -> Input {
        self.was_rebuilt = true;
        self.store = 0;
        let generation = Generation::new(1);
        let cursor = None;
        Input::Rebuilt { generation, cursor }
    }

    fn carry_out(&mut self, may_break: bool) -> Result<(), String> {
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Read {
                    connection,
                    from,
                    limit,
                } => {
                    self.must_read &= connection.get() != self.connection;
                    self.reads.push(Read {
                        connection: connection.get(),
                        from: from.map_or(0, |from| seq(&from)),
                        limit: limit.into(),
                        head: self.head,
                    });
                }
                Output::Apply { proposal, .. } => {
                    if self.proposal.replace(proposal).is_some() {
                        return Err("two proposals at once".to_owned());
                    }
                }
                Output::CaughtUp => return Err("nobody asked".to_owned()),
                Output::Broken { connection, reason } => {
                    if !may_break || connection.get() != self.connection {
                        return Err(format!("a good connection was given up: {reason:?}"));
                    }
                    debug_assert!(reason != Broken::Stuck);
                    self.is_up = false;
                    self.reconnect();
                }
            }
        }
        Ok(())
    }

    fn reconnect(&mut self) {
        if self.connection == 1 {
            self.connect();
        }
    }

    fn check(&self) -> Result<(), String> {
        let is_greeting = self.greetings.iter().any(|(of, _)| *of == self.connection);
        let is_reading = self
            .reads
            .iter()
            .any(|read| read.connection == self.connection);
        if !self.is_up || is_greeting || is_reading || self.proposal.is_some() {
            return Ok(());
        }
        if self.store < self.told || self.must_read {
            let (store, told) = (self.store, self.told);
            return Err(format!(
                "idle at {store} of {told}, must read: {}",
                self.must_read
            ));
        }
        if self.machine.is_caught_up() {
            Ok(())
        } else {
            Err("idle and not caught up".to_owned())
        }
    }

    /// Equal for worlds that go on equally.
    fn key(&self) -> u64 {
        let mut key = Hashed(DefaultHasher::new());
        let world = (
            self.head,
            self.store,
            self.connection,
            self.is_up,
            self.told,
            self.must_read,
            self.was_rebuilt,
        );
        write!(
            key,
            "{:?}{world:?}{:?}{:?}{:?}",
            self.machine, self.greetings, self.reads, self.proposal
        )
        .unwrap();
        key.0.finish()
    }
}

/// Hashes what is written.
struct Hashed(DefaultHasher);

impl std::fmt::Write for Hashed {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

const NOW: fn() -> Now = now;

fn live(connection: u64, head: u64) -> Input {
    let after = head.saturating_sub(1);
    Input::Entries {
        connection: ConnectionNumber::new(connection),
        entries: Entries {
            after: at(after),
            cursor: at(head),
            entries: entries(after + 1..=head),
        },
    }
}

fn seq(cursor: &vestnik_model::Cursor) -> u64 {
    cursor.as_str().split(':').nth(1).unwrap().parse().unwrap()
}

/// Searches breadth first; gives how many distinct worlds there are, or the shortest path to a fault.
fn search(faults: Faults) -> Result<usize, String> {
    let roots = [(0, 2), (2, 2), (1, 4)];
    let mut seen = HashSet::new();
    let mut frontier: Vec<_> = roots
        .map(|(store, head)| World::new(store, head, faults))
        .into();
    for _ in 0..DEPTH {
        let mut next = Vec::new();
        for world in frontier {
            for step in world.steps() {
                let mut after = world.clone();
                if let Err(fault) = after.take(step) {
                    return Err(format!("{fault}, after {:?}", after.path));
                }
                if seen.insert(after.key()) {
                    next.push(after);
                }
            }
        }
        frontier = next;
    }
    Ok(seen.len())
}

#[test]
fn no_order_of_what_may_arrive_loses_an_entry() {
    let count = search(Faults::default()).unwrap();
    println!("{count} distinct states to depth {DEPTH}");
    assert!(count > 10_000, "{count}");
}

#[test]
fn the_search_finds_live_calls_dropped_at_the_greeting() {
    let fault = search(Faults {
        drops_held_on_welcome: true,
        ..Faults::default()
    })
    .unwrap_err();
    println!("{fault}");
    assert!(fault.contains("idle at"), "{fault}");
}

#[test]
fn the_search_finds_answers_taken_from_another_connection() {
    let fault = search(Faults {
        ignores_connection: true,
        ..Faults::default()
    })
    .unwrap_err();
    println!("{fault}");
    assert!(
        fault.contains("idle") || fault.contains("given up"),
        "{fault}"
    );
}
