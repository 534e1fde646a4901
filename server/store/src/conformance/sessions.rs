//! Logins and logouts.

use vestnik_model::AppId;
use vestnik_rules::session::Session;

use super::{
    Fixture,
    name::{at, family, hash, installation, login, shop, user},
    world::{World, revoked},
};
use crate::{
    effect::{Cause, Revocation},
    installations::PresenceNote,
    sessions::{Login, LoginOutcome, LogoutOutcome, TokenUse},
};

async fn present(world: &World, number: u32) -> Option<Session> {
    let session = world.store.session(shop(), installation(number));
    session.await.unwrap()
}

/// What the end of a session is to others.
fn ended(session: &Session, cause: Cause) -> Revocation {
    Revocation::Session {
        installation: session.installation,
        user: session.user.clone(),
        generation: session.generation,
        cause,
    }
}

/// A login with another family than the first one.
fn another(who: &str, number: u32) -> Login {
    Login {
        family: family(number + 500),
        ..login(&shop(), who, number)
    }
}

pub async fn a_login_makes_an_installation_its_users(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    assert_eq!(present(&world, 1).await, None);
    let session = world.login("anna", 1).await;
    assert_eq!((&session.app, &session.user), (&shop(), &user("anna")));
    assert_eq!(present(&world, 1).await, Some(session));
    assert_eq!(revoked(&world.taken()), []);
    let view = world.store.installation(shop(), installation(1)).await;
    let view = view.unwrap().unwrap();
    assert_eq!((view.user, view.created_at), (user("anna"), at(1)));
    world.is_sound().await;
}

pub async fn a_login_needs_an_app(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let app = AppId::parse("nobodys").unwrap();
    let outcome = world.store.login(login(&app, "anna", 1)).await;
    assert_eq!(outcome, Ok(LoginOutcome::UnknownApp));
    world.is_sound().await;
}

pub async fn another_secret_is_refused(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    world.taken();
    for who in ["anna", "mallory"] {
        let guess = Login {
            secret_hash: hash(666),
            ..another(who, 1)
        };
        let outcome = world.store.login(guess).await;
        assert_eq!(outcome, Ok(LoginOutcome::WrongSecret));
    }
    assert_eq!(present(&world, 1).await, Some(session));
    assert_eq!(world.taken(), []);
    world.is_sound().await;
}

pub async fn a_second_login_ends_the_first(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let first = world.login("anna", 1).await;
    let second = world.login("anna", 1).await;
    assert!(second.generation > first.generation);
    let expected = [ended(&first, Cause::LoggedInAgain)];
    assert_eq!(revoked(&world.taken()), expected);
    assert_eq!(present(&world, 1).await, Some(second));
    world.is_sound().await;
}

pub async fn an_installation_changes_hands(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let first = world.login("anna", 1).await;
    let second = world.login("bert", 1).await;
    let expected = [ended(&first, Cause::TakenOver)];
    assert_eq!(revoked(&world.taken()), expected);
    assert_eq!(present(&world, 1).await, Some(second));
    assert_eq!(world.stretch("anna").await.sessions, []);
    world.is_sound().await;
}

pub async fn a_logout_ends_the_session(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    let logout = || world.store.logout(session.clone(), at(20));
    assert_eq!(logout().await, Ok(LogoutOutcome::Done));
    let expected = [ended(&session, Cause::LoggedOut)];
    assert_eq!(revoked(&world.taken()), expected);
    assert_eq!(present(&world, 1).await, None);
    assert_eq!(logout().await, Ok(LogoutOutcome::Ended));
    assert_eq!(world.taken(), []);
    world.is_sound().await;
}

pub async fn an_older_logout_leaves_the_present_session(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let first = world.login("anna", 1).await;
    let second = world.login("anna", 1).await;
    world.taken();
    let logout = world.store.logout(first, at(20)).await;
    assert_eq!(logout, Ok(LogoutOutcome::Ended));
    assert_eq!(present(&world, 1).await, Some(second));
    assert_eq!(world.taken(), []);
    world.is_sound().await;
}

pub async fn an_installation_stays_bound_to_its_secret(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    world.store.logout(session.clone(), at(20)).await.unwrap();
    let guess = Login {
        secret_hash: hash(666),
        ..another("mallory", 1)
    };
    let outcome = world.store.login(guess).await;
    assert_eq!(outcome, Ok(LoginOutcome::WrongSecret));
    let later = world.login("bert", 1).await;
    assert!(later.generation > session.generation);
    world.is_sound().await;
}

pub async fn an_identity_token_is_used_once(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let with_token = |number| Login {
        token_use: Some(TokenUse {
            jti_hash: hash(5),
            expires: at(900),
        }),
        ..login(&shop(), "anna", number)
    };
    let first = world.store.login(with_token(1)).await.unwrap();
    assert!(matches!(first, LoginOutcome::LoggedIn(_)));
    world.taken();
    for number in [1, 2] {
        let again = Login {
            family: family(number + 500),
            ..with_token(number)
        };
        let again = world.store.login(again).await;
        assert_eq!(again, Ok(LoginOutcome::TokenUsed));
    }
    assert!(present(&world, 1).await.is_some());
    assert_eq!(present(&world, 2).await, None);
    assert_eq!(world.taken(), []);
    world.is_sound().await;
}

pub async fn the_longest_silent_installation_is_retired(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let first = world.login("anna", 1).await;
    let second = world.login("anna", 2).await;
    let note = PresenceNote {
        session: first.clone(),
        node: "n".to_owned(),
        connection: "c".to_owned(),
        lease_until: None,
        last_seen: at(50),
    };
    world.store.note_presence(vec![note]).await.unwrap();
    world.taken();
    let third = Login {
        max_installations: 2,
        now: at(60),
        ..login(&shop(), "anna", 3)
    };
    let outcome = world.store.login(third).await.unwrap();
    assert!(matches!(outcome, LoginOutcome::LoggedIn(_)));
    let expected = [ended(&second, Cause::Retired)];
    assert_eq!(revoked(&world.taken()), expected);
    assert_eq!(present(&world, 1).await, Some(first));
    assert_eq!(present(&world, 2).await, None);
    assert!(present(&world, 3).await.is_some());
    world.is_sound().await;
}

pub async fn the_backend_ends_a_session(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let session = world.login("anna", 1).await;
    let end = |number| {
        world
            .store
            .end_session(shop(), installation(number), at(20))
    };
    assert_eq!(end(1).await, Ok(true));
    let expected = [ended(&session, Cause::LoggedOut)];
    assert_eq!(revoked(&world.taken()), expected);
    assert_eq!(present(&world, 1).await, None);
    assert_eq!(end(2).await, Ok(false));
    assert_eq!(world.taken(), []);
    world.is_sound().await;
}

pub async fn all_sessions_of_a_user_end(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let first = world.login("anna", 1).await;
    let second = world.login("anna", 2).await;
    let other = world.login("bert", 3).await;
    let end = || world.store.end_user_sessions(shop(), user("anna"), at(20));
    assert_eq!(end().await, Ok(2));
    let told = revoked(&world.taken());
    for expected in [
        ended(&first, Cause::UserRevoked),
        ended(&second, Cause::UserRevoked),
        Revocation::User { user: user("anna") },
    ] {
        assert!(told.contains(&expected), "{told:?}");
    }
    assert_eq!(told.len(), 3);
    assert_eq!(present(&world, 1).await, None);
    assert_eq!(present(&world, 3).await, Some(other));
    assert_eq!(end().await, Ok(0));
    assert_eq!(revoked(&world.taken()), []);
    world.is_sound().await;
}
