//! What sessions leave behind is deleted when its time is over, in parts.

use vestnik_rules::{
    session::KEEP_LOGGED_OUT,
    work::{Progress, WorkKind},
};
use vestnik_store::{
    Installations as _, Sessions as _, Work as _,
    installations::PresenceNote,
    sessions::{Login, LoginOutcome, TokenUse},
    work::{ClaimQuery, Part},
};

use crate::world::{World, app, installation};

/// Sweeps in parts of two rows; gives how many parts there were.
async fn sweep(world: &World) -> u32 {
    let mut parts = 0;
    loop {
        let now = world.now();
        let asked = ClaimQuery {
            kind: WorkKind::Sweep,
            behind: None,
            except: Vec::new(),
            limit: 1,
            lease_until: world.in_hours(1),
            now,
        };
        let claims = world.store.claim(asked).await.unwrap().claims;
        let Some(claim) = claims.into_iter().next() else {
            return parts;
        };
        let part = Part {
            claim,
            rows: 2,
            seed: [0; 32],
            now,
        };
        parts += 1;
        assert_ne!(world.store.perform(part).await, Ok(Progress::Lost));
    }
}

/// The rows of the tables of sessions, read from the file.
fn rows(world: &World) -> [(&'static str, u32); 4] {
    let db = rusqlite::Connection::open(world.path()).unwrap();
    ["installation", "refresh_family", "token_use", "presence"].map(|table| {
        let count = format!("SELECT count(*) FROM {table}");
        (table, db.query_row(&count, [], |row| row.get(0)).unwrap())
    })
}

#[tokio::test]
async fn what_has_expired_goes_and_what_holds_stays() {
    let world = World::new().await;
    for number in 1..=5 {
        let login = Login {
            token_use: Some(TokenUse {
                jti_hash: [number; 32],
                expires: world.in_days(1),
            }),
            refresh_expires: world.in_days(i64::from(number) * 10),
            ..world.login("shop", "anna", number.into())
        };
        let LoginOutcome::LoggedIn(session) = world.store.login(login).await.unwrap() else {
            panic!("not logged in");
        };
        let note = PresenceNote {
            session,
            node: "n1".to_owned(),
            connection: "c1".to_owned(),
            lease_until: Some(world.in_days(i64::from(number))),
            last_seen: world.now(),
        };
        world.store.note_presence(vec![note]).await.unwrap();
    }
    sweep(&world).await;
    let all = [
        ("installation", 5),
        ("refresh_family", 5),
        ("token_use", 5),
        ("presence", 5),
    ];
    assert_eq!(rows(&world), all);
    world.pass(35 * 24 * 3_600);
    assert!(sweep(&world).await > 1);
    let rest = [
        ("installation", 5),
        ("refresh_family", 2),
        ("token_use", 0),
        ("presence", 0),
    ];
    assert_eq!(rows(&world), rest);
    world.close().await;
}

#[tokio::test]
async fn an_id_is_free_again_when_nobody_was_logged_in_for_long() {
    let world = World::new().await;
    let (anna, _) = world.logged_in("anna", 1).await;
    world.logged_in("boris", 2).await;
    world.store.logout(anna, world.now()).await.unwrap();
    let with_another_secret = |number| Login {
        secret_hash: [9; 32],
        ..world.login("shop", "mallory", number)
    };
    let keep = u64::try_from(KEEP_LOGGED_OUT.as_secs()).unwrap();
    world.pass(keep - 60);
    sweep(&world).await;
    let early = world.store.login(with_another_secret(1)).await;
    assert_eq!(early, Ok(LoginOutcome::WrongSecret));
    world.pass(24 * 3_600);
    sweep(&world).await;
    let late = world.store.login(with_another_secret(1)).await.unwrap();
    assert!(matches!(late, LoginOutcome::LoggedIn(_)), "{late:?}");
    // Silence alone frees nothing: somebody is logged in there.
    let used = world.store.login(with_another_secret(2)).await;
    assert_eq!(used, Ok(LoginOutcome::WrongSecret));
    let boris = world.store.session(app("shop"), installation(2)).await;
    assert!(boris.unwrap().is_some());
    world.close().await;
}
