//! Sending deliveries over push services: tries, their leases, what becomes of addresses.

use jiff::SignedDuration;
use vestnik_model::{
    AttemptStatus, Channel, DeliveryStatus, NotificationStatus, Permission, Reason, ReceiptKind,
    publish::{Goal, StepChannel, StepRequest, Steps},
};
use vestnik_rules::{
    attempt::Outcome,
    work::{Progress, WorkKind},
};

use super::{
    Fixture, fact,
    name::{ACCEPTED, EXPIRED, at, bank, new, notification, shop, topics, users},
    pushing::{
        accepted, addresses, attempts, begin, dead, dispatch, dispatch_of, has_address, provide,
        settle, standing, state, to_anna, token, tried,
    },
    world::{World, due},
};
use crate::{
    effect::{Effect, Revocation},
    installations::PresenceNote,
    publishing::PublishOutcome,
    tenants::{Provider, StoredProvider},
};

pub async fn a_delivery_is_pushed_to_a_device_that_is_away(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    world.publish(1, to_anna()).await;
    assert!(due(&world.taken()).contains(&(WorkKind::Dispatch, ACCEPTED)));
    let begun = dispatch(&world, 20).await;
    let [push] = begun.as_slice() else {
        panic!("one try: {begun:?}");
    };
    assert_eq!(token(push), "token-1");
    assert_eq!(push.notification.title.as_str(), "Order 1");
    assert_eq!(
        standing(&world, 1, "anna").await,
        [(Channel::Fcm, AttemptStatus::Sending)]
    );
    assert_eq!(world.status(1).await, NotificationStatus::Queued);
    world.taken();
    let settled = settle(&world, 21, tried(push, 20, accepted())).await;
    assert_eq!(settled, 1);
    let attempts = attempts(&world, 1, "anna").await;
    assert_eq!(attempts[0].id, push.attempt);
    assert_eq!(
        (attempts[0].tries, attempts[0].said.as_deref()),
        (1, Some("200"))
    );
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Sent);
    assert_eq!(world.status(1).await, NotificationStatus::Sent);
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    world.is_sound().await;
}

pub async fn without_a_push_service_nothing_is_dispatched(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let anna = world.login("anna", 1).await;
    has_address(&world, &anna, "token-1", 2).await;
    provide(&world, &bank()).await;
    world.publish(1, to_anna()).await;
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    assert_eq!(
        world.delivery(1, "anna").await.status,
        DeliveryStatus::Pending
    );
    world.is_sound().await;
}

pub async fn a_device_that_was_heard_from_has_time_to_confirm(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    let stands = |second| PresenceNote {
        session: anna.clone(),
        node: "n".to_owned(),
        connection: "c".to_owned(),
        lease_until: Some(at(second + 60)),
        last_seen: at(second),
    };
    world.store.note_presence(vec![stands(9)]).await.unwrap();
    for number in [1, 2] {
        world.publish(number, to_anna()).await;
        world.hand_over(&anna, number, 10).await;
    }
    for _ in [1, 2] {
        assert_eq!(dispatch(&world, ACCEPTED).await, []);
    }
    // The device confirms the first, and its connection died before the second.
    world
        .report(&anna, vec![fact::receipt(1, ReceiptKind::Delivered, 11)])
        .await;
    assert_eq!(world.claim(WorkKind::Dispatch, 14).await, []);
    let claims = world.claim(WorkKind::Dispatch, 15).await;
    let mut pushed = Vec::new();
    for claim in claims {
        pushed.extend(dispatch_of(&world, &claim, 15).await.begun);
    }
    for claim in world.claim(WorkKind::Dispatch, 15).await {
        pushed.extend(dispatch_of(&world, &claim, 15).await.begun);
    }
    let pushed: Vec<_> = pushed.iter().map(|push| push.notification.id).collect();
    assert_eq!(pushed, [notification(2)]);
    world.is_sound().await;
}

pub async fn a_try_that_nobody_settled_is_begun_anew(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    world.publish(1, to_anna()).await;
    let first = dispatch(&world, 20).await;
    // Whoever began it has died. Its row is claimed again, and nothing is begun before its lease is over.
    assert_eq!(world.claim(WorkKind::Dispatch, 49).await, []);
    let second = dispatch(&world, 50).await;
    assert_eq!(
        (second.len(), second[0].attempt),
        (1, first[0].attempt),
        "the same attempt, so that the second push replaces the first"
    );
    let unproven = attempts(&world, 1, "anna").await;
    assert_eq!((unproven[0].tries, unproven[0].unproven), (1, 1));
    // An answer to the first try comes too late: it is not the one that is on its way.
    let late = settle(&world, 51, tried(&first[0], 20, dead(None))).await;
    assert_eq!(late, 0);
    assert_eq!(addresses(&world, 1).await, ["token-1"]);
    settle(&world, 52, tried(&second[0], 50, accepted())).await;
    let sent = attempts(&world, 1, "anna").await;
    assert_eq!(
        (sent[0].status.as_str(), sent[0].tries, sent[0].unproven),
        ("sent", 2, 1)
    );
    world.is_sound().await;
}

pub async fn what_is_proven_is_noted_though_the_row_went_to_others(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    world.publish(1, to_anna()).await;
    let begun = dispatch(&world, 20).await;
    // The lease of the row has ended and another worker has claimed it, but has not looked yet.
    let quick = world.claim_one(WorkKind::Dispatch, 50).await;
    let late = settle(&world, 50, tried(&begun[0], 20, accepted())).await;
    assert_eq!(late, 1);
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Sent);
    let looked = dispatch_of(&world, &quick, 51).await;
    assert_eq!(
        (looked.begun, looked.progress),
        (Vec::new(), Progress::Finished)
    );
    world.is_sound().await;
}

pub async fn a_service_that_is_busy_is_left_alone(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    world.publish(1, to_anna()).await;
    let begun = dispatch(&world, 20).await;
    let busy = Outcome::Retry {
        reason: Reason::ProviderThrottled,
        after: Some(SignedDuration::from_secs(90)),
    };
    settle(&world, 20, tried(&begun[0], 20, busy)).await;
    let waits = attempts(&world, 1, "anna").await;
    assert_eq!(
        (waits[0].status.as_str(), waits[0].until),
        ("retrying", Some(at(110)))
    );
    assert_eq!(world.claim(WorkKind::Dispatch, 109).await, []);
    let begun = dispatch(&world, 110).await;
    // The notification expires before the service takes anything again.
    let busy = Outcome::Retry {
        reason: Reason::ProviderThrottled,
        after: Some(SignedDuration::from_secs(EXPIRED)),
    };
    settle(&world, 110, tried(&begun[0], 110, busy)).await;
    let lost = world.delivery(1, "anna").await;
    assert_eq!(lost.status, DeliveryStatus::Undelivered);
    assert_eq!(lost.reason, Some(Reason::ProviderThrottled.into()));
    assert_eq!(world.status(1).await, NotificationStatus::Error);
    world.is_sound().await;
}

pub async fn a_dead_address_ends_what_nothing_else_reaches(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    world.publish(1, to_anna()).await;
    let begun = dispatch(&world, 20).await;
    settle(&world, 21, tried(&begun[0], 20, dead(None))).await;
    let lost = world.delivery(1, "anna").await;
    assert_eq!(
        (lost.status, lost.reason),
        (DeliveryStatus::Undelivered, Some(Reason::TokenDead.into()))
    );
    assert_eq!(addresses(&world, 1).await, [""; 0]);
    // The device says the same address again: it stays dead for a while.
    has_address(&world, &anna, "token-1", 30).await;
    assert_eq!(addresses(&world, 1).await, [""; 0]);
    world.publish(2, to_anna()).await;
    assert_eq!(dispatch(&world, 40).await, []);
    let lost = world.delivery(2, "anna").await;
    assert_eq!(lost.reason, Some(Reason::TokenDead.into()));
    // Another one is alive at once.
    has_address(&world, &anna, "token-2", 50).await;
    world.publish(3, to_anna()).await;
    assert_eq!(dispatch(&world, 60).await.len(), 1);
    // Evidence comes late, and counts.
    world
        .report(&anna, vec![fact::receipt(1, ReceiptKind::Delivered, 70)])
        .await;
    let late = world.delivery(1, "anna").await;
    assert_eq!((late.status, late.late), (DeliveryStatus::Delivered, true));
    world.is_sound().await;
}

pub async fn a_token_dies_only_by_a_newer_proof(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    world.publish(1, to_anna()).await;
    let begun = dispatch(&world, 20).await;
    has_address(&world, &anna, "token-1", 21).await;
    settle(&world, 22, tried(&begun[0], 20, dead(None))).await;
    assert_eq!(addresses(&world, 1).await, ["token-1"]);
    world.publish(2, to_anna()).await;
    let begun = dispatch(&world, 30).await;
    settle(&world, 31, tried(&begun[0], 30, dead(Some(20)))).await;
    assert_eq!(addresses(&world, 1).await, ["token-1"]);
    world.publish(3, to_anna()).await;
    let begun = dispatch(&world, 40).await;
    settle(&world, 41, tried(&begun[0], 40, dead(Some(35)))).await;
    assert_eq!(addresses(&world, 1).await, [""; 0]);
    world.is_sound().await;
}

pub async fn a_token_that_was_replaced_on_the_way_fails_nothing(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    world.publish(1, to_anna()).await;
    let begun = dispatch(&world, 20).await;
    has_address(&world, &anna, "token-2", 21).await;
    // The proof is about the former token, though it is newer than the report of the present one.
    settle(&world, 30, tried(&begun[0], 29, dead(None))).await;
    assert_eq!(addresses(&world, 1).await, ["token-2"]);
    assert_eq!(
        standing(&world, 1, "anna").await,
        [(Channel::Fcm, AttemptStatus::Retrying)]
    );
    let begun = dispatch(&world, 31).await;
    assert_eq!(token(&begun[0]), "token-2");
    settle(&world, 32, tried(&begun[0], 31, accepted())).await;
    assert_eq!(world.delivery(1, "anna").await.status, DeliveryStatus::Sent);
    world.is_sound().await;
}

pub async fn what_waits_for_an_answer_holds_up_nobody_else(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    let bert = world.login("bert", 2).await;
    has_address(&world, &bert, "token-2", 3).await;
    world.publish(1, users(&["anna", "bert"])).await;
    let begun = dispatch(&world, 20).await;
    let of = |name: &str| {
        begun
            .iter()
            .find(|begun| begun.user.as_str() == name)
            .unwrap()
    };
    let busy = Outcome::Retry {
        reason: Reason::ProviderUnavailable,
        after: Some(SignedDuration::from_secs(2)),
    };
    // The service is quick for Anna and silent for Bert.
    settle(&world, 21, tried(of("anna"), 20, busy)).await;
    assert_eq!(world.claim(WorkKind::Dispatch, 22).await, []);
    let again = dispatch(&world, 23).await;
    let whom: Vec<_> = again.iter().map(|begun| begun.user.as_str()).collect();
    assert_eq!(whom, ["anna"]);
    settle(&world, 24, tried(&again[0], 23, accepted())).await;
    // Bert's try is known by its own lease, and settles at any time.
    assert_eq!(
        settle(&world, 49, tried(of("bert"), 20, accepted())).await,
        1
    );
    assert_eq!(world.delivery(1, "bert").await.status, DeliveryStatus::Sent);
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    world.is_sound().await;
}

pub async fn an_address_belongs_to_who_reported_it_last(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    let bert = world.login("bert", 2).await;
    has_address(&world, &bert, "token-1", 3).await;
    assert_eq!(addresses(&world, 1).await, [""; 0]);
    assert_eq!(addresses(&world, 2).await, ["token-1"]);
    // An App's addresses are its own.
    let other = world.login_to(&bank(), "carl", 3).await;
    has_address(&world, &other, "token-1", 4).await;
    assert_eq!(addresses(&world, 2).await, ["token-1"]);
    // Nobody is reached by an address of an ended session.
    world.store.logout(bert, at(5)).await.unwrap();
    world.login("carl", 2).await;
    world.publish(1, users(&["carl"])).await;
    assert_eq!(dispatch(&world, 20).await, []);
    world.is_sound().await;
}

pub async fn a_device_that_may_show_nothing_is_not_pushed_to(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    for (number, permission, reason) in [
        (1, Permission::Denied, Reason::BlockedOs),
        (2, Permission::SwitchedOff, Reason::BlockedApp),
    ] {
        let state = state(&["token-1"], permission);
        let put = world.store.put_state(anna.clone(), state, at(3));
        assert!(put.await.unwrap());
        world.publish(number, to_anna()).await;
        assert_eq!(dispatch(&world, 20).await, []);
        let blocked = world.delivery(number, "anna").await;
        assert_eq!(blocked.status, DeliveryStatus::Suppressed);
        assert_eq!(blocked.reason, Some(reason.into()));
        // What was not wanted is not lost.
        assert_eq!(world.status(number).await, NotificationStatus::Sent);
        assert_eq!(world.counts(number).await.suppressed, 1);
    }
    world.is_sound().await;
}

pub async fn nothing_is_sent_that_was_cancelled_or_read(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    for number in [1, 2] {
        world.publish(number, to_anna()).await;
    }
    let cancelled = world.store.cancel(shop(), notification(1), at(15));
    assert!(cancelled.await.unwrap());
    world
        .report(&anna, vec![fact::receipt(2, ReceiptKind::Read, 16)])
        .await;
    for _ in [1, 2] {
        assert_eq!(dispatch(&world, 20).await, []);
    }
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    world.is_sound().await;
}

pub async fn what_was_stopped_is_not_sent_before_it_ends(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    world.topic("news", &["anna"]).await;
    world.publish(1, topics(&["news"])).await;
    let expanding = world.claim_one(WorkKind::Expand, 20).await;
    world.perform(&expanding, 10, 20).await;
    let begun = dispatch(&world, 20).await;
    let busy = Outcome::Retry {
        reason: Reason::ProviderUnavailable,
        after: None,
    };
    settle(&world, 20, tried(&begun[0], 20, busy)).await;
    // What was tried without an answer of success is pending, and ends with the walk that cancels.
    let recalled = world.store.recall(shop(), notification(1), at(21));
    assert!(recalled.await.unwrap());
    for claim in world.claim(WorkKind::Dispatch, 60).await {
        let looked = dispatch_of(&world, &claim, 60).await;
        assert_eq!(
            (looked.begun, looked.progress),
            (Vec::new(), Progress::Finished)
        );
    }
    world.is_sound().await;
}

pub async fn a_step_gives_way_to_the_next(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    let step = |channel, within_seconds| StepRequest {
        channel,
        wait_for: Some(Goal::Delivered),
        within_seconds,
        on_unproven: None,
    };
    let mut asked = new(&shop(), 1, users(&["anna", "nobody"]));
    asked.publication.steps = Steps::from_stored(vec![
        step(StepChannel::Push, Some(60)),
        step(StepChannel::Email, None),
    ]);
    let outcome = world.store.publish(asked).await.unwrap();
    assert!(matches!(outcome, PublishOutcome::Accepted(_)));
    let begun = dispatch(&world, 20).await;
    assert_eq!(begun.len(), 1);
    // Who has no device is at the next channel at once, and has no mailbox either.
    let nobody = world.delivery(1, "nobody").await;
    assert_eq!(nobody.status, DeliveryStatus::Failed);
    assert_eq!(nobody.reason, Some(Reason::RecipientNoAddress.into()));
    let at_letter = (Some(1), Some(StepChannel::Email.into()));
    assert_eq!((nobody.step, nobody.step_channel), at_letter);
    assert_eq!(nobody.switched, Some(Reason::DeviceNoneActive.into()));
    let anna = world.delivery(1, "anna").await;
    let at_push = (Some(0), Some(StepChannel::Push.into()));
    assert_eq!((anna.step, anna.step_channel), at_push);
    assert_eq!(anna.switched, None);
    settle(&world, 21, tried(&begun[0], 20, accepted())).await;
    assert_eq!(world.claim(WorkKind::Dispatch, ACCEPTED + 59).await, []);
    assert_eq!(dispatch(&world, ACCEPTED + 60).await, []);
    // It was handed over, and that there is no mailbox takes nothing back.
    let anna = world.delivery(1, "anna").await;
    assert_eq!(anna.status, DeliveryStatus::Sent);
    assert_eq!((anna.step, anna.step_channel), at_letter);
    assert!(anna.switched.is_some());
    assert_eq!(world.claim(WorkKind::Dispatch, 1_000).await, []);
    world.is_sound().await;
}

pub async fn credentials_are_set_whole_and_are_each_apps_own(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    provide(&world, &shop()).await;
    let store = &world.store;
    let renewed = Provider {
        channel: Channel::Fcm,
        account: "{\"secret\": 2}".to_owned(),
        set_at: at(9),
        gateway: None,
    };
    store.put_provider(shop(), renewed.clone()).await.unwrap();
    let found = store.provider(shop(), Channel::Fcm).await.unwrap();
    assert_eq!(found, Some(StoredProvider::Readable(renewed)));
    assert_eq!(store.provider(bank(), Channel::Fcm).await, Ok(None));
    assert_eq!(store.provider(shop(), Channel::Apns).await, Ok(None));
    let views = store.providers(shop()).await.unwrap();
    assert_eq!((views.len(), views[0].set_at), (1, at(9)));
    let delete = |app| store.delete_provider(app, Channel::Fcm, at(30));
    assert_eq!(delete(bank()).await, Ok(false));
    world.taken();
    assert_eq!(delete(shop()).await, Ok(true));
    let channel = Channel::Fcm;
    let revoked = Effect::Revoked(Revocation::Provider { channel });
    assert_eq!(world.taken(), [revoked]);
    assert_eq!(store.providers(shop()).await.unwrap(), []);
    world.is_sound().await;
}
