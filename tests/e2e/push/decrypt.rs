//! Phones whose keys were lost: what was sealed for the former ones is sent anew.

use vestnik_core::inbox::push::{Closed, Undrawn};
use vestnik_model::explanation::Explanation;
use vestnik_testkit::{PushPhone, push_stage};

use super::{device::sleeping, *};

/// A phone of a user with a key that the server knows, and its push of a notification.
struct Asleep {
    phone: PushPhone,
    device: vestnik_sim::DeviceView,
    id: NotificationId,
}

async fn pushed(stage: &Stage, user: &UserId) -> anyhow::Result<Asleep> {
    let device = stage
        .simulator
        .register(Registration::new(Kind::FcmToken))?;
    let address = push_stage::address(&device)?;
    let mut phone = PushPhone::log_in(&stage.server.backend, user, address).await?;
    let id = publish(stage, user).await?;
    stage.received(&device, 1).await?;
    stage.becomes(id, DeliveryStatus::Sent).await?;
    phone.lose_keys()?;
    Ok(Asleep { phone, device, id })
}

/// Opens the push that came last.
fn opened(stage: &Stage, pushed: &Asleep) -> anyhow::Result<bool> {
    let received = stage.simulator.received(&pushed.device.id);
    let last = received.last().context("a push came")?;
    Ok(pushed.phone.open(last)?.is_ok())
}

#[tokio::test]
async fn a_push_for_a_lost_key_is_sent_anew_in_either_order() -> anyhow::Result<()> {
    let stage = stage().await?;
    for (name, is_key_first) in [("anna", true), ("bert", false)] {
        let pushed = pushed(&stage, &user(name)).await?;
        let Asleep { phone, device, id } = &pushed;
        let first = stage.simulator.received(&device.id);
        let closed = phone.open(&first[0])?.err().context("it does not open")?;
        assert_eq!(closed.why, Undrawn::UnknownKey, "{name}");
        if is_key_first {
            phone.tell(&phone.key()).await?;
            phone.report_closed(closed, 1).await?;
        } else {
            phone.report_closed(closed, 1).await?;
            phone.tell(&phone.key()).await?;
        }
        stage.received(device, 2).await?;
        assert!(opened(&stage, &pushed)?, "{name}");
        phone.report_delivered(*id).await?;
        stage.becomes(*id, DeliveryStatus::Delivered).await?;
        // What the service brought twice is reported once more, and nothing follows.
        phone.report_closed(closed, 2).await?;
        let attempt = stage.attempt(*id).await?;
        assert_eq!(
            (attempt.status, attempt.tries),
            (AttemptStatus::Delivered.into(), 2),
            "{name}"
        );
        assert_eq!(stage.requests_for(device).len(), 2, "{name}");
        let path = route::with(route::EXPLAIN, &id.to_string());
        let path = format!("{path}?user={name}");
        let told: Explanation = stage.server.backend.get(&path).await?;
        let codes: Vec<_> = told
            .statements
            .iter()
            .map(|one| one.code.as_str())
            .collect();
        assert!(codes.contains(&"undecrypted"), "{codes:?}");
    }
    saw_nothing(&stage);
    stage.stop().await
}

/// The real core: its keys are lost, what it cannot open is reported, and the person sees the notification
/// once, whichever way it comes in the end.
#[tokio::test]
async fn a_device_that_lost_its_keys_shows_the_notification_once() -> anyhow::Result<()> {
    let stage = stage().await?;
    let anna = user("anna");
    let phone = stage
        .simulator
        .register(Registration::new(Kind::FcmToken))?;
    let token = phone.token.clone().context("it has a token")?;
    let address = PushAddress::new(PushAddressKind::FcmToken, token);
    let device = sleeping(&stage, &anna, address).await?;
    let path = installation_path(&device);
    let key = async || {
        let view: InstallationView = stage.server.backend.get(&path).await?;
        anyhow::Ok(view.state.and_then(|state| state.envelope_key))
    };
    let former = key().await?;
    let id = publish(&stage, &anna).await?;
    // It was heard from just now, and gets the time to confirm.
    stage.clock.advance(Duration::from_secs(6));
    let received = stage.received(&phone, 1).await?;
    stage.becomes(id, DeliveryStatus::Sent).await?;
    device.stop().await?;
    let keys = stage.server.folder().join("anna/secrets/envelope");
    std::fs::remove_file(&keys)?;
    let backend = &stage.server.backend;
    let device = CoreDevice::of(backend, &anna, stage.server.folder(), "anna").await?;
    let push = device.client.handle_push(brought(&received[0])?).await?;
    // The log may have been faster.
    let is_closed = matches!(
        push,
        Pushed::Dropped(Closed {
            why: Undrawn::UnknownKey | Undrawn::Duplicate,
            ..
        })
    );
    assert!(is_closed, "{push:?}");
    asked("the server knows the new key", async || {
        let key = key().await?;
        Ok((key.is_some() && key != former).then_some(()))
    })
    .await?;
    device.online().await?;
    device.has_shown(&[id]).await?;
    device.flush().await?;
    stage.becomes(id, DeliveryStatus::Delivered).await?;
    assert!(stage.requests_for(&phone).len() <= 2);
    let screen = device.stop().await?;
    assert!(screen.has_once(&[id]), "{screen:?}");
    stage.stop().await
}
