//! Pushes that a device could not decrypt: sent anew for its new key, or given up for the next step.

use serde_json::json;
use vestnik_model::{
    AttemptStatus, Channel, Claim, DeliveryStatus, NotificationStatus, Reason, ReceiptKind,
    publish::{Goal, StepChannel, StepRequest, Steps},
};
use vestnik_rules::{attempt::Outcome, session::Session, work::WorkKind};

use super::{
    Fixture,
    fact::{UNKNOWN, fact, receipt},
    name::{EXPIRED, at, bank, new, notification, shop},
    pushing::{
        accepted, attempts, begin, dispatch, dispatch_of, provide, settle, standing, to_anna, tried,
    },
    world::{World, due},
};
use crate::{
    dispatch::{Begun, Recipient},
    publishing::PublishOutcome,
    tenants::Provider,
};

/// What a phone reports that has a key.
async fn tells(world: &World, session: &Session, key: &str, second: i64) {
    let state = json!({
        "platform": "android", "permission": "granted", "envelope_key": key,
        "push_addresses": [{"kind": "fcm_token", "value": "token-1"}],
    });
    let state = serde_json::from_value(state).unwrap();
    let put = world.store.put_state(session.clone(), state, at(second));
    assert!(put.await.unwrap());
}

/// The phone reports of a notification that it could not decrypt its push.
async fn reports(world: &World, session: &Session, id: &str, second: i64) -> Vec<String> {
    let claim = Claim::NotShown {
        notification: notification(1),
        reason: "decrypt.unknown_key".to_owned(),
    };
    let told = vec![fact(id, claim, second)];
    let report = world.report_at(session, told, (None, second));
    report.await.unwrap()
}

/// Push for a minute, then a letter.
async fn publish_cascade(world: &World) {
    let provider = Provider {
        channel: Channel::Email,
        account: "{\"secret\": 1}".to_owned(),
        set_at: at(1),
        gateway: None,
    };
    world.store.put_provider(shop(), provider).await.unwrap();
    world.email("anna", "anna@a.example", 2).await;
    let step = |channel, within_seconds| StepRequest {
        channel,
        wait_for: Some(Goal::Delivered),
        within_seconds,
        on_unproven: None,
    };
    let mut new = new(&shop(), 1, to_anna());
    new.publication.steps = Steps::from_stored(vec![
        step(StepChannel::Push, Some(60)),
        step(StepChannel::Email, None),
    ]);
    let published = world.store.publish(new).await.unwrap();
    assert!(matches!(published, PublishOutcome::Accepted(_)));
}

/// The key of the one push that begins.
#[track_caller]
fn key(begun: &[Begun]) -> &str {
    match begun {
        [
            Begun {
                recipient: Recipient::Device { envelope_key, .. },
                ..
            },
        ] => envelope_key.as_deref().expect("the phone has a key"),
        _ => panic!("one push: {begun:?}"),
    }
}

#[track_caller]
fn is_letter(begun: &[Begun]) {
    let [begun] = begun else {
        panic!("one letter: {begun:?}");
    };
    assert!(matches!(begun.recipient, Recipient::Mailbox { .. }));
}

/// A phone whose push of the first notification was taken at second 21.
async fn pushed(world: &World, session: &Session) -> Begun {
    tells(world, session, "key-1", 3).await;
    publish_cascade(world).await;
    let begun = dispatch(world, 20).await;
    assert_eq!(key(&begun), "key-1");
    settle(world, 21, tried(&begun[0], 20, accepted())).await;
    begun[0].clone()
}

pub async fn a_push_is_sent_anew_for_a_key_that_came_before_the_report(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    let first = pushed(&world, &anna).await;
    tells(&world, &anna, "key-2", 30).await;
    assert_eq!(world.claim(WorkKind::Dispatch, 31).await, []);
    world.taken();
    assert_eq!(reports(&world, &anna, "d1", 31).await, ["stored"]);
    assert_eq!(due(&world.taken()), [(WorkKind::Dispatch, 31)]);
    assert_eq!(reports(&world, &anna, "d1", 31).await, ["duplicate"]);
    let again = dispatch(&world, 31).await;
    assert_eq!((key(&again), again[0].attempt), ("key-2", first.attempt));
    // Another report about the first push, which the service brought twice.
    assert_eq!(reports(&world, &anna, "d2", 30).await, ["stored"]);
    settle(&world, 32, tried(&again[0], 31, accepted())).await;
    let views = attempts(&world, 1, "anna").await;
    assert_eq!((views.len(), views[0].tries), (1, 2));
    assert_eq!(views[0].status, AttemptStatus::Sent);
    assert_eq!(world.claim(WorkKind::Dispatch, 69).await, []);
    world
        .report(&anna, vec![receipt(1, ReceiptKind::Delivered, 40)])
        .await;
    assert_eq!(dispatch(&world, 70).await, []);
    world.is_sound().await;
}

pub async fn a_push_is_sent_anew_for_a_key_that_comes_after_the_report(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    pushed(&world, &anna).await;
    reports(&world, &anna, "d1", 30).await;
    assert_eq!(dispatch(&world, 30).await, []);
    world.taken();
    tells(&world, &anna, "key-2", 33).await;
    assert_eq!(due(&world.taken()), [(WorkKind::Dispatch, 33)]);
    let again = dispatch(&world, 33).await;
    assert_eq!(key(&again), "key-2");
    settle(&world, 34, tried(&again[0], 33, accepted())).await;
    tells(&world, &anna, "key-3", 35).await;
    assert_eq!(world.claim(WorkKind::Dispatch, 69).await, []);
    world.is_sound().await;
}

pub async fn without_another_key_the_next_step_begins(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    pushed(&world, &anna).await;
    reports(&world, &anna, "d1", 30).await;
    assert_eq!(dispatch(&world, 30).await, []);
    assert_eq!(world.claim(WorkKind::Dispatch, 34).await, []);
    // The phone tells the key that it had.
    tells(&world, &anna, "key-1", 32).await;
    let letter = dispatch(&world, 32).await;
    is_letter(&letter);
    settle(&world, 33, tried(&letter[0], 32, accepted())).await;
    assert_eq!(
        standing(&world, 1, "anna").await,
        [
            (Channel::Fcm, AttemptStatus::Failed),
            (Channel::Email, AttemptStatus::Sent)
        ]
    );
    let delivery = world.delivery(1, "anna").await;
    assert_eq!(
        (delivery.status, delivery.delivered_at),
        (DeliveryStatus::Sent, None)
    );
    assert_eq!(world.status(1).await, NotificationStatus::Sent);
    // The step is over: a key that comes now changes nothing.
    tells(&world, &anna, "key-2", 40).await;
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    world.is_sound().await;
}

pub async fn a_phone_that_tells_no_key_is_waited_for_a_while(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    pushed(&world, &anna).await;
    reports(&world, &anna, "d1", 30).await;
    assert_eq!(dispatch(&world, 30).await, []);
    is_letter(&dispatch(&world, 35).await);
    // The report came while the letter is on its way: nothing more is sent.
    reports(&world, &anna, "d2", 36).await;
    tells(&world, &anna, "key-2", 37).await;
    assert_eq!(world.claim(WorkKind::Dispatch, 64).await, []);
    world.is_sound().await;
}

pub async fn a_report_before_the_service_s_answer_proves_the_hand_over(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    tells(&world, &anna, "key-1", 3).await;
    world.publish(1, to_anna()).await;
    let begun = dispatch(&world, 20).await;
    tells(&world, &anna, "key-2", 21).await;
    reports(&world, &anna, "d1", 21).await;
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Sent);
    assert_eq!(
        settle(&world, 22, tried(&begun[0], 20, accepted())).await,
        0
    );
    let again = dispatch(&world, 22).await;
    assert_eq!(key(&again), "key-2");
    settle(&world, 23, tried(&again[0], 22, Outcome::Accepted)).await;
    assert_eq!(world.claim(WorkKind::Dispatch, 900).await, []);
    world.is_sound().await;
}

pub async fn what_was_read_is_not_sent_anew(fixture: &impl Fixture) {
    let (world, anna) = reported(fixture).await;
    let told = vec![receipt(1, ReceiptKind::Read, 31)];
    world.report(&anna, told).await;
    is_left_alone(&world, &anna, 32).await;
}

pub async fn what_came_by_the_log_is_not_sent_anew(fixture: &impl Fixture) {
    let (world, anna) = reported(fixture).await;
    let told = vec![receipt(1, ReceiptKind::Delivered, 31)];
    world.report(&anna, told).await;
    is_left_alone(&world, &anna, 32).await;
}

pub async fn what_was_cancelled_is_not_sent_anew(fixture: &impl Fixture) {
    let (world, anna) = reported(fixture).await;
    let cancelled = world.store.cancel(shop(), notification(1), at(31));
    assert!(cancelled.await.unwrap());
    is_left_alone(&world, &anna, 32).await;
}

pub async fn what_has_expired_is_not_sent_anew(fixture: &impl Fixture) {
    let (world, anna) = reported(fixture).await;
    is_left_alone(&world, &anna, EXPIRED).await;
}

/// A phone that reported its push at second 30.
async fn reported(fixture: &impl Fixture) -> (World, Session) {
    let (world, anna) = begin(fixture).await;
    pushed(&world, &anna).await;
    reports(&world, &anna, "d1", 30).await;
    assert_eq!(dispatch(&world, 30).await, []);
    (world, anna)
}

/// Insists that neither a key nor another report has anything sent.
async fn is_left_alone(world: &World, anna: &Session, second: i64) {
    tells(world, anna, "key-2", second).await;
    reports(world, anna, "d2", second).await;
    for claim in world.claim(WorkKind::Dispatch, second + 10).await {
        let looked = dispatch_of(world, &claim, second + 10).await;
        assert_eq!(looked.begun, []);
    }
    world.is_sound().await;
}

/// Installations of two Apps may have the same id.
pub async fn a_device_reports_its_own_pushes_only(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    provide(&world, &bank()).await;
    let other = world.login_to(&bank(), "anna", 1).await;
    let bert = world.login("bert", 2).await;
    pushed(&world, &anna).await;
    tells(&world, &other, "key-9", 22).await;
    for stranger in [&bert, &other] {
        let refused = reports(&world, stranger, "d1", 30).await;
        assert_eq!(refused, [UNKNOWN]);
    }
    assert_eq!(world.claim(WorkKind::Dispatch, 31).await, []);
    reports(&world, &anna, "d1", 31).await;
    dispatch(&world, 31).await;
    tells(&world, &other, "key-10", 32).await;
    assert_eq!(world.claim(WorkKind::Dispatch, 35).await, []);
    // The phone is Bert's by now, and has another key.
    let bert = world.login("bert", 1).await;
    tells(&world, &bert, "key-2", 33).await;
    assert_eq!(world.claim(WorkKind::Dispatch, 35).await, []);
    world.is_sound().await;
}

/// A device that reports for ever, with a new key each time, is pushed to a few times.
pub async fn a_device_that_reports_for_ever_is_left_alone(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    tells(&world, &anna, "key-1", 3).await;
    world.publish(1, to_anna()).await;
    let mut pushes = 0;
    for round in 0..12_i64 {
        let second = 20 + 10 * round;
        for claim in world.claim(WorkKind::Dispatch, second).await {
            let looked = dispatch_of(&world, &claim, second).await;
            for begun in &looked.begun {
                pushes += 1;
                settle(&world, second + 1, tried(begun, second, accepted())).await;
            }
        }
        tells(&world, &anna, &format!("key-{}", round + 2), second + 2).await;
        reports(&world, &anna, &format!("d{round}"), second + 3).await;
    }
    assert_eq!(pushes, vestnik_rules::decrypt::MAX_SEALS);
    world.is_sound().await;
}

/// A device that has changed hands says that a push was for another user: the former one is reached otherwise at
/// once. Nobody can say so of another device, and nobody learns of the notification by it.
pub async fn what_came_to_another_user_goes_on_elsewhere(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    tells(&world, &anna, "key-1", 3).await;
    publish_cascade(&world).await;
    let push = dispatch(&world, 20).await;
    settle(&world, 21, tried(&push[0], 20, accepted())).await;
    let carl = world.login("carl", 2).await;
    let bert = world.login("bert", 1).await;
    let dropped = |id: &str| {
        let claim = Claim::NotShown {
            notification: notification(1),
            reason: "owner.mismatch_dropped".to_owned(),
        };
        vec![fact(id, claim, 25)]
    };
    let unknown = Some(vec![UNKNOWN.to_owned()]);
    let report = world.report_at(&carl, dropped("a"), (None, 26));
    assert_eq!(report.await, unknown);
    assert_eq!(
        standing(&world, 1, "anna").await,
        [(Channel::Fcm, AttemptStatus::Sent)]
    );
    for second in [27, 28] {
        let report = world.report_at(&bert, dropped("b"), (None, second));
        assert_eq!(report.await, unknown);
    }
    let views = attempts(&world, 1, "anna").await;
    let reason = views[0].reason.as_ref().and_then(|reason| reason.known());
    assert_eq!(reason, Some(Reason::OwnerMismatchDropped));
    assert_eq!(views[0].status, AttemptStatus::Failed);
    // The step is over: a letter goes at once.
    let letter = dispatch(&world, 29).await;
    assert!(matches!(letter[0].recipient, Recipient::Mailbox { .. }));
    world.is_sound().await;
}
