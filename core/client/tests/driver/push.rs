//! Pushes beside the hub: whichever comes first, a notification is shown once.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};
use vestnik_core::{Event, Pushed, Vestnik, inbox::push};
use vestnik_envelope::{Context, KeyRing, PublicKey, seal};
use vestnik_inbox::push::{Closed, Draw, PushKeys, Undrawn};
use vestnik_model::NotificationId;

use crate::memory::{Memory, accepted, draw, id, in_time, online, quick, recall, start};

/// A device that is online, and whose key the server was told of.
async fn phone(server: &Memory, folder: &Path) -> Vestnik {
    let client = start(server, folder, quick()).await;
    online(&client).await;
    puts(server, &client, 1).await;
    client
}

/// Waits until the server was told of the device so often.
async fn puts(server: &Memory, client: &Vestnik, count: usize) {
    in_time(async {
        while server.world().puts < count {
            client.unread_count().await.unwrap();
        }
    })
    .await;
}

/// A push of a notification, sealed as the server seals.
fn sealed(server: &Memory, client: &Vestnik, number: usize) -> Vec<u8> {
    let key = server.world().state.clone().unwrap().envelope_key.unwrap();
    let key = PublicKey::parse(&URL_SAFE_NO_PAD.decode(key).unwrap()).unwrap();
    sealed_for(&key, client, number)
}

/// A push that withdraws a notification.
fn withdrawal(server: &Memory, client: &Vestnik, number: usize) -> Vec<u8> {
    let key = server.world().state.clone().unwrap().envelope_key.unwrap();
    let key = PublicKey::parse(&URL_SAFE_NO_PAD.decode(key).unwrap()).unwrap();
    let content = json!({"user": "anna", "withdraws": id(number)});
    let context = Context {
        installation: client.installation(),
        notification: id(number),
    };
    let envelope = seal(content.to_string().as_bytes(), &key, &context, [9; 32]).unwrap();
    let envelope = URL_SAFE_NO_PAD.encode(envelope);
    let parcel = json!({"v": "1", "id": "att_2", "withdraws": id(number), "envelope": envelope});
    parcel.to_string().into_bytes()
}

fn sealed_for(key: &PublicKey, client: &Vestnik, number: usize) -> Vec<u8> {
    let content = json!({"user": "anna", "notification": {
        "id": id(number), "title": format!("Order {number}"),
        "acceptedAt": accepted(), "expiresAt": Timestamp::MAX,
    }});
    let context = Context {
        installation: client.installation(),
        notification: id(number),
    };
    let envelope = seal(content.to_string().as_bytes(), key, &context, [9; 32]).unwrap();
    parcel(id(number), Some(URL_SAFE_NO_PAD.encode(envelope)))
}

fn parcel(notification: NotificationId, envelope: Option<String>) -> Vec<u8> {
    let mut parcel = json!({"v": "1", "id": "att_1", "notification": notification});
    if let Some(envelope) = envelope {
        parcel["envelope"] = Value::String(envelope);
    }
    parcel.to_string().into_bytes()
}

fn dropped(number: usize, why: Undrawn) -> Pushed {
    Pushed::Dropped(Closed {
        why,
        notification: Some(id(number)),
    })
}

/// What an extension beside the device would draw.
fn extension(folder: &Path, push: &[u8]) -> Draw {
    let keys = std::fs::read_to_string(folder.join("secrets/envelope")).unwrap();
    let keys = PushKeys::parse(&keys).unwrap();
    push::handle(push, Some(&keys), &folder.join("spool"))
}

#[tokio::test]
async fn what_came_by_push_is_not_shown_again_when_the_hub_brings_it() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let client = phone(&server, folder.path()).await;
    let push = sealed(&server, &client, 1);
    assert_eq!(
        client.handle_push(push.clone()).await.unwrap(),
        Pushed::Stored
    );
    let duplicate = dropped(1, Undrawn::Duplicate);
    assert_eq!(client.handle_push(push).await.unwrap(), duplicate);
    assert_eq!(draw(&client, 1).await, [1]);
    server.notify(2).await;
    assert_eq!(draw(&client, 1).await, [2]);
    in_time(client.flush()).await.unwrap();
    assert!(server.world().facts.values().all(|times| *times == 1));
}

#[tokio::test]
async fn what_came_by_the_hub_is_not_drawn_by_an_extension() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let client = phone(&server, folder.path()).await;
    // An extension was there before.
    let first = sealed(&server, &client, 9);
    let Draw::Show { ticket, .. } = extension(folder.path(), &first) else {
        panic!("nothing else has it");
    };
    ticket.shown().unwrap();
    server.notify(1).await;
    assert_eq!(draw(&client, 1).await, [1]);
    let late = sealed(&server, &client, 1);
    for _ in 0..2 {
        let drawn = extension(folder.path(), &late);
        assert!(
            matches!(
                drawn,
                Draw::Nothing {
                    why: Undrawn::Duplicate,
                    ..
                }
            ),
            "{drawn:?}"
        );
    }
    // And what the extension has drawn and the app taken in is not drawn when it comes once more.
    let drawn = extension(folder.path(), &first);
    assert!(
        matches!(
            drawn,
            Draw::Nothing {
                why: Undrawn::Duplicate,
                ..
            }
        ),
        "{drawn:?}"
    );
    let duplicate = dropped(1, Undrawn::Duplicate);
    assert_eq!(client.handle_push(late).await.unwrap(), duplicate);
}

#[tokio::test]
async fn a_push_that_does_not_open_is_reported_and_the_key_told_again() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let client = phone(&server, folder.path()).await;
    let former = KeyRing::new(accepted(), [5; 32]).public_key();
    let push = sealed_for(&former, &client, 1);
    let unknown = dropped(1, Undrawn::UnknownKey);
    assert_eq!(client.handle_push(push.clone()).await.unwrap(), unknown);
    puts(&server, &client, 2).await;
    in_time(client.flush()).await.unwrap();
    let fact = |number: usize| format!("{} not_shown", id(number));
    assert_eq!(server.world().facts.get(&fact(1)), Some(&1));
    // The same in an extension.
    let other = sealed_for(&former, &client, 2);
    let drawn = extension(folder.path(), &other);
    assert!(
        matches!(
            drawn,
            Draw::Generic {
                why: Undrawn::UnknownKey,
                ..
            }
        ),
        "{drawn:?}"
    );
    server.notify(1).await;
    puts(&server, &client, 3).await;
    in_time(client.flush()).await.unwrap();
    assert_eq!(server.world().facts.get(&fact(2)), Some(&1));
}

#[tokio::test]
async fn what_was_recalled_is_not_shown_when_its_push_comes_late() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let client = phone(&server, folder.path()).await;
    server.notify(1).await;
    assert_eq!(draw(&client, 1).await, [1]);
    let written = server.write(vec![recall(1)]);
    server
        .call(vestnik_core::transport::HubEvent::Entries(written))
        .await;
    in_time(async { while client.get(id(1)).await.unwrap().is_some() {} }).await;
    let push = sealed(&server, &client, 1);
    let revoked = dropped(1, Undrawn::Revoked);
    assert_eq!(client.handle_push(push).await.unwrap(), revoked);
    assert_eq!(client.get(id(1)).await.unwrap(), None);
}

#[tokio::test]
async fn what_a_push_withdraws_leaves_the_history_without_a_connection() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    // Where the folder is, there is an extension.
    std::fs::create_dir(folder.path().join("spool")).unwrap();
    let client = phone(&server, folder.path()).await;
    let mut events = client.events();
    let push = sealed(&server, &client, 1);
    assert_eq!(
        client.handle_push(push.clone()).await.unwrap(),
        Pushed::Stored
    );
    assert_eq!(draw(&client, 1).await, [1]);
    client.go_offline();
    let first = withdrawal(&server, &client, 1);
    for _ in 0..2 {
        let pushed = client.handle_push(first.clone()).await.unwrap();
        assert_eq!(pushed, Pushed::Withdrawn);
    }
    assert_eq!(client.get(id(1)).await.unwrap(), None);
    in_time(async { while events.recv().await.unwrap() != Event::Withdraw(vec![id(1)]) {} }).await;
    let revoked = dropped(1, Undrawn::Revoked);
    assert_eq!(client.handle_push(push).await.unwrap(), revoked);
    // One that comes before its notification, which an extension does not draw either.
    let early = withdrawal(&server, &client, 2);
    assert_eq!(client.handle_push(early).await.unwrap(), Pushed::Withdrawn);
    let late = sealed(&server, &client, 2);
    let drawn = extension(folder.path(), &late);
    assert!(
        matches!(
            drawn,
            Draw::Nothing {
                why: Undrawn::Duplicate,
                content: None,
                ..
            }
        ),
        "{drawn:?}"
    );
    let revoked = dropped(2, Undrawn::Revoked);
    assert_eq!(client.handle_push(late).await.unwrap(), revoked);
}

#[tokio::test]
async fn a_push_without_content_makes_the_device_look() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let client = phone(&server, folder.path()).await;
    // The connection seems to stand.
    server.world().swallow_probe = true;
    server.append(1);
    let hint = parcel(id(1), None);
    assert_eq!(
        client.handle_push(hint).await.unwrap(),
        Pushed::Hint(Some(id(1)))
    );
    assert_eq!(draw(&client, 1).await, [1]);
}

/// The state of the connection proves nothing: only a read does.
#[tokio::test]
async fn a_device_says_whether_it_has_read_the_log() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let client = phone(&server, folder.path()).await;
    server.append(1);
    assert!(in_time(client.catch_up()).await.unwrap());
    assert!(client.get(id(1)).await.unwrap().is_some());
    client.go_offline();
    assert!(!in_time(client.catch_up()).await.unwrap());
    server.append(2);
    client.go_online();
    assert!(in_time(client.catch_up()).await.unwrap());
    assert!(client.get(id(2)).await.unwrap().is_some());
}
