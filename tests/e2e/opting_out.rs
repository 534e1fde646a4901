//! What a person does not want, said in the app: devices of the real core at a real server.

use serde_json::{Value, json};
use vestnik_core::Preferences;
use vestnik_model::{NotificationId, Reason, UserId, preference, route};
use vestnik_testkit::{CoreDevice, TestServer, backend::to_user, name::user, wait::asked};

async fn device(server: &TestServer, user: &UserId, name: &str) -> anyhow::Result<CoreDevice> {
    let device = CoreDevice::of(&server.backend, user, server.folder(), name).await?;
    device.online().await?;
    Ok(device)
}

async fn publish(
    server: &TestServer,
    to: &UserId,
    category: &str,
) -> anyhow::Result<NotificationId> {
    let mut request = to_user(to, "Ten percent off");
    request.notification.category = Some(category.parse()?);
    Ok(server.backend.publish(&request).await?.id)
}

async fn change(device: &CoreDevice, change: Value) -> anyhow::Result<()> {
    let change = serde_json::from_value(change)?;
    Ok(device.client.change_opt_outs(change).await?)
}

/// Waits until the device knows that the server has everything.
async fn settled(device: &CoreDevice) -> anyhow::Result<Preferences> {
    asked("the server has answered", async || {
        let known = device.client.preferences().await?;
        let is_settled = known.is_known && known.waiting.is_empty();
        Ok(is_settled.then_some(known))
    })
    .await
}

/// Why the one delivery of a notification has ended.
async fn reason(server: &TestServer, id: NotificationId) -> anyhow::Result<Option<Reason>> {
    let deliveries = server.backend.deliveries(id).await?;
    let reason = deliveries
        .first()
        .and_then(|delivery| delivery.reason.clone());
    Ok(reason.and_then(|reason| reason.known()))
}

#[tokio::test]
async fn what_a_person_switches_off_in_the_app_does_not_come() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = user("anna");
    let phone = device(&server, &anna, "phone").await?;
    let laptop = device(&server, &anna, "laptop").await?;
    let first = publish(&server, &anna, "promotions").await?;
    phone.has_shown(&[first]).await?;
    laptop.has_shown(&[first]).await?;

    // Said without a connection, on the one device; said by the backend meanwhile: both count.
    phone.client.go_offline();
    change(&phone, json!({"categories": {"promotions": true}})).await?;
    let path = route::with(route::USER_PREFERENCES, anna.as_str());
    let of_backend = serde_json::from_value(json!({"opt_out": {"topics": {"gossip": true}}}))?;
    server.backend.prefer(&anna, &of_backend).await?;
    phone.client.go_online();
    let known = settled(&phone).await?;
    assert!(known.opt_outs.topics.contains(&"gossip".parse()?));
    let said: preference::Preferences = server.backend.get(&path).await?;
    assert_eq!(said.opt_out, known.opt_outs);
    let unwanted = publish(&server, &anna, "promotions").await?;
    assert_eq!(
        reason(&server, unwanted).await?,
        Some(Reason::OptoutCategory)
    );

    // The other device learns it, and takes it back for both.
    let known = settled(&laptop).await?;
    assert!(known.opt_outs.categories.contains(&"promotions".parse()?));
    change(&laptop, json!({"categories": {"promotions": false}})).await?;
    settled(&laptop).await?;
    let last = publish(&server, &anna, "promotions").await?;
    phone.has_shown(&[first, last]).await?;
    laptop.has_shown(&[first, last]).await?;

    change(&phone, json!({"all": true})).await?;
    settled(&phone).await?;
    let unwanted = publish(&server, &anna, "orders").await?;
    assert_eq!(reason(&server, unwanted).await?, Some(Reason::OptoutAll));
    phone.stop().await?;
    laptop.stop().await?;
    server.stop().await
}
