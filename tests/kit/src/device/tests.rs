//! The scripted device at a server of a later version, which is a script too.

use serde_json::{Value, json};
use vestnik_model::{FactOutcome, contract::device, open::Open};
use vestnik_signalr::protocol::Protocol;

use super::*;
use crate::{
    HostileServer,
    backend::Secrets,
    compat::{contract_1, newer},
    hostile::{Answer, Call, Route},
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

/// A later version's welcome and page, and a page of ours behind it; then a live call of each, and one of a
/// target that no version has yet.
async fn later_server() -> anyhow::Result<HostileServer> {
    let server = HostileServer::start().await?;
    server.always(Route::Hello, Answer::result(newer("welcome")?));
    let mut old = contract_1("page")?;
    (old["after"], old["more"]) = (json!("b"), json!(false));
    let mut live = newer("entries")?;
    (live["after"], live["cursor"]) = (old["cursor"].clone(), json!("c"));
    let recall = |number: u128, after: &str, cursor: &str| -> Value {
        json!({"after": after, "cursor": cursor, "entries": [{
            "kind": "recall", "id": notification(number), "at": "2026-11-28T09:00:00Z",
        }]})
    };
    let live = [
        Call::new("Blink", json!({"colour": "red"})),
        Call::new(device::ENTRIES, live),
        Call::new(device::ENTRIES, recall(7, "elsewhere", "nowhere")),
        Call::new(device::ENTRIES, recall(9, "c", "d")),
    ];
    server.page("", newer("page")?);
    server.page("b", old);
    server.next(Route::Sync, Answer::good());
    server.next(Route::Sync, Answer::good().followed_by(live));
    let deferred = Answer::good().edited(|reported| {
        for result in reported["results"].as_array_mut().into_iter().flatten() {
            result["outcome"] = json!("deferred");
            result["until"] = json!("2027-03-01T09:00:00Z");
        }
    });
    server.always(Route::Report, deferred);
    Ok(server)
}

async fn reads_everything(protocol: Protocol) -> anyhow::Result<()> {
    let server = later_server().await?;
    let setup = DeviceSetup::new(&backend(&server), &user("anna"), 1)?;
    let phone = TestDevice::start(setup.protocol(protocol)).await?;
    let end = Some("d".parse()?);
    phone
        .has("the end of the log", |stored| stored.cursor == end)
        .await?;
    phone.flush().await?;
    let hello = server.journal().borrow().hellos().next().cloned();
    assert_eq!(hello.map(|hello| hello["contract"].clone()), Some(json!(1)));

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
    let server = later_server().await?;
    let phone = TestDevice::log_in(&backend(&server), &user("anna"), 1).await?;
    let end = Some("d".parse()?);
    phone
        .has("the end of the log", |stored| stored.cursor == end)
        .await?;
    let cursors = || -> Vec<_> {
        let journal = server.journal();
        let syncs = journal.borrow();
        syncs
            .of(Route::Sync)
            .map(|sync| sync.body["cursor"].clone())
            .collect()
    };
    let count = cursors().len();
    let phone = TestDevice::resume(phone.stop().await);
    phone.online().await?;
    assert_eq!(cursors()[count..], ["d"]);
    assert_eq!(phone.store().borrow().connects, 2);
    assert_eq!(phone.store().borrow().restored, 0);
    Ok(())
}

#[tokio::test]
async fn a_page_that_begins_elsewhere_is_noticed() -> anyhow::Result<()> {
    let page = json!({"after": "other", "cursor": "end", "entries": [], "more": false});
    let server = HostileServer::start().await?;
    server.always(Route::Hello, Answer::result(contract_1("welcome")?));
    server.page("", json!({"after": "a", "cursor": "b", "more": true}));
    server.page("b", page);
    let phone = TestDevice::log_in(&backend(&server), &user("anna"), 1).await?;
    phone.online().await?;
    assert_eq!(phone.store().borrow().restored, 1);
    assert_eq!(phone.store().borrow().cursor, Some("end".parse()?));
    Ok(())
}
