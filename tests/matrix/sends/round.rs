//! A round: everyone is sent one notification, until every delivery has ended.

use std::{cell::RefCell, collections::BTreeSet, time::Duration};

use anyhow::Context as _;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::SignedDuration;
use vestnik_clock::Clock as _;
use vestnik_model::{
    AudienceRequest, DeliveryId, DeliveryStatus, NotificationId, NotificationStatus, UserId,
    publish::StepRequest,
    route,
    view::{DeliveryView, List},
};
use vestnik_sim::{JournalEntry, RuleView};
use vestnik_testkit::{backend::to_user, wait::approached};

use super::{
    Run,
    check::{Answer, Ended, Request, beside_probes},
    open::{Open, Try},
};

/// The most recipients of one notification, all of whom the server expands at once.
const RECIPIENTS: usize = 100;
/// How far time goes beyond the next try, so that several are made together.
const BEYOND: SignedDuration = SignedDuration::from_secs(4);
/// After how many steps of time a round must be over.
const STEPS: usize = 500;
/// How many requests to the server are made at a time.
const AT_ONCE: usize = 8;

impl Run {
    /// Sends to everyone, and checks what came of it.
    pub(super) async fn round(&mut self, number: usize) -> anyhow::Result<()> {
        // A proof of death must be newer than the report of the address.
        self.stage.clock.advance(Duration::from_secs(1));
        let began = self.stage.clock.now();
        let rules = self.plan.rules(number, began);
        let until = rules.first().and_then(|rule| rule.matching.until);
        self.stage.simulator.set_faults(rules)?;
        let notifications = self.publish().await?;
        self.pass(&notifications).await?;
        let requests = self.requests();
        let ended = self.ended(&notifications).await?;
        let wrong = self.checker.round(&requests, &ended);
        self.figures.round(&requests, &ended, wrong);
        if let Some((service, until)) = self.plan.outage(number).zip(until) {
            let beside = beside_probes(&requests, service, until);
            self.figures.beside_probes(beside);
        }
        self.totals(&notifications, &ended).await?;
        self.bury(&ended);
        Ok(())
    }

    pub(super) async fn publish(&self) -> anyhow::Result<Vec<NotificationId>> {
        let everyone: Vec<_> = self.phones.keys().cloned().collect();
        self.publish_by(&everyone, None).await
    }

    /// Publishes to people; by these steps, if there are any.
    pub(super) async fn publish_by(
        &self,
        everyone: &[UserId],
        steps: Option<&[StepRequest]>,
    ) -> anyhow::Result<Vec<NotificationId>> {
        let mut ids = Vec::new();
        for users in everyone.chunks(RECIPIENTS) {
            let first = users.first().context("a part is not empty")?;
            let mut request = to_user(first, "one of many");
            request.steps = steps.map(<[StepRequest]>::to_vec);
            request.to = AudienceRequest {
                users: users.to_vec(),
                ..AudienceRequest::default()
            };
            ids.push(self.stage.server.backend.publish(&request).await?.id);
        }
        Ok(ids)
    }

    /// Lets time pass until every delivery has ended.
    pub(super) async fn pass(&self, notifications: &[NotificationId]) -> anyhow::Result<()> {
        for _ in 0..STEPS {
            let open = RefCell::new(Open::of(self.pending(notifications).await?));
            let standing = approached("the end of what is under way", async || {
                self.look(&open).await?;
                let standing = open.borrow().standing();
                if standing.moving > 0 || standing.next.is_some() {
                    return Ok((standing, standing.moving == 0));
                }
                let pending = self.pending(notifications).await?;
                let is_over = pending.is_empty();
                *open.borrow_mut() = Open::of(pending);
                Ok((standing, is_over))
            })
            .await?;
            let Some(next) = standing.next else {
                return Ok(());
            };
            let left = next.duration_since(self.stage.clock.now()) + BEYOND;
            self.stage.clock.advance(left.unsigned_abs());
        }
        anyhow::bail!("deliveries have not ended after {STEPS} steps of time")
    }

    /// Looks at some of the deliveries that were moving.
    async fn look(&self, open: &RefCell<Open>) -> anyhow::Result<()> {
        let now = self.stage.clock.now();
        let chosen = stream::iter(open.borrow_mut().choose());
        let asked = chosen.map(|id| async move { (id, self.stage.attempts(id).await) });
        let mut asked = asked.buffer_unordered(AT_ONCE);
        while let Some((id, attempts)) = asked.next().await {
            let last = Try::of(attempts?.last(), now);
            open.borrow_mut().learn(id, last);
        }
        Ok(())
    }

    async fn pending(&self, ids: &[NotificationId]) -> anyhow::Result<Vec<DeliveryId>> {
        let mut pending = Vec::new();
        for id in ids {
            let mut deliveries = self.deliveries(*id).await?;
            deliveries.retain(|delivery| delivery.status == DeliveryStatus::Pending);
            pending.extend(deliveries.into_iter().map(|delivery| delivery.id));
        }
        Ok(pending)
    }

    pub(super) async fn deliveries(&self, id: NotificationId) -> anyhow::Result<Vec<DeliveryView>> {
        let path = route::with(route::DELIVERIES, &id.to_string());
        let path = format!("{path}?limit={RECIPIENTS}");
        let page: List<DeliveryView> = self.stage.server.backend.get(&path).await?;
        anyhow::ensure!(page.next_cursor.is_none(), "a page has all recipients");
        Ok(page.data)
    }

    /// What the push services were asked in this round.
    fn requests(&mut self) -> Vec<Request> {
        let journal = self.stage.simulator.journal(self.seen);
        if let Some(last) = journal.last() {
            self.seen = last.number;
        }
        let rules = self.stage.simulator.faults();
        self.figures.faults(&rules);
        let requests = journal.iter().filter_map(|entry| request(entry, &rules));
        requests.collect()
    }

    async fn ended(&self, notifications: &[NotificationId]) -> anyhow::Result<Vec<Ended>> {
        let mut ended = Vec::new();
        for id in notifications {
            let deliveries = stream::iter(self.deliveries(*id).await?);
            let part = deliveries.map(|delivery| self.ended_one(delivery));
            let part: Vec<_> = part.buffer_unordered(AT_ONCE).try_collect().await?;
            ended.extend(part);
        }
        Ok(ended)
    }

    async fn ended_one(&self, delivery: DeliveryView) -> anyhow::Result<Ended> {
        let phone = self.phones.get(&delivery.user);
        let phone = phone.context("everyone has a phone")?;
        let attempts = self.stage.attempts(delivery.id).await?;
        Ok(Ended {
            device: phone.id.clone(),
            status: delivery.status,
            reason: delivery.reason.and_then(|reason| reason.known()),
            unproven: attempts.iter().map(|attempt| attempt.unproven).sum(),
        })
    }

    /// Compares the notifications' own figures with their deliveries.
    async fn totals(&mut self, ids: &[NotificationId], ended: &[Ended]) -> anyhow::Result<()> {
        let (mut sent, mut is_whole) = (0, true);
        for id in ids {
            let view = self.stage.server.backend.notification(*id).await?;
            sent += view.counts.sent;
            let is_over = [NotificationStatus::Sent, NotificationStatus::Error];
            is_whole &= is_over.into_iter().any(|status| view.status == status);
        }
        let is_sent = |one: &&Ended| one.status == DeliveryStatus::Sent;
        let counted = ended.iter().filter(is_sent).count();
        if u64::try_from(counted).ok() != Some(sent) {
            self.figures
                .broke(format!("{counted} deliveries are sent, counted {sent}"));
        }
        if !is_whole {
            self.figures
                .broke("a notification is neither sent nor in error".to_owned());
        }
        Ok(())
    }

    /// Takes away the phones whose addresses died.
    fn bury(&mut self, ended: &[Ended]) {
        let died = ended
            .iter()
            .filter(|one| one.status == DeliveryStatus::Undelivered);
        let died: BTreeSet<_> = died.map(|one| &one.device).collect();
        self.phones.retain(|_, phone| !died.contains(&phone.id));
    }
}

fn request(entry: &JournalEntry, rules: &[RuleView]) -> Option<Request> {
    let device = entry.device.clone()?;
    let answer = match entry.status {
        Some(200 | 201) => Answer::Taken,
        None => Answer::Cut,
        Some(404 | 410) => Answer::Gone,
        Some(400) if entry.reason.as_deref() == Some("80300007") => Answer::Gone,
        Some(status @ (429 | 503)) => Answer::Busy {
            seconds: entry.rule.and_then(|rule| pause(rules.get(rule)?)),
            altogether: status == 503,
        },
        Some(_) => Answer::Other,
    };
    Some(Request {
        at: entry.at,
        service: entry.service,
        device,
        answer,
    })
}

/// The pause that a rule asks for, in seconds.
fn pause(rule: &RuleView) -> Option<i64> {
    use vestnik_sim::Fault;
    let seconds = match &rule.rule.fault {
        Fault::Throttle { retry_after } | Fault::Status { retry_after, .. } => *retry_after,
        Fault::Reset { .. }
        | Fault::Goaway
        | Fault::Slow { .. }
        | Fault::DeadAt { .. }
        | Fault::Duplicate => None,
    };
    seconds.and_then(|seconds| seconds.try_into().ok())
}
