//! Installations, whose they are, and refresh tokens.

use vestnik_model::{InstallationState, Permission, Platform};

use super::{
    Fixture,
    world::{at, bank, begin, counts, hash, installation, login, publish, shop, user, users},
};
use crate::{LogoutOutcome, Rotation, RotationOutcome, Session, Store};

async fn rotate(store: &dyn Store, presented: u32, next: u32) -> RotationOutcome {
    let rotation = Rotation {
        presented: hash(presented),
        next: hash(next),
        next_expires: at(100_000),
        now: at(10),
    };
    store.rotate(rotation).await.unwrap()
}

pub async fn a_login_makes_an_installation_its_users(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let session = login(&*store, &shop(), "anna", 1).await;
    let view = store.installation(shop(), installation(1)).await.unwrap();
    let view = view.unwrap();
    assert_eq!((view.user, view.state), (session.user, None));
    assert_eq!((view.created_at, view.updated_at), (at(1), at(1)));
}

pub async fn an_installation_changes_hands(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    login(&*store, &shop(), "anna", 1).await;
    assert!(matches!(
        rotate(&*store, 1, 2).await,
        RotationOutcome::Rotated(_)
    ));
    let boris = crate::Login {
        session: Session {
            app: shop(),
            user: user("boris"),
            installation: installation(1),
        },
        refresh_hash: hash(3),
        refresh_expires: at(100_000),
        now: at(5),
    };
    store.login(boris.clone()).await.unwrap();
    assert_eq!(rotate(&*store, 2, 4).await, RotationOutcome::Unknown);
    let rotated = RotationOutcome::Rotated(boris.session);
    assert_eq!(rotate(&*store, 3, 5).await, rotated);
    publish(&*store, 7, users(&["anna", "boris"])).await;
    let counts = counts(&*store, 7).await;
    assert_eq!((counts.undelivered, counts.pending), (1, 1));
}

pub async fn a_token_gives_the_next_once(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let rotated = RotationOutcome::Rotated(login(&*store, &shop(), "anna", 1).await);
    for token in 1..40 {
        assert_eq!(rotate(&*store, token, token + 1).await, rotated);
    }
    assert_eq!(rotate(&*store, 99, 100).await, RotationOutcome::Unknown);
}

pub async fn a_lost_answer_is_given_again(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    let rotated = RotationOutcome::Rotated(login(&*store, &shop(), "anna", 1).await);
    for (presented, next) in [(1, 2), (1, 3), (1, 4), (4, 5), (5, 6)] {
        assert_eq!(rotate(&*store, presented, next).await, rotated);
    }
}

pub async fn a_token_that_comes_again_revokes_its_family(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    login(&*store, &shop(), "anna", 1).await;
    let other = login(&*store, &shop(), "anna", 50).await;
    rotate(&*store, 1, 2).await;
    rotate(&*store, 2, 3).await;
    assert_eq!(rotate(&*store, 1, 4).await, RotationOutcome::Reused);
    for token in 1..=4 {
        assert_eq!(rotate(&*store, token, 9).await, RotationOutcome::Unknown);
    }
    let rotated = RotationOutcome::Rotated(other);
    assert_eq!(rotate(&*store, 50, 51).await, rotated);
}

/// A thief repeats an old token before its owner uses the new one: whoever comes second is found.
pub async fn a_withdrawn_token_revokes_its_family(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    login(&*store, &shop(), "anna", 1).await;
    rotate(&*store, 1, 2).await;
    rotate(&*store, 1, 3).await;
    assert_eq!(rotate(&*store, 2, 4).await, RotationOutcome::Reused);
    assert_eq!(rotate(&*store, 3, 5).await, RotationOutcome::Unknown);
}

pub async fn a_token_expires(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    login(&*store, &shop(), "anna", 1).await;
    let late = Rotation {
        presented: hash(1),
        next: hash(2),
        next_expires: at(200_000),
        now: at(100_000),
    };
    assert_eq!(store.rotate(late).await, Ok(RotationOutcome::Expired));
    assert_eq!(rotate(&*store, 2, 3).await, RotationOutcome::Unknown);
}

pub async fn a_logout_ends_an_installation(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    login(&*store, &shop(), "anna", 1).await;
    let logout = || store.logout(shop(), installation(1));
    assert_eq!(logout().await, Ok(LogoutOutcome::Done));
    assert_eq!(logout().await, Ok(LogoutOutcome::Unknown));
    assert_eq!(store.installation(shop(), installation(1)).await, Ok(None));
    assert_eq!(rotate(&*store, 1, 2).await, RotationOutcome::Unknown);
}

pub async fn a_state_is_set_whole(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    login(&*store, &shop(), "anna", 1).await;
    let state = |model: Option<&str>| InstallationState {
        platform: Platform::Android,
        model: model.map(str::to_owned),
        os_version: None,
        app_version: None,
        locale: Some("ru".to_owned()),
        time_zone: None,
        permission: Permission::Unknown,
        push_addresses: Vec::new(),
    };
    for (second, model) in [(5, Some("Pixel")), (6, None)] {
        let put = store.put_installation(shop(), installation(1), state(model), at(second));
        assert_eq!(put.await, Ok(true));
        let view = store.installation(shop(), installation(1)).await.unwrap();
        let view = view.unwrap();
        assert_eq!(view.state, Some(state(model)));
        assert_eq!((view.created_at, view.updated_at), (at(1), at(second)));
    }
    let put = store.put_installation(shop(), installation(2), state(None), at(7));
    assert_eq!(put.await, Ok(false));
}

pub async fn apps_may_share_installation_ids(fixture: &impl Fixture) {
    let store = begin(fixture).await;
    store.create_app(bank(), at(0)).await.unwrap();
    login(&*store, &shop(), "anna", 1).await;
    let elsewhere = Session {
        app: bank(),
        user: user("boris"),
        installation: installation(1),
    };
    let login = crate::Login {
        session: elsewhere.clone(),
        refresh_hash: hash(2),
        refresh_expires: at(100_000),
        now: at(1),
    };
    store.login(login).await.unwrap();
    assert_eq!(
        store.logout(shop(), installation(1)).await,
        Ok(LogoutOutcome::Done)
    );
    let rotated = RotationOutcome::Rotated(elsewhere);
    assert_eq!(rotate(&*store, 2, 3).await, rotated);
}
