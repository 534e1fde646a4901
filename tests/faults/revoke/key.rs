//! A sender whose key is revoked.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use vestnik_model::{NotificationId, Scope, contract::server};
use vestnik_testkit::{
    Backend,
    backend::{SenderHub, to_user, watch},
    clock,
    name::user,
    wait::{SILENCE, within},
};

use crate::tally::Tally;

/// Publishes over the hub and REST and watches with a key all the time, revokes it after `life`
/// milliseconds, and notes what happened after the answer to the revocation.
pub(super) async fn revoke(
    backend: &Backend,
    name: &str,
    life: u64,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let key = backend.key(&[Scope::Publish, Scope::Read]).await?;
    let sender = backend.with_key(&key.key);
    let watched = backend.publish(&to_user(&user(name), "watched")).await?.id;
    let hub = sender.hub().await?;
    let mut watching = watch(&hub, watched, None).await?;
    watching.until("a first item", |_| true).await?;

    let stop = CancellationToken::new();
    let calling = tokio::spawn(publish_until_closed(hub, name.to_owned()));
    let asking = tokio::spawn(ask(sender, watched, stop.clone()));
    tokio::time::sleep(Duration::from_millis(life)).await;
    backend.revoke_key(&key.id).await?;
    let answered = clock::instant();
    // A change of the watched notification that the watch must not show any more.
    backend.recall(watched).await?;
    let Ok(calls) = within("the end", SILENCE, calling).await else {
        tally.fault("connections left open", "of a key".to_owned());
        return Ok(());
    };
    stop.cancel();
    let calls: Vec<_> = calls?.into_iter().chain(asking.await??).collect();
    tally.count("calls", calls.len() as u64);
    for (began, _) in calls.into_iter().filter(|(_, is_answered)| *is_answered) {
        if began > answered {
            let after = began - answered;
            tally.fault("calls answered", format!("a key: after {after:?}"));
        }
    }
    while let Ok(Some(item)) = watching.next().await {
        if item.counts.cancelled > 0 {
            tally.fault("notifications sent", format!("a watch of {watched}"));
        }
    }
    Ok(())
}

async fn publish_until_closed(hub: SenderHub, name: String) -> Vec<(Instant, bool)> {
    let mut calls = Vec::new();
    loop {
        let began = clock::instant();
        let request = json!({ "to": { "users": [name] }, "notification": { "title": "x" } });
        let published = hub
            .client
            .invoke::<_, Value>(server::PUBLISH, &(request,))
            .await;
        let Ok(published) = published else {
            return calls;
        };
        calls.push((began, published["id"].is_string()));
    }
}

/// Reads over REST until it is stopped, and a few times after that.
async fn ask(
    sender: Backend,
    id: NotificationId,
    stop: CancellationToken,
) -> anyhow::Result<Vec<(Instant, bool)>> {
    let (mut calls, mut left) = (Vec::new(), 3);
    while left > 0 {
        if stop.is_cancelled() {
            left -= 1;
        }
        let began = clock::instant();
        calls.push((began, sender.notification(id).await.is_ok()));
    }
    Ok(calls)
}
