//! Deliveries, attempts, facts, counts.

use jiff::Timestamp;
use vestnik_model::{
    AppId, Channel, DeliveryId, DeliveryState, NotificationId, Open,
    contract::DeliveryChange,
    fact::FactResult,
    view::{AttemptView, DeliveryView, List, NotificationView},
};
use vestnik_rules::{
    cascade::Target,
    delivery::{self, advance},
    explain::Findings,
    gateway::PassedOver,
    identity::attempt_id,
    receipt::Reporter,
    settle::is_watched_out,
};

use super::{
    MemoryStore,
    attempt::of_delivery,
    attempt::{attempt, confirm},
    evidence,
    findings::{findings, not_shown},
    page::list,
    report,
    row::{NotificationKey, UserKey},
    txn::Txn,
    world::World,
};
use crate::{
    Answer, DeliveryPlace, Ledger, NotificationPlace, PageQuery,
    effect::Effect,
    ledger::{Confirmed, FactReport, FindingsQuery, HandOver, HandOvers, WatchQuery, Watched},
};

impl Ledger for MemoryStore {
    fn hand_over(&self, handed: HandOvers) -> Answer<'_, ()> {
        let at = handed.batch.iter().map(|one| one.at).max();
        self.write(at.unwrap_or(Timestamp::UNIX_EPOCH), move |txn| {
            for hand_over in &handed.batch {
                hand_over_one(txn, hand_over, (&handed.seed, handed.now));
            }
            Ok(())
        })
    }

    fn report(&self, report: FactReport) -> Answer<'_, Option<Vec<FactResult>>> {
        self.write(report.now, move |txn| Ok(report::take(txn, &report)))
    }

    fn confirm(&self, batch: Vec<Confirmed>) -> Answer<'_, ()> {
        self.write(Timestamp::UNIX_EPOCH, move |txn| {
            for confirmed in &batch {
                confirm(&mut txn.world, confirmed);
            }
            Ok(())
        })
    }

    fn notification(&self, app: AppId, id: NotificationId) -> Answer<'_, Option<NotificationView>> {
        self.read(move |world| world.notification(&app, id).map(|(_, row)| row.view()))
    }

    fn notifications(
        &self,
        app: AppId,
        page: PageQuery<NotificationPlace>,
    ) -> Answer<'_, List<NotificationView>> {
        self.read(move |world| notifications(world, &app, &page))
    }

    fn watched(&self, watch: WatchQuery) -> Answer<'_, Option<Watched>> {
        self.read(move |world| watched(world, &watch))
    }

    fn deliveries(
        &self,
        app: AppId,
        id: NotificationId,
        page: PageQuery<DeliveryPlace>,
    ) -> Answer<'_, Option<List<DeliveryView>>> {
        self.read(move |world| {
            let (key, _) = world.notification(&app, id)?;
            Some(deliveries(world, (key, id), &page))
        })
    }

    fn delivery(&self, app: AppId, id: DeliveryId) -> Answer<'_, Option<DeliveryView>> {
        self.read(move |world| view(world, find(world, &app, id)?))
    }

    fn attempts(&self, app: AppId, id: DeliveryId) -> Answer<'_, Option<Vec<AttemptView>>> {
        self.read(move |world| Some(attempts(world, find(world, &app, id)?, id)))
    }

    fn findings(&self, asked: FindingsQuery) -> Answer<'_, Option<Findings>> {
        self.read(move |world| findings(world, &asked))
    }
}

/// A delivery of an App whose notification was not forgotten.
pub(super) fn find(
    world: &World,
    app: &AppId,
    id: DeliveryId,
) -> Option<(NotificationKey, UserKey)> {
    let key = *world.delivery_ids.get(&id)?;
    let row = world.notifications.get(&key.0)?;
    (row.app == *app && !row.is_forgotten).then_some(key)
}

/// What a sender sees of a delivery; `None` while its user is being erased.
fn view(world: &World, key: (NotificationKey, UserKey)) -> Option<DeliveryView> {
    let row = world.deliveries.get(&key)?;
    let DeliveryState {
        status,
        reason,
        late,
        double_contact,
        channel,
        engagement,
        sent_at,
        delivered_at,
        read_at,
    } = row.state.clone();
    let notification = world.notifications.get(&key.0)?;
    let step = row.course.map(|course| course.step);
    Some(DeliveryView {
        id: row.id,
        notification_id: notification.notification.id,
        user: world.users.get(&key.1)?.name.clone()?,
        status,
        reason,
        late,
        double_contact,
        channel: channel.map(Into::into),
        step,
        step_channel: step
            .and_then(|step| notification.steps.get(step))
            .map(|step| step.channel.into()),
        switched: row
            .course
            .and_then(|course| course.switched)
            .map(Into::into),
        engagement: engagement.into_iter().collect(),
        sent_at,
        delivered_at,
        read_at,
    })
}

fn hand_over_one(txn: &mut Txn, hand_over: &HandOver, (seed, now): (&[u8; 32], Timestamp)) {
    let Some(key) = find(&txn.world, &hand_over.app, hand_over.delivery) else {
        return;
    };
    let is_of = txn.world.user_key(&hand_over.app, &hand_over.user) == Some(key.1);
    let Some(row) = txn.world.deliveries.get_mut(&key).filter(|_| is_of) else {
        return;
    };
    let advanced = advance(
        row.state.clone(),
        delivery::Event::HandedOver(Channel::Hub),
        hand_over.at,
    );
    row.state = advanced.state.clone();
    txn.moved(key, &advanced.state, advanced.moved);
    let by = Reporter {
        installation: hand_over.installation,
        now,
    };
    evidence::take(txn, (key, by), seed, |world| {
        attempt(world, key, hand_over.installation, hand_over.at);
    });
}

fn notifications(
    world: &World,
    app: &AppId,
    page: &PageQuery<NotificationPlace>,
) -> List<NotificationView> {
    let before = page.after.map_or(NotificationKey::MAX, |place| place.row);
    let rows = world.notifications.range(..before).rev();
    let shown = rows.filter(|(_, row)| row.app == *app && !row.is_forgotten);
    let views = shown.map(|(key, row)| (NotificationPlace { row: *key }, row.view()));
    list(views, page.limit)
}

fn deliveries(
    world: &World,
    (key, notification): (NotificationKey, NotificationId),
    page: &PageQuery<DeliveryPlace>,
) -> List<DeliveryView> {
    let rows = world.deliveries_after(key, page.after.map(|place| place.user));
    let views = rows.filter_map(|(user, _)| {
        let place = DeliveryPlace { notification, user };
        Some((place, view(world, (key, user))?))
    });
    list(views, page.limit)
}

fn attempts(
    world: &World,
    (notification, user): (NotificationKey, UserKey),
    delivery: DeliveryId,
) -> Vec<AttemptView> {
    let Some(row) = world.deliveries.get(&(notification, user)) else {
        return Vec::new();
    };
    let status = row.state.status;
    let unshown = not_shown(world, (notification, user));
    let unshown = |target: &Target| {
        let said = unshown.get(&target.installation()?)?;
        Some(Open::read(&said.reason))
    };
    let mut views: Vec<_> = of_delivery(world, (notification, user))
        .map(|((_, _, target), row)| (target, row, row.attempt.clone().seen_of(status)))
        .map(|(target, row, attempt)| AttemptView {
            id: attempt_id(delivery, *target),
            delivery_id: delivery,
            installation_id: target.installation(),
            channel: target.channel().into(),
            status: attempt.state.seen(row.proven_at(), row.read_at).into(),
            reason: attempt.reason.map(Into::into),
            tries: attempt.tries,
            unproven: attempt.unproven,
            said: row.said.clone(),
            provider: row.provider.map(|name| name.to_string()),
            passed_over: row.passed_over.iter().map(PassedOver::view).collect(),
            until: attempt.until,
            started_at: row.started_at,
            delivered_at: row.proven_at(),
            read_at: row.read_at,
            not_shown: unshown(target),
            cost: row.cost.clone(),
        })
        .collect();
    views.sort_by_key(|view| (view.started_at, view.id));
    views
}

fn watched(world: &World, watch: &WatchQuery) -> Option<Watched> {
    let (key, row) = world.notification(&watch.app, watch.id)?;
    let changed = watch.after.map(|after| changed_after(world, watch, after));
    let changed = changed.unwrap_or_default().into_iter();
    Some(Watched {
        version: row.version,
        status: row.status(),
        is_recalled: row.is_recalled,
        counts: row.counts,
        warnings: row.warnings(),
        deliveries: changed
            .filter_map(|id| {
                let (of, user) = *world.delivery_ids.get(&id)?;
                let view = view(world, (of, user)).filter(|_| of == key)?;
                Some(DeliveryChange {
                    id,
                    user: view.user,
                    status: view.status,
                    reason: view.reason,
                    late: view.late,
                })
            })
            .collect(),
        is_over: is_watched_out(&row.outlook(), watch.now),
    })
}

/// The deliveries that changed after a version, each once, oldest change first; when there are more
/// than the limit, the latest.
fn changed_after(world: &World, watch: &WatchQuery, after: u64) -> Vec<DeliveryId> {
    let mut changed = Vec::new();
    let newer = world.events.range(after.saturating_add(1)..).rev();
    for (_, event) in newer {
        let Effect::NotificationChanged {
            notification,
            deliveries,
            reached: _,
            became: _,
        } = &event.effect
        else {
            continue;
        };
        for delivery in deliveries.iter().filter(|_| *notification == watch.id) {
            if !changed.contains(&delivery.id) {
                changed.push(delivery.id);
            }
        }
    }
    changed.truncate(watch.limit as usize);
    changed.reverse();
    changed
}
