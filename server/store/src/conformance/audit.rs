//! What holds of a whole store at the end of each case.

use std::collections::BTreeMap;

use vestnik_model::{
    AppId, Channel, Counts, DeliveryStatus, Engagement, Open, Reason,
    view::{DeliveryView, NotificationView},
};

use super::name::{bank, page, shop};
use crate::{
    Store,
    effect::{ChangedDelivery, Effect, Event},
};

/// Nothing is wrong inside, counts equal a recount, and the event rows are the effects that were
/// emitted.
pub(super) async fn is_sound(store: &dyn Store, emitted: &[Event], has_erased: bool) {
    assert_eq!(store.check_integrity().await, Ok(Vec::new()));
    for app in [shop(), bank()] {
        for view in all(store, &app).await {
            let recount = recount(store, &app, &view).await;
            assert_eq!(view.counts, recount, "the counts of {}", view.id);
            let by_channel = recount_by_channel(store, &app, &view).await;
            assert_eq!(view.counts_by_channel, by_channel, "{}", view.id);
        }
    }
    numbers_never_fall(emitted);
    rows_match(store, emitted, has_erased).await;
}

async fn all(store: &dyn Store, app: &AppId) -> Vec<NotificationView> {
    let list = store.notifications(app.clone(), page(None, 10_000));
    list.await.unwrap().data
}

async fn recount(store: &dyn Store, app: &AppId, view: &NotificationView) -> Counts {
    let list = store.deliveries(app.clone(), view.id, page(None, 10_000));
    counted(list.await.unwrap().unwrap().data)
}

async fn recount_by_channel(
    store: &dyn Store,
    app: &AppId,
    view: &NotificationView,
) -> BTreeMap<Open<Channel>, Counts> {
    let list = store.deliveries(app.clone(), view.id, page(None, 10_000));
    let mut by_channel = BTreeMap::<_, Vec<_>>::new();
    for delivery in list.await.unwrap().unwrap().data {
        if let Some(channel) = delivery.channel.clone() {
            by_channel.entry(channel).or_default().push(delivery);
        }
    }
    let counts = by_channel.into_iter();
    counts
        .map(|(channel, all)| (channel, counted(all)))
        .collect()
}

fn counted(deliveries: Vec<DeliveryView>) -> Counts {
    let mut counts = Counts::default();
    for delivery in deliveries {
        let reason = delivery.reason.as_ref().and_then(Open::known);
        let is_unconfirmed = reason.is_some_and(Reason::is_after_hand_over);
        let count = match delivery.status {
            DeliveryStatus::Pending => &mut counts.pending,
            DeliveryStatus::Sent => &mut counts.sent,
            DeliveryStatus::Delivered => &mut counts.delivered,
            DeliveryStatus::Read => &mut counts.read,
            DeliveryStatus::Suppressed => &mut counts.suppressed,
            DeliveryStatus::Failed => &mut counts.failed,
            DeliveryStatus::Undelivered if is_unconfirmed => &mut counts.unconfirmed,
            DeliveryStatus::Undelivered => &mut counts.undelivered,
            DeliveryStatus::Expired => &mut counts.expired,
            DeliveryStatus::Cancelled => &mut counts.cancelled,
            DeliveryStatus::Scheduled => &mut counts.scheduled,
        };
        *count += 1;
        counts.double_contact += u64::from(delivery.double_contact);
        counts.late += u64::from(delivery.late);
        let used = [Engagement::Clicked, Engagement::Actioned];
        let is_used = used.iter().any(|used| delivery.engagement.contains(used));
        counts.clicked += u64::from(is_used);
    }
    counts
}

/// Numbers never fall, and no two effects with a row share one.
fn numbers_never_fall(emitted: &[Event]) {
    let numbers: Vec<_> = emitted.iter().map(|event| event.number).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    let rows: Vec<_> = emitted
        .iter()
        .filter(has_row)
        .map(|row| row.number)
        .collect();
    let is_strict = rows.windows(2).all(|pair| pair[0] < pair[1]);
    assert!(is_strict, "{rows:?}");
}

fn has_row(event: &&Event) -> bool {
    match event.effect {
        Effect::NotificationChanged { .. }
        | Effect::Responded { .. }
        | Effect::Told(_)
        | Effect::Revoked(_) => true,
        Effect::LogGrew { .. } | Effect::Stopped { .. } | Effect::WorkDue { .. } => false,
    }
}

/// Each row was emitted, and each effect has its row unless what it is about was deleted.
async fn rows_match(store: &dyn Store, emitted: &[Event], has_erased: bool) {
    let emitted: BTreeMap<_, _> = emitted
        .iter()
        .filter(has_row)
        .map(|event| (event.number, event))
        .collect();
    let rows = store.events(0, 100_000).await.unwrap();
    for row in &rows {
        let known = emitted.get(&row.number).expect("an event was not emitted");
        assert_eq!((&row.app, row.at), (&known.app, known.at));
        if !has_erased {
            assert_eq!(told(row), told(known));
        }
    }
    let rows: BTreeMap<_, _> = rows.iter().map(|row| (row.number, row)).collect();
    let lost = emitted
        .values()
        .filter(|event| !rows.contains_key(&event.number));
    for event in lost {
        let is_of_user = matches!(&event.effect, Effect::Told(told) if told.user().is_some());
        let is_gone = (is_of_user && has_erased) || is_gone(store, event).await;
        assert!(is_gone, "no row of {event:?}");
    }
}

/// What an event tells, apart from what only the metrics count.
fn told(event: &Event) -> String {
    match &event.effect {
        Effect::NotificationChanged {
            notification,
            deliveries,
            reached: _,
            became,
        } => {
            let one = |one: &ChangedDelivery| format!("{} {} {:?}", one.id, one.user, one.summary);
            let mut deliveries: Vec<_> = deliveries.iter().map(one).collect();
            deliveries.sort();
            format!("{notification}: {deliveries:?} {became:?}")
        }
        Effect::Responded {
            notification,
            responded,
        } => format!("{notification}: {responded:?}"),
        Effect::Told(told) => format!("{told:?}"),
        Effect::Revoked(revocation) => format!("{revocation:?}"),
        Effect::LogGrew { .. } | Effect::Stopped { .. } | Effect::WorkDue { .. } => {
            "no row".to_owned()
        }
    }
}

async fn is_gone(store: &dyn Store, event: &Event) -> bool {
    match &event.effect {
        Effect::Responded { responded, .. } => {
            let view = store.delivery(event.app.clone(), responded.delivery);
            view.await.unwrap().is_none()
        }
        Effect::NotificationChanged { notification, .. } => {
            let view = store.notification(event.app.clone(), *notification);
            view.await.unwrap().is_none()
        }
        Effect::Told(told) => match told.notification() {
            Some(id) => {
                let view = store.notification(event.app.clone(), id);
                view.await.unwrap().is_none()
            }
            None => false,
        },
        Effect::Revoked(_)
        | Effect::LogGrew { .. }
        | Effect::Stopped { .. }
        | Effect::WorkDue { .. } => false,
    }
}
