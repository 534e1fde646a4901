//! Which of a person's devices a notification is for: two devices of the real core at a real server.

use std::time::Duration;

use serde_json::{Value, json};
use vestnik_clock::ManualClock;
use vestnik_model::{
    Devices, InstallationId, NotificationId, Reason, UserId,
    contract::server as hub,
    explanation::Explanation,
    route,
    view::{InstallationView, List},
};
use vestnik_testkit::{
    CoreDevice, RawHub, TestServer,
    backend::to_user,
    clock::timestamp,
    name::{installation, user},
    raw_hub::Received,
    server::Setup,
    wait::asked,
};

async fn device(server: &TestServer, user: &UserId, name: &str) -> anyhow::Result<CoreDevice> {
    let device = CoreDevice::of(&server.backend, user, server.folder(), name).await?;
    device.online().await?;
    Ok(device)
}

async fn publish(
    server: &TestServer,
    to: &UserId,
    devices: Devices,
) -> anyhow::Result<NotificationId> {
    let mut request = to_user(to, "Order 8812");
    request.to.devices = devices;
    Ok(server.backend.publish(&request).await?.id)
}

/// Brings the app of a device to the front, and waits until it is the primary one of its user.
async fn open(server: &TestServer, user: &UserId, device: &CoreDevice) -> anyhow::Result<()> {
    device.client.foregrounded();
    let id = device.client.installation();
    let path = route::with(route::USER_INSTALLATIONS, user.as_str());
    asked("the device is the primary one", async || {
        let views: List<InstallationView> = server.backend.get(&path).await?;
        let primary = views.data.iter().filter(|view| view.is_primary);
        let primary: Vec<InstallationId> = primary.map(|view| view.id).collect();
        Ok((primary == [id]).then_some(()))
    })
    .await
}

#[tokio::test]
async fn what_is_for_the_primary_device_reaches_whichever_was_opened_last() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = user("anna");
    let phone = device(&server, &anna, "phone").await?;
    let laptop = device(&server, &anna, "laptop").await?;
    open(&server, &anna, &phone).await?;
    let first = publish(&server, &anna, Devices::Primary).await?;
    phone.has_shown(&[first]).await?;
    open(&server, &anna, &laptop).await?;
    let second = publish(&server, &anna, Devices::Primary).await?;
    let last = publish(&server, &anna, Devices::All).await?;
    laptop.has_shown(&[second, last]).await?;
    phone.has_shown(&[first, last]).await?;
    // What came last is there, so what came before it and is missing is not on its way.
    assert_eq!(phone.seen().order, [first, last]);
    assert_eq!(laptop.seen().order, [second, last]);
    phone.stop().await?;
    laptop.stop().await?;
    server.stop().await
}

/// A device that has greeted, of which the app is brought to the front then.
async fn opened(server: &TestServer, number: u128) -> anyhow::Result<RawHub> {
    let id = installation(number);
    let tokens = server.backend.log_in(&user("anna"), id).await?;
    let mut hub = RawHub::open(server.address(), &tokens.access_token).await?;
    hub.call(hub::HELLO, &json!({ "installationId": id }))
        .await?;
    hub.call(hub::SYNC, &json!({})).await?;
    bring_to_front(&mut hub).await?;
    Ok(hub)
}

async fn bring_to_front(hub: &mut RawHub) -> anyhow::Result<()> {
    let opened = json!({ "openedSecondsAgo": 0 });
    let answer = hub.call(hub::UPDATE_STATE, &opened).await?;
    anyhow::ensure!(answer["error"].is_null(), "{answer}");
    Ok(())
}

/// The next notification that a device is given. What is for others only moves it on.
async fn next_entry(hub: &mut RawHub) -> anyhow::Result<Value> {
    loop {
        let Received::Message(call) = hub.receive().await? else {
            anyhow::bail!("the connection has ended");
        };
        let entry = &call["arguments"][0]["entries"][0];
        if entry["kind"] == "notification" {
            return Ok(entry["id"].clone());
        }
    }
}

/// From the answer to its greeting on, whoever looks at a delivery knows that it may be on this device.
#[tokio::test]
async fn what_was_just_written_to_a_new_connection_is_taken_over_by_nobody() -> anyhow::Result<()> {
    let clock = ManualClock::new(timestamp(), 1);
    let server = TestServer::with(Setup::default().clock(clock.clone())).await?;
    let mut laptop = opened(&server, 2).await?;
    clock.advance(Duration::from_secs(1));
    let mut phone = opened(&server, 1).await?;
    let anna = user("anna");
    let first = publish(&server, &anna, Devices::Primary).await?;
    assert_eq!(next_entry(&mut phone).await?, json!(first));
    // It has not confirmed it.
    clock.advance(Duration::from_secs(1));
    bring_to_front(&mut laptop).await?;
    for _ in 0..3 {
        let next = publish(&server, &anna, Devices::Primary).await?;
        assert_eq!(next_entry(&mut laptop).await?, json!(next));
    }
    server.stop().await
}

#[tokio::test]
async fn a_device_that_is_opened_takes_over_what_waits_for_the_primary_one() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = user("anna");
    let phone = device(&server, &anna, "phone").await?;
    let laptop = device(&server, &anna, "laptop").await?;
    open(&server, &anna, &phone).await?;
    phone.stop().await?;
    let id = publish(&server, &anna, Devices::Primary).await?;
    assert_eq!(laptop.seen().order, []);
    open(&server, &anna, &laptop).await?;
    laptop.has_shown(&[id]).await?;
    laptop.stop().await?;
    server.stop().await
}

#[tokio::test]
async fn all_devices_follow_a_primary_one_that_is_off() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = user("anna");
    let phone = device(&server, &anna, "phone").await?;
    let laptop = device(&server, &anna, "laptop").await?;
    open(&server, &anna, &phone).await?;
    phone.client.go_offline();
    let id = publish(&server, &anna, Devices::PrimaryThenAll).await?;
    laptop.has_shown(&[id]).await?;
    phone.client.go_online();
    phone.has_shown(&[id]).await?;
    phone.stop().await?;
    laptop.stop().await?;
    server.stop().await
}

#[tokio::test]
async fn who_opened_the_app_nowhere_has_no_primary_device() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = user("anna");
    let phone = device(&server, &anna, "phone").await?;
    let id = publish(&server, &anna, Devices::Primary).await?;
    let reason = asked("the delivery has ended", async || {
        let deliveries = server.backend.deliveries(id).await?;
        Ok(deliveries[0].reason.clone())
    });
    assert_eq!(reason.await?, Reason::DeviceNoPrimary);
    let path = route::with(route::EXPLAIN, &id.to_string());
    let told: Explanation = server.backend.get(&format!("{path}?user=anna")).await?;
    let codes: Vec<_> = told.statements.iter().map(|said| &said.code).collect();
    assert!(
        codes.iter().any(|code| *code == "devices_chosen"),
        "{codes:?}"
    );
    phone.stop().await?;
    server.stop().await
}
