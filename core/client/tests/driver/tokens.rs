use vestnik_core::{NeedsIdentity, Phase, Standing};
use vestnik_model::{InstallationSecret, ProblemCode};

use crate::memory::{Memory, draw, in_time, login, online, open, quick, start};

#[tokio::test]
async fn a_refused_access_token_is_renewed_and_the_user_is_not_asked() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    server.world().refuse_token = 1;
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    let world = server.world();
    assert_eq!((world.logins, world.refreshes), (1, 1));
    assert_eq!(world.greeted.iter().collect::<Vec<_>>(), ["access-2-anna"]);
}

#[tokio::test]
async fn a_cut_uses_the_token_at_hand() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    for number in 1..=3 {
        server.append(1);
        server.cut();
        assert_eq!(draw(&client, 1).await, [number]);
        online(&client).await;
    }
    let world = server.world();
    assert_eq!((world.logins, world.refreshes), (1, 0));
}

#[tokio::test]
async fn a_restart_refreshes_and_a_revoked_family_needs_an_identity() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    client.stop().await;
    let client = open(&server, folder.path(), quick()).await;
    client.go_online();
    online(&client).await;
    assert_eq!(tokens(&server), (1, 1));
    client.stop().await;

    server.world().refresh_problem = Some(ProblemCode::AuthReused);
    let client = open(&server, folder.path(), quick()).await;
    client.go_online();
    let mut snapshot = client.snapshot();
    let needs = |standing: &Standing| {
        matches!(standing, Standing::NeedsIdentity {
        user: Some(user), reason: NeedsIdentity::Refused(code)
    } if user.as_str() == "anna" && *code == ProblemCode::AuthReused)
    };
    in_time(snapshot.wait_for(|snapshot| needs(&snapshot.standing)))
        .await
        .unwrap();
    login(&client, "anna").await;
    online(&client).await;
    assert_eq!(tokens(&server), (2, 1));
}

fn tokens(server: &Memory) -> (usize, usize) {
    let world = server.world();
    (world.logins, world.refreshes)
}

#[tokio::test]
async fn trouble_that_is_not_about_credentials_ends_no_session() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    client.stop().await;

    server.world().refresh_problem = Some(ProblemCode::NotFound);
    let client = open(&server, folder.path(), quick()).await;
    client.go_online();
    let mut snapshot = client.snapshot();
    in_time(snapshot.wait_for(|snapshot| snapshot.connection.last_error.is_some()))
        .await
        .unwrap();
    assert_eq!(snapshot.borrow().connection.phase, Phase::Connecting);
    server.world().refresh_problem = None;
    client.foregrounded();
    online(&client).await;
    assert_eq!(tokens(&server), (1, 1));
}

#[tokio::test]
async fn one_secret_comes_with_every_login_and_refresh() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    for _ in 0..2 {
        let client = start(&server, folder.path(), quick()).await;
        online(&client).await;
        client.stop().await;
    }
    let world = server.world();
    assert_eq!((world.logins, world.refreshes), (1, 1));
    let secrets: Vec<_> = world.secrets.iter().flatten().collect();
    assert_eq!((world.secrets.len(), secrets.len()), (1, 1));
    assert!(InstallationSecret::parse(secrets[0]).is_ok());
}
