//! The places of an App at its backend: how many requests have their turn, and what becomes of those that wait for it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use vestnik_model::{
    AttemptStatus, DeliveryStatus, NotificationId, Reason, UserId,
    deliver::DeliverRequest,
    route,
    view::{DeliveryView, List},
};
use vestnik_testkit::{
    backend::{Backend, to_user},
    name::user,
    receiver::{Reaction, Received},
    server::Halt,
    wait::approached,
};

use super::{SECRET, Stage, TITLE};
use crate::webhooks::stage::received;

/// So many requests of an App have their turn at a time.
const PLACES: usize = 16;
/// More than that.
const PEOPLE: usize = 40;

/// Publishes to many people by the backend alone, without a repetition of what may have been taken.
async fn mail(backend: &Backend) -> anyhow::Result<NotificationId> {
    let mut request = to_user(&user("person-0"), TITLE);
    request.to.users = (0..PEOPLE).map(|n| user(&format!("person-{n}"))).collect();
    request.steps = once()?;
    Ok(backend.publish(&request).await?.id)
}

async fn ask(backend: &Backend, to: &UserId) -> anyhow::Result<NotificationId> {
    let mut request = to_user(to, TITLE);
    request.steps = once()?;
    Ok(backend.publish(&request).await?.id)
}

fn once<T: serde::de::DeserializeOwned>() -> anyhow::Result<T> {
    let steps = json!([{"channel": "webhook", "on_unproven": "give_up"}]);
    Ok(serde_json::from_value(steps)?)
}

/// Whom a request is for.
fn whom(received: &Received) -> anyhow::Result<UserId> {
    let asked: DeliverRequest = serde_json::from_str(&received.body)?;
    Ok(asked.data.user)
}

async fn deliveries(backend: &Backend, id: NotificationId) -> anyhow::Result<Vec<DeliveryView>> {
    let path = format!(
        "{}?limit=100",
        route::with(route::DELIVERIES, &id.to_string())
    );
    let page: List<DeliveryView> = backend.get(&path).await?;
    Ok(page.data)
}

#[tokio::test]
async fn a_server_that_is_killed_gives_up_no_more_requests_than_had_their_turn()
-> anyhow::Result<()> {
    let mut stage = Stage::new().await?;
    stage.backend.otherwise(Reaction::Hold);
    let id = mail(&stage.push.server.backend).await?;
    received(&stage.backend, PLACES).await?;
    stage.push.server.halt(Halt::Kill).await?;
    stage.backend.otherwise(Reaction::Status(200));
    stage.push.server.resume().await?;
    let backend = &stage.push.server.backend;
    let ended = approached("every delivery", async || {
        let all = deliveries(backend, id).await?;
        let left = all
            .iter()
            .filter(|one| one.status == DeliveryStatus::Pending);
        let left = left.count();
        Ok((left, left == 0 && all.len() == PEOPLE))
    });
    ended.await?;
    let mut given_up = BTreeSet::new();
    for one in deliveries(backend, id).await? {
        if one.reason == Some(Reason::ProviderUnproven.into()) {
            given_up.insert(one.user);
        } else {
            assert_eq!(one.status, DeliveryStatus::Sent);
        }
    }
    assert_eq!(given_up.len(), PLACES);
    let all = stage.backend.received();
    let asked: BTreeSet<_> = all.iter().map(whom).collect::<Result<_, _>>()?;
    assert_eq!(
        (all.len(), asked.len()),
        (PEOPLE, PEOPLE),
        "each was asked once"
    );
    let before: BTreeSet<_> = all[..PLACES].iter().map(whom).collect::<Result<_, _>>()?;
    assert_eq!(given_up, before);
    stage.push.stop().await
}

#[tokio::test]
async fn a_backend_that_is_slow_for_one_app_is_not_for_another() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let other = &stage.push.server.other;
    let path = route::with(route::PROVIDER, "webhook");
    let account: Value = json!({"url": stage.backend.url(), "secret": SECRET});
    let put = other.request(reqwest::Method::PUT, &path)?.json(&account);
    assert_eq!(put.send().await?.status(), reqwest::StatusCode::NO_CONTENT);
    stage.backend.otherwise(Reaction::Hold);
    mail(&stage.push.server.backend).await?;
    received(&stage.backend, PLACES).await?;
    stage.backend.otherwise(Reaction::Status(200));
    ask(other, &user("bert")).await?;
    let all = received(&stage.backend, PLACES + 1).await?;
    assert_eq!(whom(&all[PLACES])?, user("bert"));
    stage.push.stop().await
}

#[tokio::test]
async fn what_is_cancelled_while_it_waits_for_a_place_is_not_asked_for() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let backend = &stage.push.server.backend;
    let people: Vec<_> = (0..PLACES).map(|n| user(&format!("person-{n}"))).collect();
    stage.backend.otherwise(Reaction::Hold);
    for person in &people {
        ask(backend, person).await?;
    }
    received(&stage.backend, PLACES).await?;
    stage.backend.otherwise(Reaction::Status(200));
    let (bert, carl) = (user("bert"), user("carl"));
    let waits = ask(backend, &bert).await?;
    stage.attempt(waits, AttemptStatus::Sending).await?;
    let path = route::with(route::CANCEL, &waits.to_string());
    assert!(backend.post(&path, &json!({})).await?.status().is_success());
    ask(backend, &carl).await?;
    stage.backend.release();
    let all = received(&stage.backend, PLACES + 1).await?;
    assert_eq!(whom(&all[PLACES])?, carl);
    stage.push.stop().await
}
