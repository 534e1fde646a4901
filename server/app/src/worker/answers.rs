//! The answers to the tries of a part, as they come.

use std::{
    collections::BTreeMap,
    pin::{Pin, pin},
    time::Duration,
};

use futures_util::{Stream, StreamExt as _, future::OptionFuture};
use tokio::time::{Sleep, sleep};
use vestnik_model::AttemptId;
use vestnik_rules::attempt::Outcome;
use vestnik_store::dispatch::Tried;

/// How long the first answer of several waits for others, so that they are noted in one transaction.
const LINGER: Duration = Duration::from_millis(500);

/// The tries of a part that wait for their answers.
pub(super) struct Answers<S> {
    sending: S,
    /// What each is noted as if its answer does not come in time.
    waiting: BTreeMap<AttemptId, Tried>,
    patience: Pin<Box<Sleep>>,
}

impl<S> Answers<S>
where
    S: Stream<Item = (AttemptId, Tried)> + Unpin,
{
    /// The answers of `sending`, which are waited for so long.
    pub(super) fn new(sending: S, waiting: BTreeMap<AttemptId, Tried>, patience: Duration) -> Self {
        Self {
            sending,
            waiting,
            patience: Box::pin(sleep(patience)),
        }
    }

    /// How many are waited for.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The next answers: the first, and those that come within [`LINGER`] of it. When patience is over,
    /// all that is left is unproven. Nothing is left to wait for if there are none.
    pub(super) async fn next(&mut self) -> Vec<Tried> {
        let mut answers = Vec::new();
        let mut linger = pin!(OptionFuture::default());
        while !self.waiting.is_empty() {
            tokio::select! {
                biased;
                answer = self.sending.next() => {
                    let Some((attempt, tried)) = answer else {
                        answers.extend(self.give_up());
                        break;
                    };
                    self.waiting.remove(&attempt);
                    if answers.is_empty() {
                        linger.set(Some(sleep(LINGER)).into());
                    }
                    answers.push(tried);
                }
                () = &mut self.patience => answers.extend(self.give_up()),
                Some(()) = &mut linger => break,
            }
        }
        answers
    }

    /// What is not answered may have been taken.
    fn give_up(&mut self) -> Vec<Tried> {
        let left = std::mem::take(&mut self.waiting).into_values();
        let unproven = left.map(|tried| Tried {
            outcome: Outcome::Unproven,
            ..tried
        });
        unproven.collect()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream::{FuturesUnordered, empty};
    use tokio::time::Instant;
    use uuid::Uuid;
    use vestnik_model::{Reason, UserId};
    use vestnik_rules::cascade::Target;
    use vestnik_store::dispatch::Sends;

    use super::*;

    /// The virtual time.
    fn now() -> Instant {
        sleep(Duration::ZERO).deadline()
    }

    fn attempt(number: u128) -> AttemptId {
        AttemptId::from_uuid(Uuid::from_u128(number))
    }

    fn tried(number: u128, outcome: Outcome) -> (AttemptId, Tried) {
        let tried = Tried {
            sends: Sends::Notification,
            user: UserId::parse(format!("user-{number}")).unwrap(),
            target: Target::Mailbox,
            address: [0; 32],
            lease_until: jiff::Timestamp::UNIX_EPOCH,
            began_at: jiff::Timestamp::UNIX_EPOCH,
            outcome,
            moved: None,
            said: None,
        };
        (attempt(number), tried)
    }

    fn waiting(numbers: &[u128]) -> BTreeMap<AttemptId, Tried> {
        let rejected = Outcome::Rejected {
            reason: Reason::Unknown,
        };
        let tries = numbers
            .iter()
            .map(|number| tried(*number, rejected.clone()));
        tries.collect()
    }

    fn seen(answers: &[Tried]) -> Vec<(&str, bool)> {
        let seen = answers.iter().map(|tried| {
            let is_proven = tried.outcome == Outcome::Accepted;
            (tried.user.as_str(), is_proven)
        });
        seen.collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_answered_does_not_wait_for_what_is_not() {
        let sending: FuturesUnordered<_> = [(1, 100), (2, 300), (3, 5_000), (4, 60_000)]
            .into_iter()
            .map(|(number, millis)| async move {
                sleep(Duration::from_millis(millis)).await;
                tried(number, Outcome::Accepted)
            })
            .collect();
        let patience = Duration::from_secs(20);
        let mut answers = Answers::new(sending, waiting(&[1, 2, 3, 4]), patience);
        let begun = now();
        assert_eq!(
            seen(&answers.next().await),
            [("user-1", true), ("user-2", true)]
        );
        assert_eq!(now() - begun, Duration::from_millis(600));
        assert_eq!(answers.waiting(), 2);
        assert_eq!(seen(&answers.next().await), [("user-3", true)]);
        assert_eq!(seen(&answers.next().await), [("user-4", false)]);
        assert_eq!(now() - begun, patience);
        assert_eq!(seen(&answers.next().await), []);
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_answer_waits_for_nobody() {
        let sending: FuturesUnordered<_> = [1]
            .map(|number| async move { tried(number, Outcome::Accepted) })
            .into_iter()
            .collect();
        let begun = now();
        let mut answers = Answers::new(sending, waiting(&[1]), Duration::from_secs(20));
        assert_eq!(seen(&answers.next().await), [("user-1", true)]);
        assert_eq!(now() - begun, Duration::ZERO);
        let mut lost = Answers::new(empty(), waiting(&[7]), Duration::from_secs(20));
        assert_eq!(seen(&lost.next().await), [("user-7", false)]);
    }
}
