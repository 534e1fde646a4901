use std::{collections::BTreeMap, time::Instant};

use super::{ResultKey, trim};
use crate::message::InvocationId;

/// The calls to the client that wait for its answer, by our ids.
///
/// The client's own ids live elsewhere: the two may be equal.
#[derive(Debug, Default)]
pub(super) struct Results {
    last: u64,
    pending: BTreeMap<InvocationId, Pending>,
}

#[derive(Debug)]
struct Pending {
    key: ResultKey,
    /// Absent when the answer is awaited as long as the connection lives.
    until: Option<Instant>,
}

impl Results {
    pub(super) fn len(&self) -> usize {
        self.pending.len()
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
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.pending
            .values()
            .filter_map(|pending| pending.until)
            .min()
    }

    /// Gives up those whose time is over.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<ResultKey> {
        let is_over = |until: Option<Instant>| until.is_some_and(|until| until <= now);
        let over = self
            .pending
            .extract_if(.., |_, pending| is_over(pending.until));
        over.map(|(_, pending)| pending.key).collect()
    }

    pub(super) fn trim(&mut self) {
        trim(&mut self.pending);
    }

    /// Gives up all.
    pub(super) fn end(&mut self) -> Vec<ResultKey> {
        let pending = std::mem::take(&mut self.pending);
        pending.into_values().map(|pending| pending.key).collect()
    }
}
