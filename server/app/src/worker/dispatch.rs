//! The loop that sends deliveries: claim a notification's row, begin its tries, send them, settle.
//!
//! Other loops do one transaction for each part; this one waits for push services between two. So its
//! parts are tasks of their own, no claim is held while they wait, and answers are noted as they come: a
//! slow service holds up the deliveries that it is asked to take and no others. An App has a few tries
//! at a time ([`Flight`]), so that one whose services are slow leaves room for others.
//!
//! # What is known of a try without an answer
//! Nobody waits for an answer longer than the lease of its try allows. A try that is given up then is unproven
//! only if its service may have it: the channel notes what it writes ([`Writing`]). One that was begun so late
//! that its answer could not be waited for is not sent at all. Only the tries of a process that ended are
//! unproven whatever they had written: nobody settles them, and their leases end. Letters wait here for their turn
//! at the mail server, and are no such tries before they have it ([`Dispatch::start_try`]).
//!
//! [`Dispatch::start_try`]: vestnik_store::Dispatch::start_try

use std::{collections::BTreeMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::{
    FutureExt as _,
    future::{OptionFuture, join},
    stream::FuturesUnordered,
};
use jiff::SignedDuration;
use vestnik_model::{AppId, NotificationId};
use vestnik_outbound::Writing;
use vestnik_rules::{
    patience::{LETTER_LEASE, Patience, RESERVE, unsent, wait},
    work::{Claim, LEASE, Progress, WorkKind},
};
use vestnik_store::{
    StoreError,
    dispatch::{Begun, Dispatched, Recipient, Settling, Tried},
    work::Part,
};

use super::{
    answers::{Answers, Waiting},
    flight::{Flight, ROWS, Room, Turn},
    loops::{Loop, Loops},
    run::{Round, Rows, fraction, until},
};
use crate::{
    channel::{
        Accounts, ONE_DELIVERY, ONE_LETTER, ONE_MESSAGE, ONE_REQUEST, ONE_SHORT_MESSAGE, Sender,
    },
    refusal::chain,
};

/// How often it is tried again to note what became of tries.
const SETTLE_TRIES: u32 = 10;
/// How long the loop waits when rows cannot be claimed.
const PAUSE: Duration = Duration::from_millis(500);

// A request has its answer, or has none in time, before the try is given up.
const _: () = assert!(fits(ONE_REQUEST, Patience::PUSH, LEASE));
const _: () = assert!(fits(ONE_DELIVERY, Patience::PUSH, LEASE));
const _: () = assert!(fits(ONE_MESSAGE, Patience::PUSH, LEASE));
const _: () = assert!(fits(ONE_SHORT_MESSAGE, Patience::PUSH, LEASE));
const _: () = assert!(fits(ONE_LETTER, Patience::LETTER, LETTER_LEASE));

/// Whether a try that takes so long is waited for, and that within its lease.
const fn fits(one: Duration, patience: Patience, lease: SignedDuration) -> bool {
    one.as_secs() < patience.most.as_secs().unsigned_abs()
        && patience.most.as_secs() + RESERVE.as_secs() <= lease.as_secs()
}

/// Sends deliveries. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Dispatcher {
    pub(crate) sender: Sender,
    pub(crate) loops: Arc<Loops>,
    pub(crate) flight: Arc<Flight>,
}

/// Whose tries are sent.
#[derive(Debug)]
struct Whose {
    app: AppId,
    notification: NotificationId,
    /// The row of work.
    row: u64,
    accounts: Accounts,
}

/// Tries that are sent together. Letters are not sent with pushes and requests to backends: their answers may
/// take minutes.
#[derive(Debug)]
struct Batch {
    whose: Arc<Whose>,
    begun: Vec<Begun>,
    patience: Patience,
    room: Room,
}

impl Dispatcher {
    /// Claims and begins until it is dropped. What was begun goes on: see [`Flight::land`].
    pub(crate) async fn run(self) {
        let mut round = Round::default();
        let Some(state) = self.loops.of(WorkKind::Dispatch) else {
            return;
        };
        loop {
            let sleep = match self.turn(&mut round).await {
                Ok(sleep) => sleep,
                Err(error) => {
                    state.failed();
                    let error = chain(&error);
                    tracing::warn!(error, "deliveries cannot be claimed");
                    PAUSE
                }
            };
            state.turned(self.sender.clock.monotonic());
            tokio::select! {
                () = state.due.notified() => {}
                () = self.flight.has_room.notified() => {}
                () = tokio::time::sleep(sleep) => {}
            }
        }
    }

    /// Claims what is due, as far as there is room, and starts a task for each row. Gives how long
    /// nothing else is due.
    async fn turn(&self, round: &mut Round) -> Result<Duration, StoreError> {
        let store = &self.sender.store;
        let (due, now) = (
            store.next_due(WorkKind::Dispatch).await?,
            self.sender.clock.now(),
        );
        let parts = self.flight.room();
        if parts == 0 || due.is_none_or(|due| due > now) {
            return Ok(until(due, now));
        }
        let asked = round.query(WorkKind::Dispatch, self.flight.full(), parts, now);
        let claimed = store.claim(asked).await?;
        let goes_on = round.goes_on(&claimed);
        for claim in claimed.claims {
            let (dispatcher, room) = (self.clone(), Room::take(&self.flight, &claim.app));
            let part = async move { dispatcher.part(claim, room).await };
            self.flight.parts.spawn(part);
        }
        Ok(if goes_on { Duration::ZERO } else { PAUSE })
    }

    /// Does one part: begins tries, and sends them. A failure is the row's alone.
    async fn part(self, claim: Claim, mut room: Room) {
        let Some(state) = self.loops.of(WorkKind::Dispatch) else {
            return;
        };
        let app = claim.app.clone();
        let rows = Rows {
            work: &*self.sender.store,
            clock: &*self.sender.clock,
            state,
        };
        let (row, turn) = (claim.id, Turn::at(&self.flight, claim.id).await);
        let begun = AssertUnwindSafe(self.begin(&claim)).catch_unwind().await;
        let Some((accounts, Dispatched { begun, progress })) = rows.settled(claim, begun).await
        else {
            return;
        };
        state.did_part();
        room.fit(begun.len());
        if progress == Progress::More {
            state.due.notify_one();
        }
        let Some(notification) = begun.first().map(|begun| begun.notification.id) else {
            return;
        };
        let whose = Arc::new(Whose {
            app,
            notification,
            row,
            accounts,
        });
        let (letters, pushes): (Vec<_>, Vec<_>) = begun.into_iter().partition(is_letter);
        let (turn, own) = (Arc::new(turn), room.split(letters.len()));
        for (begun, patience, room) in [
            (letters, Patience::LETTER, own),
            (pushes, Patience::PUSH, room),
        ] {
            let batch = Batch {
                whose: Arc::clone(&whose),
                begun,
                patience,
                room,
            };
            let (dispatcher, turn) = (self.clone(), Arc::clone(&turn));
            let sending = async move { dispatcher.batch(batch, turn).await };
            self.flight.parts.spawn(sending);
        }
    }

    /// Sends tries, and notes what became of them.
    async fn batch(self, batch: Batch, turn: Arc<Turn>) {
        let Some(state) = self.loops.of(WorkKind::Dispatch) else {
            return;
        };
        let sending = self.send_all(batch, turn);
        match AssertUnwindSafe(sending).catch_unwind().await {
            Ok(Ok(()) | Err(StoreError::Closed)) => {}
            Ok(Err(error)) => lost(state, &chain(&error)),
            Err(_) => {
                state.panicked();
                lost(state, "it panicked");
            }
        }
    }

    async fn begin(&self, claim: &Claim) -> Result<(Accounts, Dispatched), StoreError> {
        let (store, clock) = (&self.sender.store, &self.sender.clock);
        // The time is read first: a try that seems to have begun after credentials were set has those.
        let part = Part {
            now: clock.now(),
            claim: claim.clone(),
            rows: u32::try_from(ROWS).unwrap_or(u32::MAX),
            seed: clock.random(),
        };
        let accounts = self.sender.accounts(&claim.app).await?;
        Ok((accounts, store.dispatch(part).await?))
    }

    /// Sends tries together, and notes their answers as they come: while some are written, others are
    /// waited for.
    async fn send_all(
        &self,
        Batch {
            whose,
            begun,
            patience,
            mut room,
        }: Batch,
        turn: Arc<Turn>,
    ) -> Result<(), StoreError> {
        if begun.is_empty() {
            return Ok(());
        }
        let leases = begun.iter().map(|begun| begun.lease_until);
        let Some(patience) = wait(leases, patience, self.sender.clock.now()) else {
            let (count, notification) = (begun.len(), whose.notification);
            tracing::warn!(count, %notification, "tries were begun too late to be sent");
            return self.settle(&whose, self.unsent(&begun)).await;
        };
        drop(turn);
        let (accounts, lands) = (&whose.accounts, self.flight.lands.clone());
        let (mut waiting, sending) = (BTreeMap::new(), FuturesUnordered::new());
        for begun in begun {
            let (attempt, tried) = (begun.attempt, self.sender.unanswered(&begun));
            let writing = Writing::default();
            waiting.insert(
                attempt,
                Waiting {
                    tried,
                    writing: writing.clone(),
                },
            );
            sending.push(async move {
                let sent = self.sender.send(accounts, begun, &writing).await;
                (attempt, sent)
            });
        }
        let patience = Duration::try_from(patience).unwrap_or_default();
        let mut answers = Answers::new(sending, waiting, patience, lands);
        let mut answered = answers.next().await;
        while !answered.is_empty() {
            let are_given_up = answers.are_given_up();
            let settling = async {
                // Their leases may end before this is noted.
                let turn = are_given_up.then(|| Turn::at(&self.flight, whose.row));
                let _turn = OptionFuture::from(turn).await;
                self.settle(&whose, answered).await
            };
            let (settled, next) = join(settling, answers.next()).await;
            settled?;
            room.fit(answers.waiting() + next.len());
            answered = next;
        }
        Ok(())
    }

    /// Tries that are not sent.
    fn unsent(&self, begun: &[Begun]) -> Vec<Tried> {
        let tried = begun.iter().map(|begun| self.sender.unanswered(begun));
        let unsent = tried.map(|tried| Tried {
            outcome: unsent(),
            ..tried
        });
        unsent.collect()
    }

    /// Notes what became of tries, again and again while the store cannot: what a service is proven to
    /// have taken must not be sent again.
    async fn settle(&self, whose: &Whose, tried: Vec<Tried>) -> Result<(), StoreError> {
        let clock = &self.sender.clock;
        let mut settling = Settling {
            app: whose.app.clone(),
            notification: whose.notification,
            tried,
            random: fraction(clock.random()),
            now: clock.now(),
        };
        let mut left = SETTLE_TRIES;
        loop {
            match self.sender.store.settle(settling.clone()).await {
                Err(error) if left > 0 && error != StoreError::Closed => {
                    left -= 1;
                    let error = chain(&error);
                    tracing::warn!(error, "what became of pushes is noted later");
                    tokio::time::sleep(PAUSE).await;
                    settling.now = clock.now();
                }
                settled => return settled.map(drop),
            }
        }
    }
}

const fn is_letter(begun: &Begun) -> bool {
    match begun.recipient {
        Recipient::Device { .. } | Recipient::Backend | Recipient::Gateway { .. } => false,
        Recipient::Mailbox { .. } => true,
    }
}

fn lost(state: &Loop, reason: &str) {
    state.failed();
    tracing::warn!(
        reason,
        "what became of pushes could not be noted: they are sent again"
    );
}

#[cfg(test)]
mod tests;
