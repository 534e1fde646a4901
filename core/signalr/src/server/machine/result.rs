use std::{collections::BTreeMap, time::Instant};

use super::{Ask, ResultKey, trim};
use crate::message::InvocationId;

/// The calls to the client that wait for its answer, by our ids.
///
/// The client's own ids live elsewhere: the two may be equal.
#[derive(Debug, Default)]
pub(super) struct Results {
    last: u64,
    pending: BTreeMap<InvocationId, Pending>,
    /// What is to be asked once the connection is welcomed, in order.
    held: Vec<Ask>,
}

#[derive(Debug)]
struct Pending {
    key: ResultKey,
    /// Absent when the answer is awaited as long as the connection lives.
    until: Option<Instant>,
}

impl Results {
    /// Counts the answers that are awaited, also of calls that are not sent yet.
    pub(super) fn len(&self) -> usize {
        self.pending.len() + self.held.len()
    }

    /// Says whether a client that was called owes an answer.
    pub(super) fn is_awaiting(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Keeps a call that cannot be sent yet.
    pub(super) fn hold(&mut self, ask: Ask) {
        self.held.push(ask);
    }

    /// Takes the calls that were kept, in their order.
    pub(super) fn take_held(&mut self) -> Vec<Ask> {
        std::mem::take(&mut self.held)
    }

    pub(super) fn contains(&self, id: &InvocationId) -> bool {
        self.pending.contains_key(id)
    }

    /// Begins to wait, and gives the call its id.
    pub(super) fn expect(&mut self, key: ResultKey, until: Option<Instant>) -> InvocationId {
        self.last += 1;
        let id = InvocationId::new(format!("s{}", self.last)).expect("it is not empty");
        self.pending.insert(id.clone(), Pending { key, until });
        id
    }

    /// Takes an answer in, if it is awaited.
    pub(super) fn answer(&mut self, id: &InvocationId) -> Option<ResultKey> {
        self.pending.remove(id).map(|pending| pending.key)
    }

    pub(super) fn forget(&mut self, key: ResultKey) {
        self.pending.retain(|_, pending| pending.key != key);
        self.held.retain(|ask| ask.key != key);
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let pending = self.pending.values().map(|pending| pending.until);
        let held = self.held.iter().map(|ask| ask.until);
        pending.chain(held).flatten().min()
    }

    /// Gives up those whose time is over.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<ResultKey> {
        let is_over = |until: Option<Instant>| until.is_some_and(|until| until <= now);
        let pending = self
            .pending
            .extract_if(.., |_, pending| is_over(pending.until));
        let held = self.held.extract_if(.., |ask| is_over(ask.until));
        let pending = pending.map(|(_, pending)| pending.key);
        pending.chain(held.map(|ask| ask.key)).collect()
    }

    pub(super) fn trim(&mut self) {
        trim(&mut self.pending);
        if self.held.is_empty() {
            self.held = Vec::new();
        }
    }

    /// Gives up all.
    pub(super) fn end(&mut self) -> Vec<ResultKey> {
        let pending = std::mem::take(&mut self.pending).into_values();
        let held = self.take_held();
        let pending = pending.map(|pending| pending.key);
        pending.chain(held.into_iter().map(|ask| ask.key)).collect()
    }
}
