//! The scripted device at a server of a later version, which is a script too.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vestnik_model::{FactOutcome, contract::device, open::Open};
use vestnik_signalr::protocol::Protocol;

use super::*;
use crate::{
    HostileServer,
    backend::Secrets,
    compat::{contract_1, newer},
    hostile::HostileScript,
    name::{notification, user},
};

fn backend(server: &HostileServer) -> Backend {
    let secrets = Secrets {
        app: "shop".parse().unwrap(),
        key: "key".to_owned(),
        identity_key_id: "kid".to_owned(),
        identity_secret: "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA".to_owned(),
    };
    Backend::new(server.url().clone(), secrets).unwrap()
}

/// A page of a later version, and one of ours behind it; a live call of each, and one of a target that
/// no version has yet.
fn script() -> HostileScript {
    let mut old = contract_1("page").unwrap();
    let (after, more) = (json!("b"), json!(false));
    (old["after"], old["more"]) = (after, more);
    let mut live = newer("entries").unwrap();
    (live["after"], live["cursor"]) = (old["cursor"].clone(), json!("c"));
    let recall = |number: u128, after: &str, cursor: &str| -> Value {
        json!({"after": after, "cursor": cursor, "entries": [{
            "kind": "recall", "id": notification(number), "at": "2026-11-28T09:00:00Z",
        }]})
    };
    HostileScript {
        welcome: newer("welcome").unwrap(),
        pages: BTreeMap::from([
            (String::new(), newer("page").unwrap()),
            ("b".to_owned(), old),
        ]),
        live: vec![
            ("Blink".to_owned(), json!({"colour": "red"})),
            (device::ENTRIES.to_owned(), live),
            (
                device::ENTRIES.to_owned(),
                recall(7, "elsewhere", "nowhere"),
            ),
            (device::ENTRIES.to_owned(), recall(9, "c", "d")),
        ],
        result: json!({"outcome": "deferred", "until": "2027-03-01T09:00:00Z"}),
    }
}

async fn reads_everything(protocol: Protocol) -> anyhow::Result<()> {
    let server = HostileServer::start(script()).await?;
    let setup = DeviceSetup::new(&backend(&server), &user("anna"), 1)?;
    let phone = TestDevice::start(setup.protocol(protocol)).await?;
    let end = Some("d".parse()?);
    phone
        .has("the end of the log", |stored| stored.cursor == end)
        .await?;
    phone.flush().await?;
    let hello = server.asked().borrow().hellos[0].clone();
    assert_eq!(hello["contract"], 1);

    let stored = phone.store().borrow();
    let kinds: Vec<_> = stored
        .unknown
        .iter()
        .map(|entry| entry.kind.as_str())
        .collect();
    assert_eq!(kinds, ["live_card", "recall", "", "", "", "live_card"]);
    assert_eq!(
        stored.order.len(),
        1,
        "the notification of both pages is one"
    );
    let id = stored.order[0];
    assert_eq!(stored.recalls, [id, id, notification(9)]);
    assert!(stored.received[&id].is_recalled && stored.received[&id].is_read);
    let flags: Vec<_> = stored
        .states
        .iter()
        .map(|state| state.flag.as_str())
        .collect();
    assert_eq!(flags, ["pinned", "read", "archived", "deleted"]);
    assert_eq!(
        stored.passed_over, 1,
        "entries that do not follow the cursor are not applied"
    );
    let outcome = stored.outcome("fact-1");
    assert_eq!(
        outcome,
        Some(&Open::<FactOutcome>::Unknown("deferred".to_owned()))
    );
    Ok(())
}

#[tokio::test]
async fn a_later_server_is_read_as_far_as_it_is_known() -> anyhow::Result<()> {
    reads_everything(Protocol::Json).await
}

#[tokio::test]
async fn a_later_server_is_read_in_message_pack() -> anyhow::Result<()> {
    reads_everything(Protocol::MessagePack).await
}

#[tokio::test]
async fn a_device_started_again_goes_on_from_its_cursor() -> anyhow::Result<()> {
    let server = HostileServer::start(script()).await?;
    let phone = TestDevice::log_in(&backend(&server), &user("anna"), 1).await?;
    let end = Some("d".parse()?);
    phone
        .has("the end of the log", |stored| stored.cursor == end)
        .await?;
    let count = server.asked().borrow().cursors.len();
    let phone = TestDevice::resume(phone.stop().await);
    phone.online().await?;
    assert_eq!(server.asked().borrow().cursors[count..], ["d"]);
    assert_eq!(phone.store().borrow().connects, 2);
    assert_eq!(phone.store().borrow().restored, 0);
    Ok(())
}

#[tokio::test]
async fn a_page_that_begins_elsewhere_is_noticed() -> anyhow::Result<()> {
    let page = json!({"after": "other", "cursor": "end", "entries": [], "more": false});
    let script = HostileScript {
        pages: BTreeMap::from([
            (
                String::new(),
                json!({"after": "a", "cursor": "b", "more": true}),
            ),
            ("b".to_owned(), page),
        ]),
        welcome: contract_1("welcome")?,
        ..HostileScript::default()
    };
    let server = HostileServer::start(script).await?;
    let phone = TestDevice::log_in(&backend(&server), &user("anna"), 1).await?;
    phone.online().await?;
    assert_eq!(phone.store().borrow().restored, 1);
    assert_eq!(phone.store().borrow().cursor, Some("end".parse()?));
    Ok(())
}
