//! A device whose clock is in the past.

use std::sync::Arc;

use jiff::SignedDuration;
use vestnik_core::{Config, Vestnik};
use vestnik_model::NotificationId;
use vestnik_testkit::{
    CoreDevice,
    clock::{self, WrongClock},
    name::user,
};

use super::Stage;

/// As long as from 1971 to these tests, and a few years more or less.
const DECADES: SignedDuration = SignedDuration::from_hours(-55 * 365 * 24);

/// Opens the device with a clock that stands in the past; it stays offline.
async fn open_in_the_past(config: Config) -> anyhow::Result<Vestnik> {
    let clock = Arc::new(WrongClock(DECADES));
    Ok(Vestnik::builder(config).clock(clock).open().await?)
}

/// Asserts that the sender sees the notification delivered and read after it was accepted, and not in the
/// future.
async fn is_read_in_time(stage: &Stage, id: NotificationId) -> anyhow::Result<()> {
    let view = stage.server.backend.notification(id).await?;
    let deliveries = stage.server.backend.deliveries(id).await?;
    let [delivery] = deliveries.as_slice() else {
        anyhow::bail!("one user is one delivery, not {deliveries:?}");
    };
    let now = clock::timestamp();
    for at in [delivery.delivered_at, delivery.read_at] {
        assert!(
            at >= Some(view.accepted_at) && at <= Some(now),
            "{delivery:?}"
        );
    }
    Ok(())
}

/// Report 16.
#[tokio::test]
async fn a_device_in_the_past_reads_nothing_before_it_was_sent() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = user("anna");
    let (config, (anna_again, identity)) = stage.config(&anna)?;
    let phone = CoreDevice::over(open_in_the_past(config).await?);
    phone.client.login(anna_again, identity.into()).await?;
    phone.online().await?;
    let id = stage.publish(&anna, "hello").await?;
    phone.has_shown(&[id]).await?;
    phone.client.mark_read(vec![id]).await?;
    phone.flush().await?;
    is_read_in_time(&stage, id).await?;
    phone.stop().await?;
    stage.server.stop().await
}

/// Report 16, when what the device knew of its clock is wrong by now: it read offline, after its battery
/// had been empty.
#[tokio::test]
async fn what_was_read_offline_by_a_clock_that_was_set_back_is_not_before_it_was_sent()
-> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = user("anna");
    let phone = stage.start(&anna).await?;
    phone.online().await?;
    let id = stage.publish(&anna, "hello").await?;
    phone.has_shown(&[id]).await?;
    phone.flush().await?;
    phone.stop().await?;

    let (config, _) = stage.config(&anna)?;
    let client = open_in_the_past(config).await?;
    client.mark_read(vec![id]).await?;
    let phone = CoreDevice::over(client);
    phone.online().await?;
    phone.flush().await?;
    is_read_in_time(&stage, id).await?;
    phone.stop().await?;
    stage.server.stop().await
}
