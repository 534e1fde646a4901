//! Credentials are rotated while notifications go out.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use vestnik_model::{
    AttemptStatus, Channel, DeliveryStatus, NotificationId, ProviderState, Reason, UserId, route,
    view::{List, ProviderView},
};
use vestnik_sim::{Fault, Kind, Registration};
use vestnik_testkit::{name::user, push_stage::address, wait::asked};

use super::{Stage, fault, publish, stage};

/// The public half of the stage's key of VAPID.
const VAPID_PUBLIC: &str =
    "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
/// Another one, which RFC 8291, appendix A, prints too.
const NEW_VAPID_KEY: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
const NEW_VAPID_PUBLIC: &str =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

/// The account at APNs with a further key of the team.
fn with_new_key(stage: &Stage) -> anyhow::Result<Value> {
    let key = stage.simulator.add_apns_key(None)?;
    let mut account = stage.account(Channel::Apns);
    account["key_id"] = json!(key.key_id);
    account["private_key"] = json!(key.key);
    Ok(account)
}

fn revoke_former_key(stage: &Stage) {
    let former = &stage.simulator.setup().credentials.key_id;
    assert!(stage.simulator.revoke_apns_key(former));
}

/// Publishes to a phone and waits until it has got so many messages.
async fn is_reached(
    stage: &Stage,
    user: &UserId,
    (phone, count): (&vestnik_sim::DeviceView, usize),
) -> anyhow::Result<NotificationId> {
    let id = publish(stage, user).await?;
    stage.received(phone, count).await?;
    stage.becomes(id, DeliveryStatus::Sent).await?;
    Ok(id)
}

#[tokio::test]
async fn pushes_go_on_with_the_new_key_when_the_former_one_is_revoked() -> anyhow::Result<()> {
    let stage = stage().await?;
    let anna = user("anna");
    let phone = stage.phone(&anna, Kind::Apns).await?;
    is_reached(&stage, &anna, (&phone, 1)).await?;
    let account = with_new_key(&stage)?;
    let (status, check) = stage.rotate_provider(Channel::Apns, &account).await?;
    assert_eq!(status, StatusCode::OK, "{check}");
    assert_eq!(check["is_good"], true);
    revoke_former_key(&stage);
    let id = is_reached(&stage, &anna, (&phone, 2)).await?;
    assert_eq!(stage.attempt(id).await?.tries, 1);
    stage.stop().await
}

#[tokio::test]
async fn what_waits_for_credentials_goes_out_when_they_are_rotated() -> anyhow::Result<()> {
    let stage = stage().await?;
    let anna = user("anna");
    let phone = stage.phone(&anna, Kind::Apns).await?;
    revoke_former_key(&stage);
    let mut waiting = Vec::new();
    // Enough of them that a breaker opens.
    for _ in 0..7 {
        waiting.push(publish(&stage, &anna).await?);
    }
    for id in &waiting {
        asked("the service refuses the credentials", async || {
            let attempt = stage.attempt(*id).await.ok();
            let waits = attempt.filter(|attempt| attempt.status == AttemptStatus::Retrying);
            Ok(
                waits
                    .map(|waits| assert_eq!(waits.reason, Some(Reason::ConfigProviderAuth.into()))),
            )
        })
        .await?;
    }
    let account = with_new_key(&stage)?;
    let (status, answer) = stage.rotate_provider(Channel::Apns, &account).await?;
    assert_eq!(status, StatusCode::OK, "{answer}");
    // The clock stands still: nothing waits for its five minutes.
    stage.received(&phone, waiting.len()).await?;
    for id in waiting {
        stage.becomes(id, DeliveryStatus::Sent).await?;
    }
    stage.stop().await
}

/// The events about providers, each as its data.
async fn told_of_providers(stage: &Stage) -> anyhow::Result<Vec<(String, Value)>> {
    let events = stage.server.backend.events().await?.into_iter();
    let of_providers = events.filter(|event| event.kind.as_str().starts_with("provider."));
    of_providers
        .map(|event| Ok((event.kind.to_string(), serde_json::to_value(event.data)?)))
        .collect()
}

/// What is known of the credentials at APNs.
async fn at_apns(stage: &Stage) -> anyhow::Result<ProviderView> {
    let known: List<ProviderView> = stage.server.backend.get(route::PROVIDERS).await?;
    let mut known = known.data.into_iter();
    let apns = known.find(|view| view.channel == Channel::Apns);
    apns.context("there are credentials")
}

#[tokio::test]
async fn an_operator_learns_that_a_service_refuses_the_credentials() -> anyhow::Result<()> {
    let stage = stage().await?;
    let anna = user("anna");
    let phone = stage.phone(&anna, Kind::Apns).await?;
    stage.clock.advance(Duration::from_secs(1));
    assert_eq!(at_apns(&stage).await?.state, ProviderState::Working);
    revoke_former_key(&stage);
    let waiting = [publish(&stage, &anna).await?, publish(&stage, &anna).await?];
    for id in waiting {
        asked("it waits for other credentials", async || {
            let attempt = stage.attempt(id).await.ok();
            let waits = attempt.filter(|attempt| attempt.status == AttemptStatus::Retrying);
            Ok(waits.map(drop))
        })
        .await?;
    }
    let known = at_apns(&stage).await?;
    assert_eq!(known.state, ProviderState::Refused);
    assert!(known.since > Some(known.set_at));
    assert_eq!(known.reason, Some(Reason::ConfigProviderAuth.into()));
    assert_eq!(known.said.as_deref(), Some("403 InvalidProviderToken"));
    let failed = json!({
        "channel": "apns", "state": "refused", "reason": "config.provider_auth",
        "said": "403 InvalidProviderToken",
    });
    let failed = ("provider.auth_failed".to_owned(), failed);
    assert_eq!(
        told_of_providers(&stage).await?,
        std::slice::from_ref(&failed)
    );
    let (status, answer) = stage
        .rotate_provider(Channel::Apns, &with_new_key(&stage)?)
        .await?;
    assert_eq!(status, StatusCode::OK, "{answer}");
    stage.received(&phone, waiting.len()).await?;
    assert_eq!(at_apns(&stage).await?.state, ProviderState::Working);
    let recovered = json!({"channel": "apns", "state": "working"});
    let recovered = ("provider.recovered".to_owned(), recovered);
    assert_eq!(told_of_providers(&stage).await?, [failed, recovered]);
    let figures = stage.server.backend.request(Method::GET, route::METRICS)?;
    let figures = figures.send().await?.text().await?;
    for figure in ["provider_auth_failures", "provider_recoveries"] {
        let line = format!("vestnik_{figure}_total 1");
        assert!(figures.lines().any(|one| one == line), "{line}");
    }
    stage.stop().await
}

#[tokio::test]
async fn a_key_that_the_service_refuses_changes_nothing() -> anyhow::Result<()> {
    let stage = stage().await?;
    let backend = &stage.server.backend;
    let anna = user("anna");
    let phone = stage.phone(&anna, Kind::Apns).await?;
    let known: List<ProviderView> = backend.get(route::PROVIDERS).await?;
    let foreign = with_new_key(&stage)?;
    let id = foreign["key_id"].as_str().context("it has an id")?;
    assert!(stage.simulator.revoke_apns_key(id));
    let (status, problem) = stage.rotate_provider(Channel::Apns, &foreign).await?;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert_eq!(problem["code"], "provider.refused");
    let key = foreign["private_key"].as_str().context("it has a key")?;
    assert!(!problem.to_string().contains(key.trim()));
    // One for another app or project reaches none of the addresses.
    let mut other = stage.account(Channel::Apns);
    other["topic"] = json!("com.example.bank");
    let (status, problem) = stage.rotate_provider(Channel::Apns, &other).await?;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert_eq!(problem["errors"][0]["pointer"], "/topic");
    // A service that cannot be asked refuses nothing.
    fault(&stage, Fault::Throttle { retry_after: None }, 9)?;
    let same = stage.account(Channel::Fcm);
    let (status, problem) = stage.rotate_provider(Channel::Fcm, &same).await?;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
    assert_eq!(problem["code"], "provider.unreachable");
    // Where there are no credentials, none are rotated.
    let (status, _) = stage.rotate_provider(Channel::Email, &json!({})).await?;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let after: List<ProviderView> = backend.get(route::PROVIDERS).await?;
    assert_eq!(after, known);
    is_reached(&stage, &anna, (&phone, 1)).await?;
    stage.stop().await
}

/// A device token belongs to an app: by credentials of another one, every address would die.
#[tokio::test]
async fn credentials_of_another_app_do_not_take_the_place_of_the_present_ones() -> anyhow::Result<()>
{
    let stage = stage().await?;
    let backend = &stage.server.backend;
    let anna = user("anna");
    let phone = stage.phone(&anna, Kind::Apns).await?;
    let known: List<ProviderView> = backend.get(route::PROVIDERS).await?;
    for (channel, field, value) in [
        (Channel::Apns, "topic", "com.example.bank"),
        (Channel::Fcm, "project_id", "bank-1"),
    ] {
        let mut other = stage.account(channel);
        other[field] = json!(value);
        let (status, problem) = stage.put_provider(channel, &other).await?;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"));
        assert_eq!(problem["errors"][0]["code"], "not_allowed");
        assert!(!problem.to_string().contains(value), "{problem}");
    }
    let after: List<ProviderView> = backend.get(route::PROVIDERS).await?;
    assert_eq!(after, known);
    is_reached(&stage, &anna, (&phone, 1)).await?;
    // A further key of the same team is for the same addresses.
    let (status, _) = stage
        .put_provider(Channel::Apns, &with_new_key(&stage)?)
        .await?;
    assert_eq!(status, StatusCode::NO_CONTENT);
    is_reached(&stage, &anna, (&phone, 2)).await?;
    // An App that really moves deletes the present ones.
    let path = route::with(route::PROVIDER, Channel::Apns.as_str());
    let deleted = backend.request(Method::DELETE, &path)?.send().await?;
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    let mut other = stage.account(Channel::Apns);
    other["topic"] = json!("com.example.bank");
    let (status, problem) = stage.put_provider(Channel::Apns, &other).await?;
    assert_eq!(status, StatusCode::NO_CONTENT, "{problem}");
    stage.stop().await
}

/// RFC 8292, 4.2: a subscription that was restricted to a key takes pushes of that key only.
#[tokio::test]
async fn browsers_that_subscribed_before_a_rotation_are_still_reached() -> anyhow::Result<()> {
    let stage = stage().await?;
    let mut account = stage.account(Channel::Webpush);
    account["private_key"] = json!(NEW_VAPID_KEY);
    let (status, answer) = stage.rotate_provider(Channel::Webpush, &account).await?;
    assert_eq!(status, StatusCode::OK, "{answer}");
    for (name, key) in [("anna", VAPID_PUBLIC), ("bert", NEW_VAPID_PUBLIC)] {
        let user = user(name);
        let browser = stage.simulator.register(Registration {
            application_server_key: Some(key.to_owned()),
            ..Registration::new(Kind::WebPush)
        })?;
        let said = json!({"push_addresses": [address(&browser)?]});
        stage.reports(&user, &said).await?;
        is_reached(&stage, &user, (&browser, 1)).await?;
    }
    stage.stop().await
}
