//! Many callers at once.

use futures_util::future::{join, join_all};
use vestnik_model::{Counts, ReceiptKind};
use vestnik_rules::{session::GRACE, work::WorkKind};

use super::{
    Fixture,
    fact::receipt,
    name::{EXPIRED, at, family, login, shop, users},
    world::World,
};
use crate::sessions::{ExchangeOutcome, TokenExchange};

pub async fn numbers_have_no_gap_under_concurrency(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let tasks = (1..=8_u32).map(|task| {
        let world = &world;
        async move {
            for number in task * 100..task * 100 + 15 {
                world.publish(number, users(&["anna", "bert"])).await;
            }
        }
    });
    join_all(tasks).await;
    for who in ["anna", "bert"] {
        let stretch = world.stretch(who).await;
        let numbers = stretch.entries.iter().map(|one| one.candidate.place.seq);
        assert!(numbers.eq(1..=120), "{who}");
        assert_eq!(stretch.head.seq, 120);
    }
    world.is_sound().await;
}

pub async fn counts_are_exact_under_concurrency(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let names: Vec<_> = (1..=20).map(|number| format!("u{number}")).collect();
    let texts: Vec<_> = names.iter().map(String::as_str).collect();
    let mut sessions = Vec::new();
    for (number, who) in (1..).zip(&texts) {
        sessions.push(world.login(who, number).await);
    }
    world.publish(1, users(&texts)).await;
    let reporting = sessions.iter().take(15).map(|session| {
        let world = &world;
        async move {
            world.hand_over(session, 1, 50).await;
            let kinds = [ReceiptKind::Delivered, ReceiptKind::Read];
            for kind in kinds {
                let told = vec![receipt(1, kind, 60)];
                assert_eq!(world.report(session, told).await, ["stored"]);
            }
        }
    });
    // Their time runs out meanwhile: what a device tells is late then, and counts all the same.
    join(
        join_all(reporting),
        world.work(WorkKind::Expire, 3, EXPIRED),
    )
    .await;
    let counts = world.counts(1).await;
    let expected = Counts {
        read: 15,
        expired: 5,
        // Who came too late is a matter of the race.
        late: counts.late,
        ..Counts::default()
    };
    assert_eq!(counts, expected);
    world.is_sound().await;
}

pub async fn one_of_racing_exchanges_moves_the_family(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.store.login(login(&shop(), "anna", 1)).await.unwrap();
    let present = |counter, second| {
        let exchange = TokenExchange {
            family: family(1),
            counter,
            secret_hash: None,
            next_expires: at(9_000),
            now: at(second),
        };
        world.store.exchange(exchange)
    };
    // Tabs that share a token all get the same next one.
    for outcome in join_all((0..8).map(|_| present(1, 10))).await {
        let outcome = outcome.unwrap();
        let is_same = matches!(outcome, ExchangeOutcome::Exchanged { counter: 2, .. });
        assert!(is_same, "{outcome:?}");
    }
    let later = 20 + GRACE.as_secs();
    let outcome = present(2, later).await.unwrap();
    assert!(matches!(
        outcome,
        ExchangeOutcome::Exchanged { counter: 3, .. }
    ));
    world.is_sound().await;
}
