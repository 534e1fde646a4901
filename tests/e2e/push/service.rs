//! Services besides Google's and Apple's, on phones that may have several.

use super::*;

/// A device of a user, whose core has these addresses and which has gone offline.
async fn asleep(
    stage: &Stage,
    name: &str,
    addresses: &[(PushAddressKind, &vestnik_sim::DeviceView)],
) -> anyhow::Result<CoreDevice> {
    let user = user(name);
    let device = CoreDevice::of(&stage.server.backend, &user, stage.server.folder(), name);
    let device = device.await?;
    device.online().await?;
    for (kind, phone) in addresses {
        let token = phone.token.clone().context("it has a token")?;
        let address = PushAddress::new(*kind, token);
        device.client.set_push_address(address).await?;
    }
    let path = installation_path(&device);
    asked("the server knows the addresses and the key", async || {
        let view: InstallationView = stage.server.backend.get(&path).await?;
        let known = view.state.filter(|state| {
            state.push_addresses.len() == addresses.len() && state.envelope_key.is_some()
        });
        Ok(known.map(drop))
    })
    .await?;
    device.client.go_offline();
    // It was heard from just now, and would get the time to confirm.
    stage.clock.advance(Duration::from_secs(60));
    Ok(device)
}

#[tokio::test]
async fn what_huawei_and_rustore_bring_is_opened_and_shown() -> anyhow::Result<()> {
    let stage = stage().await?;
    for (name, kind, address) in [
        ("emil", Kind::Hms, PushAddressKind::Hms),
        ("fred", Kind::Rustore, PushAddressKind::Rustore),
    ] {
        let phone = stage.simulator.register(Registration::new(kind))?;
        let device = asleep(&stage, name, &[(address, &phone)]).await?;
        let id = publish(&stage, &user(name)).await?;
        let received = stage.received(&phone, 1).await?;
        let pushed = device.client.handle_push(brought(&received[0])?).await?;
        assert_eq!(pushed, Pushed::Stored, "{name}");
        device.has_shown(&[id]).await?;
        device.client.go_online();
        device.online().await?;
        device.flush().await?;
        stage.becomes(id, DeliveryStatus::Delivered).await?;
        device.stop().await?;
    }
    saw_nothing(&stage);
    stage.stop().await
}

#[tokio::test]
async fn a_phone_without_googles_service_for_now_is_reached_by_the_next_one() -> anyhow::Result<()>
{
    let stage = stage().await?;
    let anna = user("anna");
    let (fcm, rustore) = (
        stage
            .simulator
            .register(Registration::new(Kind::FcmToken))?,
        stage.simulator.register(Registration::new(Kind::Rustore))?,
    );
    let addresses = [
        vestnik_testkit::push_stage::address(&rustore)?,
        vestnik_testkit::push_stage::address(&fcm)?,
    ];
    stage
        .reports(&anna, &json!({ "push_addresses": addresses }))
        .await?;
    // FCM first, whatever the order of the report.
    let first = publish(&stage, &anna).await?;
    stage.becomes(first, DeliveryStatus::Sent).await?;
    assert_eq!(stage.received(&fcm, 1).await?.len(), 1);
    let throttle = Fault::Throttle {
        retry_after: Some(600),
    };
    fault(&stage, throttle, 1)?;
    let second = publish(&stage, &anna).await?;
    stage.becomes(second, DeliveryStatus::Sent).await?;
    assert_eq!(stage.received(&rustore, 1).await?.len(), 1);
    let delivery = stage.delivery(second).await?.id;
    let attempts = stage.attempts(delivery).await?;
    let seen: Vec<_> = attempts
        .iter()
        .map(|attempt| {
            let reason = attempt.reason.as_ref().and_then(|reason| reason.known());
            (
                attempt.channel.as_str().to_owned(),
                attempt.status.known(),
                reason,
            )
        })
        .collect();
    let of = |channel: Channel| channel.as_str().to_owned();
    assert!(
        seen.contains(&(of(Channel::Rustore), Some(AttemptStatus::Sent), None)),
        "{seen:?}"
    );
    let throttled = Some(Reason::ProviderThrottled);
    // Until the delivery is looked at next, it still is to be repeated.
    let is_left = |status| seen.contains(&(of(Channel::Fcm), Some(status), throttled));
    assert!(
        is_left(AttemptStatus::Retrying) || is_left(AttemptStatus::Failed),
        "{seen:?}"
    );
    // Once the time has come at which FCM might be asked again, nothing more is sent of it.
    stage.clock.advance(Duration::from_secs(700));
    let third = publish(&stage, &anna).await?;
    stage.becomes(third, DeliveryStatus::Sent).await?;
    assert_eq!(stage.received(&rustore, 2).await?.len(), 2);
    assert_eq!(stage.simulator.received(&fcm.id).len(), 1);
    stage.stop().await
}
