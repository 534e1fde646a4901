//! Which of a person's devices a notification is for: two devices of the real core at a real server.

use vestnik_model::{
    Devices, InstallationId, NotificationId, Reason, UserId,
    explanation::Explanation,
    route,
    view::{InstallationView, List},
};
use vestnik_testkit::{CoreDevice, TestServer, backend::to_user, name::user, wait::asked};

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

/// Waits until the server knows that a device has a notification.
async fn is_delivered(server: &TestServer, id: NotificationId) -> anyhow::Result<()> {
    asked("a device has it", async || {
        let view = server.backend.notification(id).await?;
        Ok((view.counts.delivered == 1).then_some(()))
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
    // Until the server knows that the phone has it, it waits, and another device takes it over.
    is_delivered(&server, first).await?;
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
