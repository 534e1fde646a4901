//! The same ids in two Apps are different things: whatever is done in `bank`, `shop` stays as it is.

use vestnik_model::contract::UpdateState;
use vestnik_rules::session::Session;
use vestnik_store::{
    Installations as _, PageQuery, Sessions as _, Tenants as _,
    effect::Revocation,
    installations::PresenceNote,
    sessions::{Login, LoginOutcome, LogoutOutcome, TokenUse},
    tenants::{Bootstrap, Created, KeyUse},
};

use crate::world::{World, api_key, app, identity_key, installation, key_hash, state, user};

/// Everything that can be read of an App, in words.
async fn everything(world: &World, name: &str) -> Vec<String> {
    let store = &world.store;
    let (app, ins, anna) = (app(name), installation(1), user("anna"));
    let query = PageQuery {
        after: None,
        limit: 9,
    };
    let identity = store
        .identity_key(app.clone(), "main".to_owned())
        .await
        .unwrap();
    vec![
        format!("{:?}", store.find_key(key_hash(&app, "k1")).await),
        format!("{:?}", store.key(app.clone(), "k1".to_owned()).await),
        format!("{:?}", store.keys(app.clone(), query).await),
        format!("{:?}", identity.map(|identity| identity.key)),
        format!("{:?}", store.session(app.clone(), ins).await),
        format!("{:?}", store.installation(app.clone(), ins).await),
        format!("{:?}", store.presence(app, anna, world.now()).await),
    ]
}

async fn fill(world: &World, name: &str) -> (Login, Session) {
    let store = &world.store;
    let app = app(name);
    store
        .create_key(api_key(&app, "k1"), world.now())
        .await
        .unwrap();
    let key = identity_key("main", name.as_bytes());
    store.put_identity_key(app.clone(), key).await.unwrap();
    let login = Login {
        token_use: Some(TokenUse {
            jti_hash: [5; 32],
            expires: world.in_days(1),
        }),
        ..world.login(name, "anna", 1)
    };
    let LoginOutcome::LoggedIn(session) = store.login(login.clone()).await.unwrap() else {
        panic!("not logged in to {name}");
    };
    store
        .put_state(session.clone(), state(name), world.now())
        .await
        .unwrap();
    store
        .note_presence(vec![presence(world, &session)])
        .await
        .unwrap();
    (login, session)
}

fn presence(world: &World, session: &Session) -> PresenceNote {
    PresenceNote {
        session: session.clone(),
        node: "n1".to_owned(),
        connection: "c1".to_owned(),
        lease_until: Some(world.in_days(1)),
        last_seen: world.now(),
    }
}

/// Does one operation in `bank`; tells whether it was done.
async fn perform(world: &World, operation: &str, login: &Login, session: &Session) -> bool {
    match operation {
        "login" | "retire" | "exchange" | "reuse" | "logout" | "end_session"
        | "end_user_sessions" => perform_on_session(world, operation, login, session).await,
        "put_state" | "update_state" | "note_presence" | "note_connected" => {
            perform_on_installation(world, operation, session).await
        }
        _ => perform_on_tenant(world, operation).await,
    }
}

async fn perform_on_tenant(world: &World, operation: &str) -> bool {
    let store = &world.store;
    let (bank, now) = (app("bank"), world.now());
    match operation {
        "create_app" => store.create_app(bank, now).await == Ok(Created::Exists),
        "bootstrap" => {
            let first = Bootstrap {
                key: api_key(&bank, "k2"),
                identity: identity_key("first", b"first"),
                now,
            };
            store.bootstrap(first).await == Ok(Created::Made)
        }
        "create_key" => store.create_key(api_key(&bank, "k3"), now).await.is_ok(),
        "revoke_key" => store.revoke_key(bank, "k1".to_owned(), now).await == Ok(true),
        "revoke_keys" => store.revoke_keys(Some(bank), None, now).await == Ok(1),
        "note_key_use" => {
            let id = "k1".to_owned();
            let at = world.in_days(1);
            store
                .note_key_use(vec![KeyUse { app: bank, id, at }])
                .await
                .is_ok()
        }
        "put_identity_key" => {
            let key = identity_key("main", b"another");
            store.put_identity_key(bank, key).await.is_ok()
        }
        "delete_identity_key" => {
            store.delete_identity_key(bank, "main".to_owned()).await == Ok(true)
        }
        other => panic!("{other}"),
    }
}

async fn perform_on_session(
    world: &World,
    operation: &str,
    login: &Login,
    session: &Session,
) -> bool {
    let store = &world.store;
    let (bank, ins, now) = (app("bank"), installation(1), world.now());
    match operation {
        "login" => {
            let again = Login {
                max_installations: 1,
                ..world.login("bank", "boris", 1)
            };
            matches!(store.login(again).await, Ok(LoginOutcome::LoggedIn(_)))
        }
        "retire" => {
            let another = Login {
                max_installations: 1,
                ..world.login("bank", "anna", 2)
            };
            matches!(store.login(another).await, Ok(LoginOutcome::LoggedIn(_)))
        }
        "exchange" => world.exchange(login.family, 1).await == Ok(2),
        "reuse" => {
            for counter in 1..4 {
                world.exchange(login.family, counter).await.unwrap();
                world.pass(120);
            }
            world.exchange(login.family, 1).await.is_err()
        }
        "logout" => store.logout(session.clone(), now).await == Ok(LogoutOutcome::Done),
        "end_session" => store.end_session(bank, ins, now).await == Ok(true),
        "end_user_sessions" => store.end_user_sessions(bank, user("anna"), now).await == Ok(1),
        other => panic!("{other}"),
    }
}

async fn perform_on_installation(world: &World, operation: &str, session: &Session) -> bool {
    let store = &world.store;
    let now = world.now();
    match operation {
        "put_state" => store.put_state(session.clone(), state("xx"), now).await == Ok(true),
        "update_state" => {
            let update = UpdateState {
                locale: Some("xx".to_owned()),
                ..UpdateState::default()
            };
            store.update_state(session.clone(), update, now).await == Ok(true)
        }
        "note_presence" => {
            let gone = PresenceNote {
                lease_until: None,
                ..presence(world, session)
            };
            store.note_presence(vec![gone]).await.is_ok()
        }
        "note_connected" => {
            let other = PresenceNote {
                connection: "c2".to_owned(),
                node: "n2".to_owned(),
                ..presence(world, session)
            };
            store.note_connected(other).await.is_ok()
        }
        other => panic!("{other}"),
    }
}

const OPERATIONS: [&str; 19] = [
    "create_app",
    "bootstrap",
    "create_key",
    "revoke_key",
    "revoke_keys",
    "note_key_use",
    "put_identity_key",
    "delete_identity_key",
    "login",
    "retire",
    "exchange",
    "reuse",
    "logout",
    "end_session",
    "end_user_sessions",
    "put_state",
    "update_state",
    "note_presence",
    "note_connected",
];

/// Changes nothing that can be read, or only in another table of the same App.
const INVISIBLE: [&str; 4] = ["create_app", "bootstrap", "create_key", "exchange"];

#[tokio::test]
async fn no_operation_in_one_app_reaches_another() {
    for operation in OPERATIONS {
        let world = World::new().await;
        let (kept, _) = fill(&world, "shop").await;
        let (login, session) = fill(&world, "bank").await;
        let shop = everything(&world, "shop").await;
        let bank = everything(&world, "bank").await;
        world.revocations();
        assert!(
            perform(&world, operation, &login, &session).await,
            "{operation}"
        );
        assert_eq!(everything(&world, "shop").await, shop, "{operation}");
        for (told, revocation) in world.revocations() {
            assert_eq!(told, app("bank"), "{operation}: {revocation:?}");
        }
        // Its tokens hold too.
        assert_eq!(world.exchange(kept.family, 1).await, Ok(2), "{operation}");
        let has_changed = everything(&world, "bank").await != bank;
        assert!(has_changed || INVISIBLE.contains(&operation), "{operation}");
        world.close().await;
    }
}

#[tokio::test]
async fn a_session_of_one_app_is_none_of_another() {
    let world = World::new().await;
    let (_, shop) = fill(&world, "shop").await;
    fill(&world, "bank").await;
    let forged = Session {
        app: app("bank"),
        user: user("boris"),
        ..shop
    };
    let now = world.now();
    let logout = world.store.logout(forged.clone(), now).await;
    assert_eq!(logout, Ok(LogoutOutcome::Ended));
    assert_eq!(
        world.store.put_state(forged, state("xx"), now).await,
        Ok(false)
    );
    assert_eq!(world.revocations(), [] as [(_, Revocation); 0]);
}
