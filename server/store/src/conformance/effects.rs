//! Effects: what a commit means to others.

use futures_util::{future::join_all, poll};
use vestnik_model::{Flag, ReceiptKind};
use vestnik_rules::work::{Claim, Progress, WorkKind};

use super::{
    Fixture,
    fact::{flag, receipt},
    name::{at, hash, keyed, login, new, notification, shop, topic, topics, user, users},
    world::{World, changed, grown, noted, slice},
};
use crate::{
    effect::Effect,
    logs::LogSlice,
    publishing::PublishOutcome,
    sessions::{Login, LoginOutcome, LogoutOutcome},
};

pub async fn effects_come_before_the_answer(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    for number in 1..=20 {
        world.taken();
        world.publish(number, users(&["anna"])).await;
        let effects = world.taken();
        assert_eq!(changed(&effects, number).len(), 1);
        assert_eq!(grown(&effects), [user("anna")].into());
        let told = vec![receipt(number, ReceiptKind::Read, 60)];
        world.report(&session, told).await;
        assert_eq!(changed(&world.taken(), number).len(), 1);
    }
    world.is_sound().await;
}

pub async fn what_a_log_gained_is_what_it_has(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.login("u1", 1).await;
    world.topic("news", &["u1", "u2", "u3"]).await;
    world.publish(1, users(&["u1", "u2"])).await;
    world.publish(2, topics(&["news"])).await;
    world.work(WorkKind::Expand, 2, 20).await;
    world.publish(3, users(&["u3", "u1"])).await;
    let logs = world.taken().into_iter().filter_map(|effect| match effect {
        Effect::LogGrew { users } => Some(users),
        Effect::NotificationChanged { .. }
        | Effect::Revoked(_)
        | Effect::Stopped { .. }
        | Effect::Responded { .. }
        | Effect::Told(_)
        | Effect::WorkDue { .. } => None,
    });
    for grown in logs.flatten() {
        let Some(gained) = grown.gained else {
            continue;
        };
        let asked = LogSlice {
            after: Some(gained.after),
            entries: 1,
            ..slice(grown.user.as_str())
        };
        let stretch = world.store.read_log(asked).await.unwrap();
        assert_eq!(stretch.after, gained.after);
        assert_eq!(stretch.entries, [gained.entry(&grown.user)]);
    }
}

pub async fn numbers_never_fall(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let mut sessions = Vec::new();
    for number in 1..=4 {
        sessions.push(world.login(&format!("u{number}"), number).await);
    }
    let everyone = ["u1", "u2", "u3", "u4"];
    let tasks = sessions.iter().zip(1_u32..).map(|(session, task)| {
        let world = &world;
        async move {
            for number in task * 100..task * 100 + 10 {
                world.publish(number, users(&everyone)).await;
                world.hand_over(session, number, 50).await;
                let told = vec![
                    receipt(number, ReceiptKind::Read, 60),
                    flag(number, Flag::Archived, (true, 1)),
                ];
                world.report(session, told).await;
            }
        }
    });
    join_all(tasks).await;
    let last = world.store.last_event().await.unwrap();
    let emitted = world.emitted().clone();
    assert_eq!(emitted.last().map(|event| event.number), Some(last));
    let logs = emitted.iter().filter(|event| match event.effect {
        Effect::LogGrew { .. } => true,
        Effect::NotificationChanged { .. }
        | Effect::Revoked(_)
        | Effect::Stopped { .. }
        | Effect::Responded { .. }
        | Effect::Told(_)
        | Effect::WorkDue { .. } => false,
    });
    assert_eq!(logs.count(), 4 * 10 * 2);
    // That numbers never fall, and that rows match, is looked at here.
    world.is_sound().await;
}

pub async fn what_fails_has_no_effects(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let former = world.login("anna", 1).await;
    world.login("anna", 1).await;
    world.store.publish(keyed(1, "k", 7, 1_000)).await.unwrap();
    world.taken();
    let last = world.store.last_event().await.unwrap();

    let guess = Login {
        secret_hash: hash(666),
        ..login(&shop(), "mallory", 1)
    };
    let outcome = world.store.login(guess).await;
    assert_eq!(outcome, Ok(LoginOutcome::WrongSecret));
    let outcome = world.store.logout(former.clone(), at(20)).await;
    assert_eq!(outcome, Ok(LogoutOutcome::Ended));
    let told = vec![receipt(1, ReceiptKind::Read, 60)];
    assert_eq!(world.report_at(&former, told, (None, 100)).await, None);
    let mismatch = world.store.publish(keyed(2, "k", 8, 1_000)).await;
    assert_eq!(mismatch, Ok(PublishOutcome::Mismatch));
    let unknown = world.store.publish(new(&shop(), 3, topics(&["odd"])));
    let unknown = unknown.await.unwrap();
    assert_eq!(unknown, PublishOutcome::UnknownTopics(vec![topic("odd")]));
    let none = Claim {
        id: 999_999,
        kind: WorkKind::Expire,
        app: shop(),
        fence: 1,
        tries: 0,
    };
    assert_eq!(world.perform(&none, 10, 20).await, Progress::Lost);
    world.store.hand_over(noted(vec![])).await.unwrap();
    let cancelled = world.store.cancel(shop(), notification(9), at(20)).await;
    assert_eq!(cancelled, Ok(false));

    assert_eq!(world.taken(), []);
    assert_eq!(world.store.last_event().await, Ok(last));
    world.is_sound().await;
}

pub async fn events_are_read_behind_a_number(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    assert_eq!(world.store.events(0, 100).await.unwrap(), []);
    world.login("anna", 1).await;
    for number in 1..=5 {
        world.publish(number, users(&["anna"])).await;
    }
    let whole = world.store.events(0, 100).await.unwrap();
    assert_eq!(whole.len(), 6, "of the login, and of each notification");
    let last = world.store.last_event().await.unwrap();
    assert_eq!(whole.last().map(|event| event.number), Some(last));
    let mut after = 0;
    let mut parts = Vec::new();
    loop {
        let part = world.store.events(after, 2).await.unwrap();
        assert!(part.len() <= 2);
        let Some(last) = part.last() else {
            break;
        };
        after = last.number;
        parts.extend(part);
    }
    assert_eq!(parts, whole);
    assert_eq!(world.store.events(last, 9).await.unwrap(), []);
    world.is_sound().await;
}

/// Waits until the last effect is one that a predicate knows. Progress is what is waited for: each
/// round trip through the store lets it go on.
async fn until(world: &World, is_there: impl Fn(&[Effect]) -> bool) {
    let mut effects = Vec::new();
    for _ in 0..100_000 {
        effects.extend(world.taken());
        if is_there(&effects) {
            return;
        }
        world.store.ping(at(20)).await.unwrap();
        tokio::task::yield_now().await;
    }
    panic!("the effect never came: {effects:?}");
}

pub async fn a_caller_that_goes_away_changes_nothing(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    for number in 1..=10 {
        world.taken();
        let mut publishing = world.store.publish(new(&shop(), number, users(&["anna"])));
        // The answer may be there at once; whether it is or not, nobody takes it.
        let _answer = poll!(&mut publishing);
        drop(publishing);
        until(&world, |effects| {
            !changed(effects, number).is_empty() && grown(effects).contains(&user("anna"))
        })
        .await;
        assert_eq!(world.counts(number).await.pending, 1);
    }
    let mut leaving = world.store.logout(session, at(30));
    let _answer = poll!(&mut leaving);
    drop(leaving);
    until(&world, |effects| {
        let is_revoked = |effect: &Effect| matches!(effect, Effect::Revoked(_));
        effects.iter().any(is_revoked)
    })
    .await;
    assert_eq!(world.stretch("anna").await.sessions, []);
    world.is_sound().await;
}
