//! A newer status of an order takes the place of the older.

use super::{
    device::{address, handed, sleeping},
    *,
};

const KEY: &str = "order-8812";

/// Publishes a status of the order.
async fn status(stage: &Stage, user: &UserId, title: &str) -> anyhow::Result<NotificationId> {
    let mut request = to_user(user, title);
    request.collapse_key = Some(KEY.to_owned());
    let id = stage.server.backend.publish(&request).await?.id;
    // Phones that were heard from just now get the time to connect.
    stage.clock.advance(Duration::from_secs(6));
    Ok(id)
}

/// Two statuses of an order for a phone that sleeps. Gives both, and what its service has to bring: the push of
/// the older, and then that of the newer and what withdraws the older, in either order.
async fn two(
    stage: &Stage,
    user: &UserId,
    phone: &vestnik_sim::DeviceView,
) -> anyhow::Result<([NotificationId; 2], Vec<Event>)> {
    let paid = status(stage, user, "paid").await?;
    stage.received(phone, 1).await?;
    stage.becomes(paid, DeliveryStatus::Sent).await?;
    let shipped = status(stage, user, "shipped").await?;
    let received = stage.received(phone, 3).await?;
    Ok(([paid, shipped], received))
}

#[tokio::test]
async fn a_newer_status_takes_the_place_of_the_older_on_a_phone_that_sleeps() -> anyhow::Result<()>
{
    let stage = stage().await?;
    // The order in which the service brings the three pushes.
    for (name, order) in [
        ("anna", [0, 1, 2]),
        ("bert", [0, 2, 1]),
        ("carl", [1, 0, 2]),
        ("dora", [1, 2, 0]),
        ("emil", [2, 0, 1]),
        ("fred", [2, 1, 0]),
    ] {
        let user = user(name);
        let phone = stage
            .simulator
            .register(Registration::new(Kind::FcmToken))?;
        let device = sleeping(&stage, &user, address(&phone)?).await?;
        let ([paid, shipped], received) = two(&stage, &user, &phone).await?;
        for index in order {
            device.client.handle_push(handed(&received[index])?).await?;
        }
        device.has_shown(&[shipped]).await?;
        // The older is in the history no more, and does not come back by the log.
        assert_eq!(device.client.get(paid).await?, None, "{name}");
        device.client.go_online();
        device.online().await?;
        device.flush().await?;
        assert_eq!(device.client.get(paid).await?, None, "{name}");
        assert!(device.client.get(shipped).await?.is_some(), "{name}");
        device
            .has("what was shown of the older withdrawn", |screen| {
                !screen.has_once(&[paid]) || screen.withdrawn.contains(&paid)
            })
            .await?;
        let screen = device.stop().await?;
        assert!(screen.has_once(&[shipped]), "{name}: {screen:?}");
    }
    // Services are told nothing of the key.
    let journal = stage.simulator.journal(0);
    assert!(journal.iter().all(|entry| !entry.contains(KEY)));
    stage.stop().await
}

#[tokio::test]
async fn a_newer_status_takes_the_place_of_the_older_on_a_phone_that_is_connected()
-> anyhow::Result<()> {
    let stage = stage().await?;
    let anna = user("anna");
    let phone = stage
        .simulator
        .register(Registration::new(Kind::FcmToken))?;
    let device = sleeping(&stage, &anna, address(&phone)?).await?;
    device.client.go_online();
    device.online().await?;
    let mut request = to_user(&anna, "paid");
    request.collapse_key = Some(KEY.to_owned());
    let paid = stage.server.backend.publish(&request).await?.id;
    device.has_shown(&[paid]).await?;
    request.notification.title = "shipped".to_owned();
    let shipped = stage.server.backend.publish(&request).await?.id;
    device
        .has("the newer one only", |screen| {
            screen.has_once(&[paid, shipped]) && screen.withdrawn == [paid]
        })
        .await?;
    assert_eq!(device.client.get(paid).await?, None);
    assert_eq!(device.client.unread_count().await?, 1);
    device.stop().await?;
    stage.stop().await
}
