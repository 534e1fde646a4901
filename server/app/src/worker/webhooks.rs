//! The loop that sends Apps' events to their webhooks: claim a webhook's row, read events behind its cursor,
//! send one after the other, note after each how far it is.
//!
//! Each turn of a webhook is a task of its own, and there is room for every webhook of an App at a time: a
//! receiver that is slow holds up itself. A turn is bounded in events and in time, and ends before its
//! lease does.

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::FutureExt as _;
use jiff::Timestamp;
use tokio::task::JoinSet;
use vestnik_clock::{Clock, Monotonic};
use vestnik_model::{AppId, EventData, EventId, EventKind, EventView, Open, WebhookId};
use vestnik_rules::{
    webhook::{Note, State, Tried, Verdict, Webhook, gap_id, missed},
    work::{Claim, LEASE, WorkKind},
};
use vestnik_store::{
    Store, StoreError,
    events::Asked,
    webhooks::{Known, Noting},
};

use super::{
    loops::Loops,
    run::{Round, Rows, until},
};
use crate::{
    channel::webhook::{PATIENCE, REQUESTS, WebhookSender},
    config::MAX_WEBHOOKS,
    metrics::Metrics,
    operation::event_views,
    refusal::chain,
};

/// The most events of a turn: what waits behind them has its next turn behind others of the App.
const EVENTS: u32 = 100;
/// After this time a turn sends nothing more.
const TURN: Duration = Duration::from_secs(10);
/// The most rows of the event table that are read at once, and the deliveries with which a page ends.
const ROWS: u32 = 100;
/// How often it is tried again to note what a receiver took.
const NOTE_TRIES: u32 = 5;
/// How long the loop waits when rows cannot be claimed.
const PAUSE: Duration = Duration::from_millis(500);

const _: () = assert!(TURN.as_secs() + PATIENCE.as_secs() < LEASE.as_secs().unsigned_abs());

/// Sends events to webhooks. Cheap to clone.
#[derive(Clone)]
pub(crate) struct WebhookLoop {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sender: WebhookSender,
    pub(crate) loops: Arc<Loops>,
    pub(crate) metrics: Arc<Metrics>,
    /// How many turns each App has.
    pub(crate) turns: Arc<Mutex<BTreeMap<AppId, usize>>>,
}

/// A turn of an App, counted while it lives.
struct Place {
    app: AppId,
    turns: Arc<Mutex<BTreeMap<AppId, usize>>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = turns.get_mut(&self.app) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                turns.remove(&self.app);
            }
        }
    }
}

impl WebhookLoop {
    /// Works until it is dropped.
    pub(crate) async fn run(self) {
        let mut tasks = JoinSet::new();
        let mut round = Round::default();
        let Some(state) = self.loops.of(WorkKind::Webhook) else {
            return;
        };
        loop {
            while tasks.try_join_next().is_some() {}
            let free = REQUESTS.saturating_sub(tasks.len());
            let sleep = match self.claim(free, &mut round, &mut tasks).await {
                Ok(sleep) => sleep,
                Err(error) => {
                    state.failed();
                    let error = chain(&error);
                    tracing::warn!(error, "webhooks cannot be claimed");
                    PAUSE
                }
            };
            state.turned(self.clock.monotonic());
            tokio::select! {
                () = state.due.notified() => {}
                _ = tasks.join_next(), if !tasks.is_empty() => {}
                () = tokio::time::sleep(sleep) => {}
            }
        }
    }

    /// Claims what is due, as far as there is room, and starts a task for each row. Gives how long
    /// nothing else is due.
    async fn claim(
        &self,
        free: usize,
        round: &mut Round,
        tasks: &mut JoinSet<()>,
    ) -> Result<Duration, StoreError> {
        let now = self.clock.now();
        let due = self.store.next_due(WorkKind::Webhook).await?;
        if free == 0 || due.is_none_or(|due| due > now) {
            return Ok(until(due, now));
        }
        let limit = u32::try_from(free).unwrap_or(u32::MAX);
        let asked = round.query(WorkKind::Webhook, self.full(), limit, now);
        let claimed = self.store.claim(asked).await?;
        let goes_on = round.goes_on(&claimed);
        for claim in claimed.claims {
            let (with, place) = (self.clone(), self.place(&claim.app));
            tasks.spawn(async move { with.part(claim, place).await });
        }
        Ok(if goes_on { Duration::ZERO } else { PAUSE })
    }

    /// The Apps that have as many turns as webhooks. A disabled webhook has none, so others find room.
    fn full(&self) -> Vec<AppId> {
        let turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let full = turns
            .iter()
            .filter(|(_, count)| **count >= MAX_WEBHOOKS as usize);
        full.map(|(app, _)| app.clone()).collect()
    }

    fn place(&self, app: &AppId) -> Place {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        *turns.entry(app.clone()).or_default() += 1;
        Place {
            app: app.clone(),
            turns: Arc::clone(&self.turns),
        }
    }

    /// Does one turn. A failure is the row's alone.
    async fn part(self, claim: Claim, _place: Place) {
        let Some(state) = self.loops.of(WorkKind::Webhook) else {
            return;
        };
        let done = AssertUnwindSafe(self.turn(&claim)).catch_unwind().await;
        let rows = Rows {
            work: &*self.store,
            clock: &*self.clock,
            state,
        };
        if rows.settled(claim, done).await.is_some() {
            state.did_part();
            state.due.notify_one();
        }
    }

    async fn turn(&self, claim: &Claim) -> Result<(), StoreError> {
        let Some(known) = self.store.webhook_turn(claim.clone()).await? else {
            return Ok(());
        };
        let turn = Turn {
            with: self,
            claim,
            webhook: &known.webhook,
            began: self.clock.monotonic(),
            sent: 0,
        };
        turn.go(&known).await
    }
}

/// A webhook's turn.
struct Turn<'a> {
    with: &'a WebhookLoop,
    claim: &'a Claim,
    webhook: &'a Webhook,
    began: Monotonic,
    /// Events that were sent.
    sent: u32,
}

/// How an event left the turn.
enum After {
    /// The next one follows, behind this one.
    Next,
    /// The turn is over: the receiver did not take it, or the row is another's.
    Over,
}

impl Turn<'_> {
    /// Sends what is behind the cursor, in order.
    async fn go(mut self, known: &Known) -> Result<(), StoreError> {
        let mut after = known.webhook.state.cursor;
        if let Some(up_to) = known.missed {
            let told = gap(self.webhook.id, (after, up_to), self.with.clock.now());
            match self.send(&told, up_to, None).await? {
                After::Over => return Ok(()),
                After::Next => after = up_to,
            }
        }
        while !self.is_over() {
            let asked = Asked {
                app: self.claim.app.clone(),
                from: after.next_number(),
                rows: ROWS,
                deliveries: ROWS,
            };
            let page = self.with.store.happened(asked).await?;
            // Events were deleted since the turn began: the next one tells that.
            if missed(after, page.swept).is_some() {
                break;
            }
            let Some(seen) = page.seen else { break };
            let views = page.rows.into_iter().flat_map(event_views);
            for view in views.filter(|view| view.id > after).collect::<Vec<_>>() {
                if !self.wants(&view) {
                    after = view.id;
                    continue;
                }
                if self.is_over() {
                    return self.rest(after).await;
                }
                let passed = Some(after);
                match self.send(&view, view.id, passed).await? {
                    After::Over => return Ok(()),
                    After::Next => after = view.id,
                }
            }
            after = after.max(EventId::of(seen));
        }
        self.rest(after).await
    }

    fn is_over(&self) -> bool {
        let now = self.with.clock.monotonic();
        self.sent >= EVENTS || now.saturating_since(self.began) >= TURN
    }

    fn wants(&self, view: &EventView) -> bool {
        let kind = view.kind.known();
        kind.is_none_or(|kind| self.webhook.wants(kind))
    }

    /// Sends an event and notes what became of it, and of those before it. The cursor moves to its place.
    async fn send(
        &mut self,
        view: &EventView,
        place: EventId,
        passed: Option<EventId>,
    ) -> Result<After, StoreError> {
        self.sent += 1;
        let sent = self.with.sender.send(&self.webhook.target, view).await;
        let is_taken = sent.verdict == Verdict::Taken;
        let tried = Tried {
            event: place,
            verdict: sent.verdict,
            answer: sent.answer,
        };
        let note = Note {
            passed,
            tried: Some(tried),
            random: self.random(),
        };
        let state = self.note(note, is_taken).await?;
        if let Some((reason, _)) = state.as_ref().and_then(|state| state.disabled) {
            self.with.metrics.disabled_webhook();
            let (id, reason) = (self.webhook.id, reason.as_str());
            tracing::warn!(%id, app = %self.claim.app, reason, "a webhook was disabled");
        }
        Ok(if is_taken && state.is_some() {
            After::Next
        } else {
            After::Over
        })
    }

    /// Ends the turn behind an event.
    async fn rest(&self, passed: EventId) -> Result<(), StoreError> {
        let note = Note {
            passed: Some(passed),
            tried: None,
            random: self.random(),
        };
        self.note(note, false).await.map(drop)
    }

    /// Notes something, again and again while the store cannot: what a receiver took should not be sent
    /// again.
    async fn note(&self, note: Note, goes_on: bool) -> Result<Option<State>, StoreError> {
        let noting = Noting {
            claim: self.claim.clone(),
            note,
            goes_on,
            now: self.with.clock.now(),
        };
        let mut left = NOTE_TRIES;
        loop {
            match self.with.store.note_webhook(noting.clone()).await {
                Err(error) if left > 0 && error != StoreError::Closed => {
                    left -= 1;
                    let error = chain(&error);
                    tracing::warn!(error, "what became of an event is noted later");
                    tokio::time::sleep(PAUSE).await;
                }
                noted => return noted,
            }
        }
    }

    fn random(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.with.clock.random();
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

/// Tells a webhook that events behind one and up to another are kept no longer.
fn gap(webhook: WebhookId, (after, up_to): (EventId, EventId), now: Timestamp) -> EventView {
    EventView {
        id: gap_id(webhook, after, up_to),
        kind: Open::Known(EventKind::WebhookGap),
        timestamp: now,
        data: EventData {
            missed_after: Some(after),
            missed_up_to: Some(up_to),
            ..EventData::default()
        },
    }
}
