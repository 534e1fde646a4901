//! What the device's storage has.

use std::collections::BTreeMap;

use vestnik_inbox::SentOptOuts;
use vestnik_model::{Cursor, preference::OptOutChange};

use super::{Done, Generation, How, Secret, ToStorage, user};
use crate::machine::{
    engine::Stands,
    registration::{Told, Wish},
    report::{Outbox, Settlement},
    session::{LogoutNote, PendingLogout, Seed, SeedStanding, StoreCall},
    sync::{Origin, Proposal},
};

/// The most facts of a batch.
const BATCH: u64 = 3;

/// A store of one user's history and of the session.
#[derive(Debug, Default)]
pub(crate) struct Device {
    generation: Generation,
    owner: Option<String>,
    /// The newest entry of the history.
    pub(crate) cursor: u64,
    /// How many facts wait.
    pub(crate) waiting: u64,
    /// The batch that was taken.
    batch: u64,
    told: Option<Told>,
    wishes: Vec<Wish>,
    opt_out_changes: OptOutChange,
    sent_opt_outs: SentOptOuts,
    /// The refresh token of the session.
    refresh: Option<Secret>,
    /// The logouts that the server has not confirmed.
    pub(crate) logouts: BTreeMap<Generation, Secret>,
}

impl Device {
    pub(super) fn new(name: Option<&str>) -> Self {
        Self {
            generation: Generation::new(7),
            owner: name.map(str::to_owned),
            cursor: if name.is_some() { 4 } else { 0 },
            refresh: name.map(|name| Secret::new(format!("ref-{name}"))),
            ..Self::default()
        }
    }

    /// Whether the server was told of everything: the device, the topics, what is not wanted and the facts.
    pub(super) fn has_told_all(&self) -> bool {
        let is_wished = self.wishes.is_empty() && self.opt_out_changes.is_empty();
        self.told.is_some() && is_wished && self.waiting == 0
    }

    /// The person says whether they want everything.
    pub(super) fn opt_out(&mut self, is_out: bool) -> Option<(Generation, Done)> {
        self.owner.as_ref()?;
        self.opt_out_changes.all = Some(is_out);
        Some(self.opt_outs())
    }

    fn opt_outs(&self) -> (Generation, Done) {
        let changes = self.opt_out_changes.clone();
        (self.generation, Done::OptOutChanges(changes))
    }

    pub(crate) fn outbox(&self) -> Outbox {
        Outbox {
            waiting: self.waiting,
            ready_at: None,
        }
    }

    /// What a program begins with.
    pub(super) fn seed(&self) -> Seed {
        let standing = match (&self.owner, &self.refresh) {
            (None, _) => SeedStanding::Nobody,
            (Some(name), Some(refresh)) => SeedStanding::LoggedIn {
                user: user(name),
                refresh: refresh.clone(),
            },
            (Some(name), None) => SeedStanding::Ended { user: user(name) },
        };
        let pending = |(generation, refresh): (&Generation, &Secret)| PendingLogout {
            generation: *generation,
            refresh: refresh.clone(),
            tries: 1,
        };
        Seed {
            generation: self.generation,
            standing,
            logouts: self.logouts.iter().map(pending).collect(),
        }
    }

    /// Where the history stands.
    pub(crate) fn place(&self) -> Option<Cursor> {
        self.owner
            .as_ref()
            .and_then(|name| place(name, self.cursor))
    }

    /// The history is damaged and made anew.
    pub(crate) fn rebuild(&mut self) -> (Generation, Done) {
        self.cursor = 0;
        let (cursor, outbox) = (None, self.outbox());
        (self.generation, Done::Rebuilt { cursor, outbox })
    }

    /// Something happened that the sender is told of.
    pub(crate) fn add_fact(&mut self) -> Option<(Generation, Done)> {
        self.owner.as_ref()?;
        self.waiting += 1;
        Some((self.generation, Done::Outbox(self.outbox())))
    }

    fn note(&mut self, note: &LogoutNote) {
        match note {
            LogoutNote::Pending {
                generation,
                refresh,
                ..
            } => {
                self.logouts.insert(*generation, refresh.clone());
            }
            LogoutNote::Tried { .. } => {}
            LogoutNote::Done { generation } => {
                self.logouts.remove(generation);
            }
        }
    }

    /// Does what the engine asks for; nothing of it, if it fails.
    pub(super) fn carry_out(&mut self, work: ToStorage, how: How) -> Option<(Generation, Done)> {
        let works = matches!(how, How::Well | How::Fruitless);
        match work {
            ToStorage::ServerTime(_) => None,
            ToStorage::KeepTold(told) => {
                self.told = told;
                None
            }
            ToStorage::KeepWishes(wishes) => {
                self.wishes = wishes;
                None
            }
            ToStorage::KeepOptOuts(learned) => {
                self.opt_out_changes.settle(&learned.settled);
                learned.bring_up(&mut self.sent_opt_outs);
                Some(self.opt_outs())
            }
            ToStorage::Note(note) => {
                self.note(&note);
                None
            }
            ToStorage::Store { generation, call } => {
                self.generation = generation;
                if works {
                    self.store(call);
                }
                Some((generation, Done::Stored { is_durable: works }))
            }
            ToStorage::AskStore { generation, user } => {
                let is_own = self.owner.as_deref() == Some(user.as_str());
                let stands = (works && is_own).then(|| self.stands());
                Some((generation, Done::Stands(stands)))
            }
            ToStorage::Apply {
                generation,
                proposal,
            } => {
                let is_present = works && generation == self.generation;
                let done = is_present.then(|| self.apply(proposal, how));
                Some((generation, done.unwrap_or(Done::NotApplied)))
            }
            ToStorage::Take { generation, .. } => {
                let is_present = works && generation == self.generation;
                let taken = is_present.then(|| self.take(how));
                Some((generation, Done::Taken(taken)))
            }
            ToStorage::Settle {
                generation,
                settlement,
            } => {
                let is_present = works && generation == self.generation;
                let outbox = is_present.then(|| self.settle(&settlement, how));
                Some((generation, Done::Settled(outbox)))
            }
        }
    }

    fn stands(&self) -> Stands {
        Stands {
            cursor: self.place(),
            outbox: self.outbox(),
            told: self.told.clone(),
            wishes: self.wishes.clone(),
            opt_out_changes: self.opt_out_changes.clone(),
            sent_opt_outs: self.sent_opt_outs.clone(),
        }
    }

    fn apply(&mut self, proposal: Proposal, how: How) -> Done {
        let follows = match &proposal.origin {
            Origin::Live => self.place().as_ref() == Some(&proposal.after),
            Origin::Asked(from) => *from == self.place(),
        };
        if !follows || how == How::Fruitless {
            let cursor = self.place();
            return Done::Stale { cursor };
        }
        let end = seq(&proposal.cursor);
        self.waiting += end - self.cursor;
        self.cursor = end;
        let (cursor, outbox) = (proposal.cursor, self.outbox());
        Done::Applied { cursor, outbox }
    }

    fn take(&mut self, how: How) -> usize {
        let is_empty = how == How::Fruitless;
        self.batch = if is_empty { 0 } else { self.waiting.min(BATCH) };
        usize::try_from(self.batch).unwrap()
    }

    fn settle(&mut self, settlement: &Settlement, how: How) -> Outbox {
        if how == How::Well {
            let settled = match settlement {
                Settlement::Answer => self.batch,
                Settlement::RefusedWhole(_) => self.batch.min(1),
            };
            self.waiting -= settled.min(self.waiting);
        }
        self.outbox()
    }

    fn store(&mut self, call: StoreCall) {
        match call {
            StoreCall::Login { user, refresh } => {
                if self.owner.as_deref() != Some(user.as_str()) {
                    self.forget();
                }
                self.owner = Some(user.as_str().to_owned());
                self.told = None;
                self.refresh = Some(refresh);
            }
            StoreCall::Keep { refresh } => self.refresh = Some(refresh),
            StoreCall::End => self.refresh = None,
            StoreCall::Logout(pending) => {
                self.forget();
                if let Some(note) = pending {
                    self.note(&note);
                }
            }
        }
    }

    fn forget(&mut self) {
        self.refresh = None;
        self.owner = None;
        self.cursor = 0;
        self.waiting = 0;
        self.batch = 0;
        self.told = None;
        self.wishes = Vec::new();
        self.opt_out_changes = OptOutChange::default();
        self.sent_opt_outs = SentOptOuts::default();
    }
}

/// The place of a user's log with this number; there is none before the first entry.
pub(crate) fn place(name: &str, seq: u64) -> Option<Cursor> {
    (seq > 0).then(|| Cursor::parse(format!("{name}:{seq}:t")).unwrap())
}

pub(super) fn seq(cursor: &Cursor) -> u64 {
    cursor.as_str().split(':').nth(1).unwrap().parse().unwrap()
}
