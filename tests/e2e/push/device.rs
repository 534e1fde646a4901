//! What the server sends is what the device's core reads, whichever service is in between.

use vestnik_core::inbox::push::{Closed, Undrawn};
use vestnik_sim::{DeviceView, Order};

use super::*;

/// A device of a user that is not connected, and whose address and key the server knows.
pub(super) async fn sleeping(
    stage: &Stage,
    user: &UserId,
    address: PushAddress,
) -> anyhow::Result<CoreDevice> {
    let backend = &stage.server.backend;
    let device = CoreDevice::of(backend, user, stage.server.folder(), user.as_str()).await?;
    device.online().await?;
    device.client.set_push_address(address).await?;
    let path = installation_path(&device);
    asked("the server knows the address and the key", async || {
        let view: InstallationView = backend.get(&path).await?;
        let known = view
            .state
            .filter(|state| !state.push_addresses.is_empty() && state.envelope_key.is_some());
        Ok(known.map(drop))
    })
    .await?;
    device.client.go_offline();
    Ok(device)
}

pub(super) fn address(phone: &DeviceView) -> anyhow::Result<PushAddress> {
    let (kind, value) = match (phone.kind, &phone.token, &phone.subscription) {
        (Kind::Apns, Some(token), _) => (PushAddressKind::Apns, token.clone()),
        (Kind::FcmToken, Some(token), _) => (PushAddressKind::FcmToken, token.clone()),
        (_, _, Some(subscription)) => (
            PushAddressKind::Webpush,
            serde_json::to_string(subscription)?,
        ),
        (_, _, None) => anyhow::bail!("the phone has no address"),
    };
    Ok(PushAddress::new(kind, value))
}

/// What the shell of a device hands to the core.
pub(super) fn handed(event: &Event) -> anyhow::Result<Vec<u8>> {
    let content = serde_json::to_value(&event.message.content)?;
    let text = match (
        &content["message"]["data"],
        &content["payload"],
        &content["text"],
    ) {
        (data @ Value::Object(_), _, _) => data.to_string(),
        (_, payload @ Value::Object(_), _) => payload.to_string(),
        (_, _, Value::String(text)) => text.clone(),
        other => anyhow::bail!("the phone got nothing: {other:?}"),
    };
    Ok(text.into_bytes())
}

#[tokio::test]
async fn the_core_reads_what_each_service_brings() -> anyhow::Result<()> {
    let stage = stage().await?;
    for (name, kind) in [
        ("anna", Kind::FcmToken),
        ("carl", Kind::Apns),
        ("dora", Kind::WebPush),
    ] {
        let user = user(name);
        let phone = stage.simulator.register(Registration::new(kind))?;
        let device = sleeping(&stage, &user, address(&phone)?).await?;
        let id = publish(&stage, &user).await?;
        // It was heard from just now, and gets the time to confirm.
        stage.clock.advance(Duration::from_secs(6));
        let received = stage.received(&phone, 1).await?;
        let push = handed(&received[0])?;
        let pushed = device.client.handle_push(push.clone()).await?;
        assert_eq!(pushed, Pushed::Stored, "{name}");
        let item = device.client.get(id).await?.context("it is there")?;
        assert_eq!(item.notification.body.as_str(), format!("{PLANTED} body"));
        device.has_shown(&[id]).await?;
        let again = device.client.handle_push(push).await?;
        let duplicate = Closed {
            why: Undrawn::Duplicate,
            notification: Some(id),
        };
        assert_eq!(again, Pushed::Dropped(duplicate), "{name}");
        device.stop().await?;
    }
    saw_nothing(&stage);
    stage.stop().await
}

/// FCM keeps four collapse keys for a device, and drops the messages of any other.
#[tokio::test]
async fn a_phone_that_was_offline_gets_every_notification() -> anyhow::Result<()> {
    let stage = stage().await?;
    let anna = user("anna");
    let phone = stage.phone(&anna, Kind::FcmToken).await?;
    stage.simulator.set_offline(&phone.id)?;
    for _ in 0..6 {
        let id = publish(&stage, &anna).await?;
        stage.becomes(id, DeliveryStatus::Sent).await?;
    }
    stage.simulator.set_online(&phone.id, Order::default())?;
    assert_eq!(stage.simulator.received(&phone.id).len(), 6);
    stage.stop().await
}
