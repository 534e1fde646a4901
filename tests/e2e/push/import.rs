//! An App that comes from another system brings its push addresses along.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use vestnik_model::{
    Channel, DeliveryStatus, Reason, UserId, route,
    view::{InstallationView, List},
};
use vestnik_sim::{Death, Ending, Kind, Registration};
use vestnik_testkit::{clock, name::user, push_stage::address};

use super::{Stage, publish, saw_nothing, stage};

/// Imports addresses of users; gives what the server answers.
async fn import(stage: &Stage, addresses: &[Value]) -> anyhow::Result<(StatusCode, Value)> {
    let request = stage
        .server
        .backend
        .request(Method::POST, route::IMPORT_ADDRESSES)?;
    let answer = request
        .json(&json!({"push_addresses": addresses}))
        .send()
        .await?;
    Ok((answer.status(), answer.json().await?))
}

/// The address of a phone as the export of another system has it.
fn exported(user: &UserId, phone: &vestnik_sim::DeviceView) -> anyhow::Result<Value> {
    let mut exported = address(phone)?;
    exported["user"] = json!(user);
    Ok(exported)
}

async fn devices(stage: &Stage, user: &UserId) -> anyhow::Result<Vec<InstallationView>> {
    let path = route::with(route::USER_INSTALLATIONS, user.as_str());
    let listed: List<InstallationView> = stage.server.backend.get(&path).await?;
    Ok(listed.data)
}

#[tokio::test]
async fn a_phone_of_which_only_the_token_is_known_gets_a_hint() -> anyhow::Result<()> {
    let stage = stage().await?;
    for (name, kind) in [
        ("anna", Kind::FcmToken),
        ("bert", Kind::Apns),
        ("carl", Kind::WebPush),
    ] {
        let user = user(name);
        let phone = stage.simulator.register(Registration::new(kind))?;
        let exported = exported(&user, &phone)?;
        let (status, answer) = import(&stage, std::slice::from_ref(&exported)).await?;
        assert_eq!(
            (status, answer),
            (StatusCode::OK, json!({"results": ["imported"]}))
        );
        let id = publish(&stage, &user).await?;
        stage.received(&phone, 1).await?;
        stage.becomes(id, DeliveryStatus::Sent).await?;
        let (_, again) = import(&stage, &[exported]).await?;
        assert_eq!(again, json!({"results": ["unchanged"]}));
        let devices = devices(&stage, &user).await?;
        assert_eq!(devices.len(), 1);
        assert!(devices[0].imported_at.is_some() && !devices[0].is_primary);
    }
    saw_nothing(&stage);
    stage.stop().await
}

#[tokio::test]
async fn when_the_app_says_that_the_token_is_its_own_it_is_pushed_to_once() -> anyhow::Result<()> {
    let stage = stage().await?;
    let anna = user("anna");
    let phone = stage
        .simulator
        .register(Registration::new(Kind::FcmToken))?;
    import(&stage, &[exported(&anna, &phone)?]).await?;
    let installation = stage
        .reports(&anna, &json!({"push_addresses": [address(&phone)?]}))
        .await?;
    let known = devices(&stage, &anna).await?;
    let known: Vec<_> = known
        .iter()
        .map(|view| (view.id, view.imported_at))
        .collect();
    assert_eq!(known, [(installation, None)]);
    // What the device said is newer than any export, whoever that says it is.
    let (_, answer) = import(&stage, &[exported(&user("bert"), &phone)?]).await?;
    assert_eq!(answer, json!({"results": ["reported"]}));
    let id = publish(&stage, &anna).await?;
    stage.becomes(id, DeliveryStatus::Sent).await?;
    assert_eq!(stage.attempt(id).await?.installation_id, Some(installation));
    assert_eq!(stage.requests_for(&phone).len(), 1);
    stage.stop().await
}

#[tokio::test]
async fn a_token_that_is_dead_ends_there_and_stays_dead() -> anyhow::Result<()> {
    let stage = stage().await?;
    let anna = user("anna");
    let phone = stage.simulator.register(Registration::new(Kind::Apns))?;
    // It died long before anybody exported it, and APNs says so.
    let at = clock::timestamp() - jiff::SignedDuration::from_hours(24);
    let ending = Ending::default();
    stage.simulator.kill(&phone.id, Death { at, ending })?;
    import(&stage, &[exported(&anna, &phone)?]).await?;
    let id = publish(&stage, &anna).await?;
    let lost = stage.becomes(id, DeliveryStatus::Undelivered).await?;
    assert_eq!(lost.reason, Some(Reason::TokenDead.into()));
    assert_eq!(stage.attempt(id).await?.channel, Channel::Apns);
    let (_, again) = import(&stage, &[exported(&anna, &phone)?]).await?;
    assert_eq!(again, json!({"results": ["dead"]}));
    let asked = stage.requests_for(&phone).len();
    let id = publish(&stage, &anna).await?;
    stage.becomes(id, DeliveryStatus::Undelivered).await?;
    assert_eq!(stage.requests_for(&phone).len(), asked);
    stage.stop().await
}

#[tokio::test]
async fn an_import_with_a_wrong_address_imports_nothing() -> anyhow::Result<()> {
    let stage = stage().await?;
    let good = json!({"user": "anna", "kind": "fcm_token", "value": "token-1"});
    for (wrong, pointer) in [
        (
            json!({"user": "anna", "kind": "apns", "value": "no hex"}),
            "/push_addresses/1/value",
        ),
        (
            json!({"user": "anna", "kind": "pigeon", "value": "x"}),
            "/push_addresses/1/kind",
        ),
        (
            json!({"user": "", "kind": "apns", "value": "x"}),
            "/push_addresses/1/user",
        ),
        (
            json!({"user": "anna", "kind": "apns"}),
            "/push_addresses/1/value",
        ),
        (
            json!({"user": "anna", "kind": "apns", "value": "x", "a": 1}),
            "/push_addresses/1/a",
        ),
    ] {
        let (status, problem) = import(&stage, &[good.clone(), wrong]).await?;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
    assert_eq!(devices(&stage, &user("anna")).await?, []);
    stage.stop().await
}
