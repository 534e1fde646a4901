//! What the app says about the device reaches the server, whatever comes in between.

use std::pin::pin;

use futures_util::poll;
use vestnik_core::{Change, Vestnik};
use vestnik_model::{InstallationState, Permission, PushAddress, PushAddressKind, TopicName};

use crate::memory::{Memory, in_time, online, open, quick, start};

fn address(kind: PushAddressKind, value: &str) -> PushAddress {
    PushAddress::new(kind, value)
}

/// Waits until the server was told of a state.
async fn told(server: &Memory, client: &Vestnik, is_it: impl Fn(&InstallationState) -> bool) {
    in_time(async {
        while !server.world().state.as_ref().is_some_and(&is_it) {
            client.unread_count().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_change_that_nobody_waits_for_is_told() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    {
        let change = Change {
            locale: Some("de".to_owned()),
            permission: Some(Permission::Denied),
            ..Change::default()
        };
        // Both are asked for, and the callers stop waiting.
        let mut changing = pin!(client.change_device(change));
        assert!(poll!(changing.as_mut()).is_pending());
        let address = address(PushAddressKind::Hms, "h1");
        let mut setting = pin!(client.set_push_address(address));
        assert!(poll!(setting.as_mut()).is_pending());
    }
    told(&server, &client, |state| {
        state.locale.as_deref() == Some("de")
            && state.permission == Permission::Denied
            && state.push_addresses.len() == 1
    })
    .await;
}

#[tokio::test]
async fn the_server_is_told_when_the_app_is_opened() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    told(&server, &client, |_| true).await;
    assert_eq!(server.world().opened, None);
    client.foregrounded();
    in_time(async {
        while server.world().opened.is_none() {
            client.unread_count().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn addresses_outlive_the_process_and_the_newer_one_of_firebase_counts() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let client = open(&server, folder.path(), quick()).await;
    let set = |address| client.set_push_address(address);
    let all = [
        address(PushAddressKind::Hms, "h1"),
        address(PushAddressKind::FcmToken, "f1"),
        address(PushAddressKind::Rustore, "r1"),
        address(PushAddressKind::FcmFid, "f2"),
        address(PushAddressKind::Hms, "h2"),
    ];
    for address in all {
        set(address).await.unwrap();
    }
    let forgotten = client.forget_push_address(PushAddressKind::Rustore);
    forgotten.await.unwrap();
    in_time(client.clone().stop()).await;
    let client = start(&server, folder.path(), quick()).await;
    let expected = ["f2", "h2"];
    told(&server, &client, |state| {
        let mut values: Vec<_> = state.push_addresses.iter().map(|one| &one.value).collect();
        values.sort();
        values == expected
    })
    .await;
}

#[tokio::test]
async fn a_topic_that_is_wished_offline_is_joined_after_a_restart() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let client = start(&server, folder.path(), quick()).await;
    online(&client).await;
    client.go_offline();
    let mut snapshot = client.snapshot();
    in_time(snapshot.wait_for(|snapshot| !snapshot.is_online()))
        .await
        .unwrap();
    let topic: TopicName = "news".parse().unwrap();
    {
        let mut joining = pin!(client.subscribe(topic.clone()));
        assert!(poll!(joining.as_mut()).is_pending());
    }
    // The task has taken the wish once it answers what was asked later.
    client.flush().await.unwrap();
    in_time(client.stop()).await;
    let client = open(&server, folder.path(), quick()).await;
    client.go_online();
    in_time(async {
        while server.world().topics.get(&topic) != Some(&true) {
            client.unread_count().await.unwrap();
        }
    })
    .await;
}
