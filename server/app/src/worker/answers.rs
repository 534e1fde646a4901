//! The answers to the tries of a part, as they come.

use std::{
    collections::BTreeMap,
    pin::{Pin, pin},
    time::Duration,
};

use futures_util::{Stream, StreamExt as _, future::OptionFuture};
use tokio::time::{Sleep, sleep};
use tokio_util::sync::CancellationToken;
use vestnik_model::AttemptId;
use vestnik_outbound::Writing;
use vestnik_rules::patience::without_answer;
use vestnik_store::dispatch::Tried;

/// How long the first answer of several waits for others, so that they are noted in one transaction.
const LINGER: Duration = Duration::from_millis(500);

/// How long a server that ends waits for answers.
const HURRY: Duration = Duration::from_secs(20);

/// The tries of a part that wait for their answers.
pub(super) struct Answers<S> {
    /// What sends them, until nobody waits any longer.
    sending: Option<S>,
    waiting: BTreeMap<AttemptId, Waiting>,
    patience: Pin<Box<Sleep>>,
    /// The server ends: see [`HURRY`].
    lands: CancellationToken,
    is_hurried: bool,
}

/// A try that waits for its answer.
#[derive(Debug)]
pub(super) struct Waiting {
    /// The try, whose outcome is not known.
    pub(super) tried: Tried,
    /// Whether its service may have it.
    pub(super) writing: Writing,
}

impl<S> Answers<S>
where
    S: Stream<Item = (AttemptId, Tried)> + Unpin,
{
    /// The answers of `sending`, which are waited for so long.
    pub(super) fn new(
        sending: S,
        waiting: BTreeMap<AttemptId, Waiting>,
        patience: Duration,
        lands: CancellationToken,
    ) -> Self {
        Self {
            sending: Some(sending),
            waiting,
            patience: Box::pin(sleep(patience)),
            lands,
            is_hurried: false,
        }
    }

    /// How many are waited for.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether patience is over: what was left was given up.
    pub(super) const fn are_given_up(&self) -> bool {
        self.sending.is_none()
    }

    /// The next answers: the first, and those that come within [`LINGER`] of it. When patience is over,
    /// all that is left is given up. Nothing is left to wait for if there are none.
    pub(super) async fn next(&mut self) -> Vec<Tried> {
        let mut answers = Vec::new();
        let mut linger = pin!(OptionFuture::default());
        while !self.waiting.is_empty() {
            tokio::select! {
                biased;
                answer = next(&mut self.sending) => {
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
                () = self.lands.cancelled(), if !self.is_hurried => self.hurry(),
                Some(()) = &mut linger => break,
            }
        }
        answers
    }

    /// Waits no longer than a server that ends does.
    fn hurry(&mut self) {
        self.is_hurried = true;
        let soon = sleep(HURRY).deadline();
        if soon < self.patience.deadline() {
            self.patience.as_mut().reset(soon);
        }
    }

    /// What is not answered may have been taken, if it was written.
    fn give_up(&mut self) -> Vec<Tried> {
        // From here on nothing more is written.
        self.sending = None;
        let left = std::mem::take(&mut self.waiting).into_values();
        let given_up = left.map(|Waiting { tried, writing }| Tried {
            outcome: without_answer(writing.may_be_taken()),
            collapses: tried.collapses || writing.collapses(),
            ..tried
        });
        given_up.collect()
    }
}

async fn next<S: Stream + Unpin>(sending: &mut Option<S>) -> Option<S::Item> {
    sending.as_mut()?.next().await
}

#[cfg(test)]
mod tests {
    use futures_util::stream::{FuturesUnordered, empty};
    use tokio::time::Instant;
    use uuid::Uuid;
    use vestnik_model::{Reason, UserId};
    use vestnik_rules::{attempt::Outcome, cascade::Target, patience::unsent};
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
            collapses: false,
            moved: None,
            message: None,
            said: None,
            cost: None,
            passed_over: Vec::new(),
            sign: None,
        };
        (attempt(number), tried)
    }

    fn lands() -> CancellationToken {
        CancellationToken::new()
    }

    /// Tries of which the service may have those that are written.
    fn waiting(numbers: &[u128], written: &[u128]) -> BTreeMap<AttemptId, Waiting> {
        let rejected = Outcome::Rejected {
            reason: Reason::Unknown,
        };
        let tries = numbers.iter().map(|number| {
            let (attempt, tried) = tried(*number, rejected.clone());
            let writing = Writing::default();
            if written.contains(number) {
                writing.begin().set();
            }
            (attempt, Waiting { tried, writing })
        });
        tries.collect()
    }

    fn seen(answers: &[Tried]) -> Vec<(&str, &Outcome)> {
        let seen = answers.iter();
        seen.map(|tried| (tried.user.as_str(), &tried.outcome))
            .collect()
    }

    const TAKEN: &Outcome = &Outcome::Accepted;
    const UNPROVEN: &Outcome = &Outcome::Unproven;
    const UNSENT: &Outcome = &unsent();

    #[tokio::test(start_paused = true)]
    async fn what_is_answered_does_not_wait_for_what_is_not() {
        let sending: FuturesUnordered<_> =
            [(1, 100), (2, 300), (3, 5_000), (4, 60_000), (5, 60_000)]
                .into_iter()
                .map(|(number, millis)| async move {
                    sleep(Duration::from_millis(millis)).await;
                    tried(number, Outcome::Accepted)
                })
                .collect();
        let patience = Duration::from_secs(20);
        let mut answers = Answers::new(
            sending,
            waiting(&[1, 2, 3, 4, 5], &[1, 5]),
            patience,
            lands(),
        );
        let begun = now();
        assert_eq!(
            seen(&answers.next().await),
            [("user-1", TAKEN), ("user-2", TAKEN)]
        );
        assert_eq!(now() - begun, Duration::from_millis(600));
        assert_eq!(answers.waiting(), 3);
        assert_eq!(seen(&answers.next().await), [("user-3", TAKEN)]);
        assert!(!answers.are_given_up());
        assert_eq!(
            seen(&answers.next().await),
            [("user-4", UNSENT), ("user-5", UNPROVEN)]
        );
        assert!(answers.are_given_up());
        assert_eq!(now() - begun, patience);
        assert_eq!(seen(&answers.next().await), []);
    }

    /// RFC 5321, 4.5.3.2.6: a mail server may take ten minutes, which a server that ends does not wait.
    #[tokio::test(start_paused = true)]
    async fn a_server_that_ends_waits_a_little_for_answers_that_take_minutes() {
        let sending: FuturesUnordered<_> = [(1, 25), (2, 600), (3, 600)]
            .into_iter()
            .map(|(number, seconds)| async move {
                sleep(Duration::from_secs(seconds)).await;
                tried(number, Outcome::Accepted)
            })
            .collect();
        let (lands, minutes) = (CancellationToken::new(), Duration::from_secs(23 * 60));
        let waiting = waiting(&[1, 2, 3], &[1, 3]);
        let mut answers = Answers::new(sending, waiting, minutes, lands.clone());
        let begun = now();
        let ends = async {
            sleep(Duration::from_secs(10)).await;
            lands.cancel();
        };
        let (first, ()) = tokio::join!(answers.next(), ends);
        assert_eq!(seen(&first), [("user-1", TAKEN)]);
        assert_eq!(
            seen(&answers.next().await),
            [("user-2", UNSENT), ("user-3", UNPROVEN)]
        );
        assert_eq!(now() - begun, Duration::from_secs(30));
        assert!(answers.are_given_up());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_given_up_keeps_whether_its_provider_takes_a_repetition_as_the_same() {
        let waiting = waiting(&[1, 2], &[1, 2]);
        for Waiting { tried, writing } in waiting.values() {
            writing.collapsing(tried.user.as_str() == "user-1");
        }
        let patience = Duration::from_secs(20);
        let mut lost = Answers::new(empty(), waiting, patience, lands());
        let given_up = lost.next().await;
        let collapses: Vec<_> = given_up.iter().map(|tried| tried.collapses).collect();
        assert_eq!(collapses, [true, false]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_answer_waits_for_nobody() {
        let sending: FuturesUnordered<_> = [1]
            .map(|number| async move { tried(number, Outcome::Accepted) })
            .into_iter()
            .collect();
        let begun = now();
        let mut answers = Answers::new(
            sending,
            waiting(&[1], &[]),
            Duration::from_secs(20),
            lands(),
        );
        assert_eq!(seen(&answers.next().await), [("user-1", TAKEN)]);
        assert_eq!(now() - begun, Duration::ZERO);
        let mut lost = Answers::new(
            empty(),
            waiting(&[7], &[7]),
            Duration::from_secs(20),
            lands(),
        );
        assert_eq!(seen(&lost.next().await), [("user-7", UNPROVEN)]);
    }
}
