//! What message centres say of messages that they took: delivery receipts.
//!
//! A receipt is acknowledged after what it says is noted. One of a message of one part is noted at once: it is matched
//! by the id, also if it comes before the answer to the submission. A message of several parts has a receipt of each,
//! and is on the phone when each is; it is noted as a whole, under all of its ids ([`joined`]). What is known of its
//! parts until then is in memory only: of a message whose receipts come partly before the end of a process and partly
//! after it nothing is noted, which is less than is true and never more.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use jiff::Timestamp;
use vestnik_clock::Clock;
use vestnik_model::{AppId, GatewayName, ProviderName, Reason};
use vestnik_rules::{
    gateway::message_hash,
    gateway_report::{Fate, KEPT_FOR},
};
use vestnik_smpp::{Answer, MessageId, Receipt, State, state_of_all};
use vestnik_store::{
    Store, StoreError,
    dispatch::{MessageReport, MessageReports},
};

use crate::refusal::chain;

/// The most parts of messages of several whose receipts are waited for at a message centre.
const MOST_PARTS: usize = 4_000;
/// The most receipts that are kept, for [`KEPT_FOR`], in case that they are of a part that was not answered yet.
const MOST_EARLY: usize = 500;

/// Of what messages receipts are noted.
#[derive(Debug, Clone)]
pub(super) struct Whose {
    pub(super) app: AppId,
    pub(super) gateway: GatewayName,
}

/// Notes the receipts of a message centre.
#[derive(Debug)]
pub(super) struct Receipts {
    store: Weak<dyn Store>,
    clock: Arc<dyn Clock>,
    whose: Whose,
    provider: ProviderName,
    known: Mutex<Known>,
}

/// The messages of several parts whose receipts are waited for.
#[derive(Debug, Default)]
struct Known {
    /// The oldest first.
    messages: BTreeMap<u64, Vec<(MessageId, Option<State>)>>,
    /// Which of them a part is of.
    parts: BTreeMap<MessageId, u64>,
    /// Receipts of no known part, the oldest first.
    early: VecDeque<Early>,
    next: u64,
}

/// A receipt that came before the part was known that it is of.
#[derive(Debug)]
struct Early {
    id: MessageId,
    state: State,
    at: Timestamp,
}

impl Receipts {
    pub(super) fn new(
        (store, clock): (Weak<dyn Store>, Arc<dyn Clock>),
        whose: Whose,
        provider: ProviderName,
    ) -> Self {
        Self {
            store,
            clock,
            whose,
            provider,
            known: Mutex::default(),
        }
    }

    /// Takes a receipt.
    pub(super) async fn take(&self, receipt: &Receipt) -> Answer {
        let now = self.clock.now();
        let told = self.with(|known| known.on(&receipt.id, receipt.state, now));
        match self.note(told).await {
            Ok(()) => Answer::Taken,
            Err(error) => {
                let error = chain(&error);
                tracing::warn!(error, "a receipt cannot be noted: it is asked for again");
                Answer::Later
            }
        }
    }

    /// A message of several parts was taken: its receipts belong together from now on. Some may have come.
    pub(super) async fn expect(&self, ids: &[MessageId]) {
        let now = self.clock.now();
        let told = self.with(|known| known.expect(ids, now));
        if let Err(error) = self.note(told).await {
            let error = chain(&error);
            tracing::warn!(error, "the receipts of a message cannot be noted");
        }
    }

    async fn note(&self, told: Option<(String, State)>) -> Result<(), StoreError> {
        let told = told.and_then(|(message, state)| Some((message, fate(state)?)));
        let Some((message, fate)) = told else {
            return Ok(());
        };
        let Whose { app, gateway } = &self.whose;
        let now = self.clock.now();
        let report = MessageReport {
            message: message_hash(app, *gateway, self.provider, &message),
            fate,
            // A message centre tells no time zone.
            at: now,
        };
        let reports = MessageReports {
            app: app.clone(),
            gateway: *gateway,
            reports: vec![report],
            now,
        };
        let store = self.store.upgrade().ok_or(StoreError::Closed)?;
        store.note_messages(reports).await.map(drop)
    }

    fn with<T>(&self, act: impl FnOnce(&mut Known) -> T) -> T {
        act(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a message of several parts is known by.
pub(super) fn joined(ids: &[MessageId]) -> String {
    let ids: Vec<_> = ids.iter().map(MessageId::as_str).collect();
    // No id has a space.
    ids.join(" ")
}

/// What a state means for the message; none if another one follows.
const fn fate(state: State) -> Option<Fate> {
    match state {
        State::Delivered => Some(Fate::Delivered),
        State::Expired
        | State::Deleted
        | State::Undeliverable
        | State::Rejected
        | State::Skipped => Some(Fate::Failed {
            reason: Reason::SmsUndeliverable,
        }),
        State::Scheduled | State::EnRoute | State::Accepted | State::Unknown => None,
    }
}

impl Known {
    /// Takes a receipt; gives what is to be noted of which message.
    fn on(&mut self, id: &MessageId, state: State, at: Timestamp) -> Option<(String, State)> {
        if !state.is_final() {
            return None;
        }
        let Some(number) = self.parts.get(id).copied() else {
            // It is of a message of one part, or of a part whose message is not answered whole.
            let name = id.as_str().to_owned();
            let id = id.clone();
            self.early.push_back(Early { id, state, at });
            self.drop_old(at);
            return Some((name, state));
        };
        let parts = self.messages.get_mut(&number)?;
        for (part, known) in parts.iter_mut() {
            if part == id {
                *known = Some(state);
            }
        }
        whole(parts)
    }

    /// A message has these parts; gives what is to be noted of it by what came before.
    fn expect(&mut self, ids: &[MessageId], now: Timestamp) -> Option<(String, State)> {
        self.drop_old(now);
        let parts = ids.iter().map(|id| (id.clone(), self.take_early(id)));
        let parts: Vec<_> = parts.collect();
        let told = whole(&parts);
        self.next += 1;
        for id in ids {
            self.parts.insert(id.clone(), self.next);
        }
        self.messages.insert(self.next, parts);
        while self.parts.len() > MOST_PARTS
            && let Some((number, parts)) = self.messages.pop_first()
        {
            for (id, _) in parts {
                // A message centre may have used the id again.
                if self.parts.get(&id) == Some(&number) {
                    self.parts.remove(&id);
                }
            }
        }
        told
    }

    /// What came of a part before it was known, the newest: a message centre may have used the id before.
    fn take_early(&mut self, id: &MessageId) -> Option<State> {
        let newest = self.early.iter().rposition(|early| early.id == *id)?;
        self.early.remove(newest).map(|early| early.state)
    }

    /// Drops receipts of which no part became known for long, and the oldest of too many.
    fn drop_old(&mut self, now: Timestamp) {
        let oldest = now.checked_sub(KEPT_FOR).unwrap_or(Timestamp::MIN);
        while let Some(first) = self.early.front()
            && (self.early.len() > MOST_EARLY || first.at <= oldest)
        {
            self.early.pop_front();
        }
    }
}

/// What is known of a message by the states of its parts.
fn whole(parts: &[(MessageId, Option<State>)]) -> Option<(String, State)> {
    let states: Vec<_> = parts.iter().map(|(_, state)| *state).collect();
    let ids: Vec<_> = parts.iter().map(|(id, _)| id.clone()).collect();
    Some((joined(&ids), state_of_all(&states)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> Vec<MessageId> {
        let ids = names.iter().map(|name| MessageId::parse(name));
        ids.map(Option::unwrap).collect()
    }

    fn on(known: &mut Known, id: &str, state: State) -> Option<(String, State)> {
        let [id] = &ids(&[id])[..] else {
            return None;
        };
        known.on(id, state, at(1))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn told(message: &str, state: State) -> Option<(String, State)> {
        Some((message.to_owned(), state))
    }

    #[test]
    fn a_receipt_of_one_part_is_of_its_message() {
        let mut known = Known::default();
        assert_eq!(on(&mut known, "7", State::EnRoute), None);
        let delivered = on(&mut known, "7", State::Delivered);
        assert_eq!(delivered, told("7", State::Delivered));
    }

    #[test]
    fn a_message_is_on_the_phone_when_each_of_its_parts_is() {
        let mut known = Known::default();
        assert_eq!(known.expect(&ids(&["1", "2", "3"]), at(1)), None);
        assert_eq!(on(&mut known, "3", State::Delivered), None);
        assert_eq!(on(&mut known, "1", State::Delivered), None);
        assert_eq!(on(&mut known, "1", State::Delivered), None);
        let last = on(&mut known, "2", State::Delivered);
        assert_eq!(last, told("1 2 3", State::Delivered));
        // It could not be noted, and comes again.
        let again = on(&mut known, "2", State::Delivered);
        assert_eq!(again, told("1 2 3", State::Delivered));
    }

    #[test]
    fn a_part_that_fails_fails_the_message() {
        let mut known = Known::default();
        known.expect(&ids(&["1", "2"]), at(1));
        assert_eq!(on(&mut known, "1", State::Delivered), None);
        let failed = on(&mut known, "2", State::Undeliverable);
        assert_eq!(failed, told("1 2", State::Undeliverable));
    }

    #[test]
    fn receipts_that_come_before_the_last_answer_count() {
        let mut known = Known::default();
        on(&mut known, "1", State::Delivered);
        assert_eq!(known.expect(&ids(&["1", "2"]), at(1)), None);
        let last = on(&mut known, "2", State::Delivered);
        assert_eq!(last, told("1 2", State::Delivered));
        on(&mut known, "3", State::Expired);
        let early = known.expect(&ids(&["3", "4"]), at(1));
        assert_eq!(early, told("3 4", State::Expired));
    }

    #[test]
    fn an_early_receipt_counts_once_the_newest_first_and_only_for_a_while() {
        let mut known = Known::default();
        on(&mut known, "1", State::Expired);
        on(&mut known, "1", State::Delivered);
        on(&mut known, "2", State::Delivered);
        let told_of_both = known.expect(&ids(&["1", "2"]), at(2));
        assert_eq!(told_of_both, told("1 2", State::Delivered));
        assert_eq!(known.early.len(), 1, "those that were used are gone");
        // The message centre begins its ids anew.
        let late = at(1 + KEPT_FOR.as_secs());
        assert_eq!(known.expect(&ids(&["1", "3"]), late), None);
        assert_eq!(known.early.len(), 0);
        let id = &ids(&["3"])[0];
        assert_eq!(known.on(id, State::Delivered, late), None);
    }

    #[test]
    fn the_oldest_messages_are_not_waited_for_when_there_are_too_many() {
        let mut known = Known::default();
        known.expect(&ids(&["a", "b"]), at(1));
        for number in 0..MOST_PARTS / 2 {
            known.expect(
                &ids(&[&format!("{number}.1"), &format!("{number}.2")]),
                at(1),
            );
        }
        assert_eq!(
            (known.parts.len(), known.messages.len()),
            (MOST_PARTS, MOST_PARTS / 2)
        );
        on(&mut known, "a", State::Delivered);
        // It counts as another one's.
        assert_eq!(
            on(&mut known, "b", State::Delivered),
            told("b", State::Delivered)
        );
        for number in 0..2 * MOST_EARLY {
            on(&mut known, &format!("x{number}"), State::Delivered);
        }
        assert_eq!(known.early.len(), MOST_EARLY);
    }
}
