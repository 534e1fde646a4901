use vestnik_core::ConnectionState;
use vestnik_model::{InstallationSecret, ProblemCode};

use crate::memory::{Memory, draw, in_time, online, quick, start};

#[tokio::test]
async fn a_refused_access_token_is_renewed_and_the_user_is_not_asked() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    server.world().refuse_token = 1;
    let (client, _events) = start(&server, folder.path(), quick()).await;
    online(&client).await;
    let world = server.world();
    assert_eq!((world.logins, world.refreshes), (1, 1));
    assert_eq!(world.greeted.iter().collect::<Vec<_>>(), ["access-2"]);
}

#[tokio::test]
async fn a_cut_uses_the_token_at_hand() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let (client, mut events) = start(&server, folder.path(), quick()).await;
    online(&client).await;
    for number in 1..=3 {
        server.append(1);
        server.cut();
        assert_eq!(draw(&client, &mut events, 1).await, [number]);
        online(&client).await;
    }
    let world = server.world();
    assert_eq!((world.logins, world.refreshes), (1, 0));
}

#[tokio::test]
async fn a_restart_refreshes_and_a_revoked_family_logs_in_anew() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let steps = [
        (None, (1, 0)),
        (None, (1, 1)),
        (Some(ProblemCode::AuthReused), (2, 1)),
    ];
    for (problem, expected) in steps {
        server.world().refresh_problem = problem;
        let (client, _events) = start(&server, folder.path(), quick()).await;
        online(&client).await;
        let tokens = {
            let world = server.world();
            (world.logins, world.refreshes)
        };
        assert_eq!(tokens, expected);
        client.stop().await.unwrap();
    }
}

#[tokio::test]
async fn trouble_that_is_not_about_credentials_ends_no_session() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let (client, _events) = start(&server, folder.path(), quick()).await;
    online(&client).await;
    client.stop().await.unwrap();

    server.world().refresh_problem = Some(ProblemCode::NotFound);
    let (client, _events) = start(&server, folder.path(), quick()).await;
    let mut connection = client.connection();
    in_time(connection.wait_for(|state| {
        matches!(
            state,
            ConnectionState::Offline {
                retry_at: Some(_),
                ..
            }
        )
    }))
    .await
    .unwrap();
    server.world().refresh_problem = None;
    online(&client).await;
    let world = server.world();
    assert_eq!((world.logins, world.refreshes), (1, 1));
}

#[tokio::test]
async fn one_secret_comes_with_every_login_and_refresh() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    for _ in 0..2 {
        let (client, _events) = start(&server, folder.path(), quick()).await;
        online(&client).await;
        client.stop().await.unwrap();
    }
    let world = server.world();
    assert_eq!((world.logins, world.refreshes), (1, 1));
    let secrets: Vec<_> = world.secrets.iter().flatten().collect();
    assert_eq!((world.secrets.len(), secrets.len()), (1, 1));
    assert!(InstallationSecret::parse(secrets[0]).is_ok());
}
