//! Refresh tokens.

use vestnik_rules::session::{GRACE, Session};

use super::{
    Fixture,
    name::{at, family, hash, installation, login, shop, user},
    world::{World, revoked},
};
use crate::{
    effect::{Cause, Revocation},
    sessions::{ExchangeOutcome, LoginOutcome, Seen, TokenExchange},
};

/// Behind this many seconds a token is not given again because two asked at once.
fn later() -> i64 {
    GRACE.as_secs() + 1
}

async fn begin(fixture: &impl Fixture) -> (World, Session) {
    let world = World::begin(fixture).await;
    let outcome = world.store.login(login(&shop(), "anna", 1)).await.unwrap();
    let LoginOutcome::LoggedIn(session) = outcome else {
        panic!("not logged in: {outcome:?}");
    };
    world.taken();
    (world, session)
}

async fn present(world: &World, counter: u64, second: i64) -> ExchangeOutcome {
    present_with(world, counter, second, None).await
}

async fn present_with(
    world: &World,
    counter: u64,
    second: i64,
    secret: Option<u32>,
) -> ExchangeOutcome {
    let exchange = TokenExchange {
        family: family(1),
        counter,
        secret_hash: secret.map(hash),
        next_expires: at(second + 100_000),
        now: at(second),
    };
    world.store.exchange(exchange).await.unwrap()
}

fn given(session: &Session, counter: u64) -> ExchangeOutcome {
    ExchangeOutcome::Exchanged {
        session: session.clone(),
        counter,
    }
}

pub async fn a_token_gives_the_next_once(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    assert_eq!(present(&world, 1, 10).await, given(&session, 2));
    let second = 10 + later();
    assert_eq!(present(&world, 2, second).await, given(&session, 3));
    assert_eq!(world.taken(), []);
    assert_eq!(present(&world, 1, second).await, ExchangeOutcome::Reused);
    let told = revoked(&world.taken());
    let ended = Revocation::Session {
        installation: installation(1),
        user: user("anna"),
        generation: session.generation,
        cause: Cause::Reused,
    };
    let family = Revocation::Family { family: family(1) };
    assert!(told.contains(&ended) && told.contains(&family), "{told:?}");
    assert_eq!(present(&world, 3, second).await, ExchangeOutcome::Unknown);
    let left = world.store.session(shop(), installation(1)).await;
    assert_eq!(left, Ok(None));
    world.is_sound().await;
}

pub async fn a_lost_answer_is_given_again(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    for second in [10, 11, 10 + 3 * later(), 10 + 9 * later()] {
        assert_eq!(present(&world, 1, second).await, given(&session, 2));
    }
    assert_eq!(world.taken(), []);
    world.is_sound().await;
}

pub async fn a_token_is_spent_once_the_next_was_seen(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    assert_eq!(present(&world, 1, 10).await, given(&session, 2));
    let seen = |counter, number| Seen {
        family: family(number),
        counter,
    };
    // A family that ended meanwhile stops none of the others.
    let batch = vec![seen(1, 99), seen(2, 1)];
    world.store.note_seen(batch).await.unwrap();
    // Two tabs share the token within the minute.
    assert_eq!(present(&world, 1, 12).await, given(&session, 2));
    let second = 12 + later();
    assert_eq!(present(&world, 1, second).await, ExchangeOutcome::Reused);
    world.is_sound().await;
}

pub async fn a_token_expires(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    let expired = present(&world, 1, 1_000_000).await;
    assert_eq!(expired, ExchangeOutcome::Expired);
    assert_eq!(present(&world, 1, 999_999).await, given(&session, 2));
    world.is_sound().await;
}

pub async fn a_token_of_a_lost_future_needs_the_secret(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    let without = present(&world, 7, 10).await;
    assert_eq!(without, ExchangeOutcome::Unknown);
    let wrong = present_with(&world, 7, 10, Some(666)).await;
    assert_eq!(wrong, ExchangeOutcome::WrongSecret);
    let right = present_with(&world, 7, 10, Some(1)).await;
    assert_eq!(right, given(&session, 8));
    assert_eq!(world.taken(), []);
    world.is_sound().await;
}

pub async fn a_token_of_an_ended_session_is_unknown(fixture: &impl Fixture) {
    let (world, session) = begin(fixture).await;
    world.store.logout(session, at(20)).await.unwrap();
    assert_eq!(present(&world, 1, 30).await, ExchangeOutcome::Unknown);
    // Somebody else logs in: the former family stays void.
    world.login("bert", 1).await;
    assert_eq!(present(&world, 1, 30).await, ExchangeOutcome::Unknown);
    world.is_sound().await;
}
