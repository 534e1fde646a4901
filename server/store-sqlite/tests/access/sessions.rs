//! Logins, refresh tokens, logouts.

use vestnik_rules::session::Session;
use vestnik_store::{
    Effect, Installations as _, Operations as _, Sessions as _,
    effect::{Cause, Revocation},
    sessions::{ExchangeOutcome, Login, LoginOutcome, LogoutOutcome, Seen, TokenUse},
};

use crate::world::{World, app, installation, state, user};

fn ended(session: &Session, cause: Cause) -> Revocation {
    Revocation::Session {
        installation: session.installation,
        user: session.user.clone(),
        generation: session.generation,
        cause,
    }
}

#[tokio::test]
async fn who_only_knows_an_id_cannot_take_it_over() {
    let world = World::new().await;
    let (anna, family) = world.logged_in("anna", 1).await;
    let thief = Login {
        secret_hash: [9; 32],
        token_use: Some(TokenUse {
            jti_hash: [5; 32],
            expires: world.in_days(1),
        }),
        ..world.login("shop", "mallory", 1)
    };
    assert_eq!(
        world.store.login(thief.clone()).await,
        Ok(LoginOutcome::WrongSecret)
    );
    assert_eq!(world.revocations(), []);
    let present = world.store.session(app("shop"), installation(1)).await;
    assert_eq!(present, Ok(Some(anna)));
    assert_eq!(world.exchange(family, 1).await, Ok(2));
    // The refused login has not used the identity token.
    let elsewhere = Login {
        installation: installation(2),
        ..thief
    };
    let admitted = world.store.login(elsewhere).await.unwrap();
    assert!(matches!(admitted, LoginOutcome::LoggedIn(_)));
    world.close().await;
}

#[tokio::test]
async fn a_takeover_ends_the_former_session_whose_logout_then_changes_nothing() {
    let world = World::new().await;
    let (anna, family) = world.logged_in("anna", 1).await;
    let (boris, _) = world.logged_in("boris", 1).await;
    assert!(boris.generation > anna.generation);
    assert_eq!(
        world.revocations(),
        [(app("shop"), ended(&anna, Cause::TakenOver))]
    );
    assert_eq!(
        world.exchange(family, 1).await,
        Err(ExchangeOutcome::Unknown)
    );
    // The queued logout of the former user arrives late.
    let late = world.store.logout(anna.clone(), world.now()).await;
    assert_eq!(late, Ok(LogoutOutcome::Ended));
    let put = world.store.put_state(anna, state("ru"), world.now()).await;
    assert_eq!(put, Ok(false));
    assert_eq!(world.revocations(), []);
    let present = world.store.session(app("shop"), installation(1)).await;
    assert_eq!(present, Ok(Some(boris)));
    world.close().await;
}

#[tokio::test]
async fn another_login_of_the_same_user_voids_older_generations() {
    let world = World::new().await;
    let (first, first_family) = world.logged_in("anna", 1).await;
    let (second, second_family) = world.logged_in("anna", 1).await;
    assert_eq!(
        world.revocations(),
        [(app("shop"), ended(&first, Cause::LoggedInAgain))]
    );
    assert_eq!(
        world.exchange(first_family, 1).await,
        Err(ExchangeOutcome::Unknown)
    );
    assert_eq!(
        world.store.logout(first, world.now()).await,
        Ok(LogoutOutcome::Ended)
    );
    assert_eq!(world.exchange(second_family, 1).await, Ok(2));
    assert_eq!(
        world.store.logout(second.clone(), world.now()).await,
        Ok(LogoutOutcome::Done)
    );
    assert_eq!(
        world.revocations(),
        [(app("shop"), ended(&second, Cause::LoggedOut))]
    );
    world.close().await;
}

#[tokio::test]
async fn a_logged_out_installation_stays_bound_to_its_secret() {
    let world = World::new().await;
    let (anna, family) = world.logged_in("anna", 1).await;
    world
        .store
        .put_state(anna.clone(), state("ru"), world.now())
        .await
        .unwrap();
    world.store.logout(anna.clone(), world.now()).await.unwrap();
    assert_eq!(
        world.exchange(family, 1).await,
        Err(ExchangeOutcome::Unknown)
    );
    let view = world.store.installation(app("shop"), installation(1)).await;
    assert_eq!(view, Ok(None));
    let stranger = Login {
        secret_hash: [9; 32],
        ..world.login("shop", "mallory", 1)
    };
    assert_eq!(
        world.store.login(stranger).await,
        Ok(LoginOutcome::WrongSecret)
    );
    let (again, _) = world.logged_in("anna", 1).await;
    assert!(again.generation > anna.generation + 1);
    world.close().await;
}

#[tokio::test]
async fn an_identity_token_is_used_once() {
    let world = World::new().await;
    let token = TokenUse {
        jti_hash: [5; 32],
        expires: world.in_days(1),
    };
    let login = |number| Login {
        token_use: Some(token.clone()),
        ..world.login("shop", "anna", number)
    };
    let first = world.store.login(login(1)).await.unwrap();
    assert!(matches!(first, LoginOutcome::LoggedIn(_)));
    assert_eq!(
        world.store.login(login(2)).await,
        Ok(LoginOutcome::TokenUsed)
    );
    let untouched = world.store.session(app("shop"), installation(2)).await;
    assert_eq!(untouched, Ok(None));
    // Another App's tokens are other tokens.
    let elsewhere = Login {
        token_use: Some(token),
        ..world.login("bank", "anna", 1)
    };
    let elsewhere = world.store.login(elsewhere).await.unwrap();
    assert!(matches!(elsewhere, LoginOutcome::LoggedIn(_)));
    world.close().await;
}

#[tokio::test]
async fn there_is_no_login_to_an_app_that_is_not_there() {
    let world = World::new().await;
    let login = world.login("nosuch", "anna", 1);
    assert_eq!(world.store.login(login).await, Ok(LoginOutcome::UnknownApp));
}

#[tokio::test]
async fn a_lost_answer_is_given_again_until_its_access_token_is_seen() {
    let world = World::new().await;
    let (_, family) = world.logged_in("anna", 1).await;
    assert_eq!(world.exchange(family, 1).await, Ok(2));
    world.pass(3_600);
    assert_eq!(world.exchange(family, 1).await, Ok(2));
    world.pass(3_600);
    // Older notes change nothing, the newest token's note does.
    let seen = |counter| Seen { family, counter };
    world.store.note_seen(vec![seen(1)]).await.unwrap();
    assert_eq!(world.exchange(family, 1).await, Ok(2));
    world.pass(3_600);
    world.store.note_seen(vec![seen(2)]).await.unwrap();
    assert_eq!(
        world.exchange(family, 1).await,
        Err(ExchangeOutcome::Reused)
    );
    world.close().await;
}

#[tokio::test]
async fn two_tabs_that_refresh_at_once_both_go_on() {
    let world = World::new().await;
    let (_, family) = world.logged_in("anna", 1).await;
    assert_eq!(world.exchange(family, 1).await, Ok(2));
    world
        .store
        .note_seen(vec![Seen { family, counter: 2 }])
        .await
        .unwrap();
    assert_eq!(world.exchange(family, 1).await, Ok(2));
    world.pass(900);
    assert_eq!(world.exchange(family, 2).await, Ok(3));
    assert_eq!(world.exchange(family, 2).await, Ok(3));
    world.close().await;
}

#[tokio::test]
async fn a_reused_token_ends_the_session_for_everybody() {
    let world = World::new().await;
    let (anna, family) = world.logged_in("anna", 1).await;
    for counter in 1..4 {
        world.pass(900);
        assert_eq!(world.exchange(family, counter).await, Ok(counter + 1));
    }
    assert_eq!(
        world.exchange(family, 1).await,
        Err(ExchangeOutcome::Reused)
    );
    assert_eq!(
        world.revocations(),
        [
            (app("shop"), ended(&anna, Cause::Reused)),
            (app("shop"), Revocation::Family { family }),
        ]
    );
    assert_eq!(
        world.exchange(family, 4).await,
        Err(ExchangeOutcome::Unknown)
    );
    let session = world.store.session(app("shop"), installation(1)).await;
    assert_eq!(session, Ok(None));
    world.close().await;
}

#[tokio::test]
async fn the_longest_silent_installation_is_retired() {
    let world = World::new().await;
    let mut sessions = Vec::new();
    for number in 1..=3 {
        world.pass(60);
        sessions.push(world.logged_in("anna", number).await);
    }
    // The first is not silent any more.
    world.pass(60);
    assert_eq!(world.exchange(sessions[0].1, 1).await, Ok(2));
    world.pass(60);
    let fourth = Login {
        max_installations: 3,
        ..world.login("shop", "anna", 4)
    };
    world.store.login(fourth).await.unwrap();
    let (retired, family) = &sessions[1];
    assert_eq!(
        world.revocations(),
        [(app("shop"), ended(retired, Cause::Retired))]
    );
    assert_eq!(
        world.exchange(*family, 1).await,
        Err(ExchangeOutcome::Unknown)
    );
    for number in [1, 3, 4] {
        let session = world.store.session(app("shop"), installation(number)).await;
        assert!(session.unwrap().is_some(), "{number}");
    }
    world.close().await;
}

#[tokio::test]
async fn all_sessions_of_a_user_end_at_once() {
    let world = World::new().await;
    let (one, _) = world.logged_in("anna", 1).await;
    let (two, _) = world.logged_in("anna", 2).await;
    world.logged_in("boris", 3).await;
    let end = || {
        world
            .store
            .end_user_sessions(app("shop"), user("anna"), world.now())
    };
    assert_eq!(end().await, Ok(2));
    let revocations = world.revocations();
    for session in [&one, &two] {
        let revocation = (app("shop"), ended(session, Cause::UserRevoked));
        assert!(revocations.contains(&revocation), "{revocations:?}");
    }
    let all = (app("shop"), Revocation::User { user: user("anna") });
    assert_eq!(revocations.last(), Some(&all));
    assert_eq!(end().await, Ok(0));
    assert_eq!(world.revocations(), []);
    let other = world.store.session(app("shop"), installation(3)).await;
    assert!(other.unwrap().is_some());
    world.close().await;
}

#[tokio::test]
async fn the_backend_ends_a_session_whoever_has_it() {
    let world = World::new().await;
    let (anna, _) = world.logged_in("anna", 1).await;
    let end = || {
        world
            .store
            .end_session(app("shop"), installation(1), world.now())
    };
    assert_eq!(end().await, Ok(true));
    assert_eq!(
        world.revocations(),
        [(app("shop"), ended(&anna, Cause::LoggedOut))]
    );
    // It is there, and nobody is logged in.
    assert_eq!(end().await, Ok(true));
    assert_eq!(world.revocations(), []);
    let unknown = world
        .store
        .end_session(app("shop"), installation(2), world.now());
    assert_eq!(unknown.await, Ok(false));
}

#[tokio::test]
async fn an_expired_token_ends_nothing() {
    let world = World::new().await;
    let (anna, family) = world.logged_in("anna", 1).await;
    world.pass(31 * 24 * 3_600);
    assert_eq!(
        world.exchange(family, 1).await,
        Err(ExchangeOutcome::Expired)
    );
    let session = world.store.session(app("shop"), installation(1)).await;
    assert_eq!(session, Ok(Some(anna)));
}

#[tokio::test]
async fn revocations_are_stored_in_the_order_in_which_they_were_told() {
    let world = World::new().await;
    let (anna, _) = world.logged_in("anna", 1).await;
    let (boris, _) = world.logged_in("boris", 1).await;
    world
        .store
        .logout(boris.clone(), world.now())
        .await
        .unwrap();
    let told = world.revocations();
    assert_eq!(told.len(), 2);
    let stored = world.store.events(0, 100).await.unwrap();
    let numbers: Vec<_> = stored.iter().map(|event| event.number).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    let stored = stored.into_iter().map(|event| event.effect);
    let is_revocation = |effect: &Effect| matches!(effect, Effect::Revoked(_));
    let stored: Vec<_> = stored.filter(is_revocation).collect();
    let told: Vec<_> = told
        .into_iter()
        .map(|(_, revocation)| Effect::Revoked(revocation))
        .collect();
    assert_eq!(stored, told);
    assert_eq!(told[0], Effect::Revoked(ended(&anna, Cause::TakenOver)));
}
