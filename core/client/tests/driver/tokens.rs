use crate::memory::{Memory, draw, online, quick, start};

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
    for (revoked, expected) in [(false, (1, 0)), (false, (1, 1)), (true, (2, 1))] {
        server.world().revoked = revoked;
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
