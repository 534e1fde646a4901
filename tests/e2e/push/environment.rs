//! Addresses of APNs of which nobody says to which environment they belong.

use vestnik_model::{Open, PushEnvironment};
use vestnik_sim::{DeviceView, Environment};

use super::*;

/// What APNs answered to each request for a phone, in their order.
fn answers(stage: &Stage, phone: &DeviceView) -> Vec<Option<u16>> {
    let requests = stage.requests_for(phone);
    requests.iter().map(|entry| entry.status).collect()
}

#[tokio::test]
async fn the_second_push_to_a_token_of_the_sandbox_takes_one_request() -> anyhow::Result<()> {
    let stage = stage().await?;
    let anna = user("anna");
    let registration = Registration {
        environment: Environment::Sandbox,
        ..Registration::new(Kind::Apns)
    };
    let phone = stage.simulator.register(registration)?;
    let address = vestnik_testkit::push_stage::address(&phone)?;
    let said = json!({"platform": "ios", "push_addresses": [address]});
    let installation = stage.reports(&anna, &said).await?;
    let first = publish(&stage, &anna).await?;
    stage.received(&phone, 1).await?;
    stage.becomes(first, DeliveryStatus::Sent).await?;
    // Production does not know the token; its sandbox does.
    assert_eq!(answers(&stage, &phone), [Some(400), Some(200)]);
    let path = route::with(route::INSTALLATION, &installation.to_string());
    let view: InstallationView = stage.server.backend.get(&path).await?;
    let state = view.state.context("it has reported")?;
    let sandbox = Open::Known(PushEnvironment::Sandbox);
    assert_eq!(state.push_addresses[0].environment, Some(sandbox));
    // The app says the same at its next start, and no environment either.
    stage.reports_as(&anna, installation, &said).await?;
    let second = publish(&stage, &anna).await?;
    stage.received(&phone, 2).await?;
    stage.becomes(second, DeliveryStatus::Sent).await?;
    assert_eq!(answers(&stage, &phone), [Some(400), Some(200), Some(200)]);
    assert_eq!(stage.attempt(second).await?.tries, 1);
    stage.stop().await
}
