//! What is recalled leaves the screens of phones that sleep.

use vestnik_core::inbox::push::{Closed, Undrawn};

use super::{
    device::{address, handed, sleeping},
    *,
};

/// The withdrawals that the services were asked to bring.
fn withdrawals(stage: &Stage) -> usize {
    let journal = stage.simulator.journal(0);
    journal
        .iter()
        .filter(|entry| entry.contains("withdraws"))
        .count()
}

/// What becomes of a push whose notification was recalled.
fn revoked(id: NotificationId) -> Pushed {
    Pushed::Dropped(Closed {
        why: Undrawn::Revoked,
        notification: Some(id),
    })
}

/// Recalls a notification from phones that were heard from just now, which get the time to connect.
async fn recall(stage: &Stage, id: NotificationId) -> anyhow::Result<()> {
    stage.server.backend.recall(id).await?;
    stage.clock.advance(Duration::from_secs(6));
    Ok(())
}

#[tokio::test]
async fn what_is_recalled_leaves_the_screen_of_a_phone_that_sleeps() -> anyhow::Result<()> {
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
        device.client.handle_push(push.clone()).await?;
        device.has_shown(&[id]).await?;
        recall(&stage, id).await?;
        let received = stage.received(&phone, 2).await?;
        let withdrawal = handed(&received[1])?;
        let pushed = device.client.handle_push(withdrawal.clone()).await?;
        assert_eq!(pushed, Pushed::Withdrawn, "{name}");
        device
            .has("taken off the screen", |screen| {
                screen.withdrawn.contains(&id)
            })
            .await?;
        assert_eq!(device.client.get(id).await?, None, "{name}");
        // The simulator's page shows nothing of it any more but the withdrawal.
        let lines = stage.simulator.screen(&phone.id, 10);
        assert!(lines.iter().all(|line| line.shown.notification.is_none()));
        assert_eq!(lines.len(), 1, "{lines:?}");
        // It counts for nothing, and the notification does not come back.
        let view = stage.server.backend.notification(id).await?;
        assert_eq!(view.counts.sent, 1, "{name}");
        let again = device.client.handle_push(push).await?;
        assert_eq!(again, revoked(id), "{name}");
        device.client.go_online();
        device.online().await?;
        device.flush().await?;
        let screen = device.stop().await?;
        assert!(screen.has_once(&[id]), "{name}: {screen:?}");
    }
    saw_nothing(&stage);
    stage.stop().await
}

#[tokio::test]
async fn a_withdrawal_that_comes_first_keeps_its_notification_off_the_screen() -> anyhow::Result<()>
{
    let stage = stage().await?;
    let anna = user("anna");
    let phone = stage
        .simulator
        .register(Registration::new(Kind::FcmToken))?;
    let device = sleeping(&stage, &anna, address(&phone)?).await?;
    let id = publish(&stage, &anna).await?;
    stage.clock.advance(Duration::from_secs(6));
    let first = stage.received(&phone, 1).await?;
    recall(&stage, id).await?;
    let both = stage.received(&phone, 2).await?;
    let pushed = device.client.handle_push(handed(&both[1])?).await?;
    assert_eq!(pushed, Pushed::Withdrawn);
    let late = device.client.handle_push(handed(&first[0])?).await?;
    assert_eq!(late, revoked(id));
    let screen = device.stop().await?;
    assert!(!screen.has_once(&[id]), "{screen:?}");
    stage.stop().await
}

#[tokio::test]
async fn a_server_that_died_after_a_recall_withdraws_all_the_same() -> anyhow::Result<()> {
    let mut stage = stage().await?;
    let anna = user("anna");
    let phone = stage
        .simulator
        .register(Registration::new(Kind::FcmToken))?;
    let device = sleeping(&stage, &anna, address(&phone)?).await?;
    let id = publish(&stage, &anna).await?;
    stage.clock.advance(Duration::from_secs(6));
    stage.received(&phone, 1).await?;
    stage.becomes(id, DeliveryStatus::Sent).await?;
    fault(&stage, Fault::Slow { ms: 600_000 }, 1)?;
    recall(&stage, id).await?;
    // The service has it, and the server dies before it hears so.
    stage.received(&phone, 2).await?;
    stage.server.halt(Halt::Kill).await?;
    stage.clock.advance(Duration::from_secs(31));
    stage.server.resume().await?;
    let received = stage.received(&phone, 3).await?;
    for event in &received[1..] {
        let pushed = device.client.handle_push(handed(event)?).await?;
        assert_eq!(pushed, Pushed::Withdrawn);
    }
    device.stop().await?;
    stage.stop().await
}

#[tokio::test]
async fn a_phone_that_is_connected_hears_of_a_recall_without_a_push() -> anyhow::Result<()> {
    let stage = stage().await?;
    let anna = user("anna");
    let phone = stage
        .simulator
        .register(Registration::new(Kind::FcmToken))?;
    let device = sleeping(&stage, &anna, address(&phone)?).await?;
    let id = publish(&stage, &anna).await?;
    stage.clock.advance(Duration::from_secs(6));
    let received = stage.received(&phone, 1).await?;
    device.client.handle_push(handed(&received[0])?).await?;
    device.client.go_online();
    device.online().await?;
    device.flush().await?;
    stage.server.backend.recall(id).await?;
    device
        .has("taken off the screen", |screen| {
            screen.withdrawn.contains(&id)
        })
        .await?;
    // Another notification goes the whole way meanwhile.
    let other = publish(&stage, &anna).await?;
    device.has_shown(&[id, other]).await?;
    device.flush().await?;
    stage.becomes(other, DeliveryStatus::Delivered).await?;
    stage.clock.advance(Duration::from_secs(6));
    let last = publish(&stage, &anna).await?;
    device.has_shown(&[id, other, last]).await?;
    assert_eq!(withdrawals(&stage), 0);
    device.stop().await?;
    stage.stop().await
}
