//! What gateways report over HTTP: the real server, and the simulator's platforms with their own proofs.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use vestnik_model::{
    AttemptStatus, Channel, DeliveryStatus, GatewayName, NotificationId, Reason, UserId, route,
    view::AttemptView,
};
use vestnik_sim::{
    Options,
    gateway::{Gateways, Happening, Hook, Platform, Taken},
};
use vestnik_testkit::{
    PushStage, Receiver, backend::to_user, clock::AheadClock, name::user, receiver::Reaction,
    wait::asked,
};

const NUMBER: &str = "+4930123456";
/// The Apps of a stage.
const SHOP: &str = "shop";

/// A server whose App has accounts with an SMS service that reports, and with Twilio.
struct Stage {
    push: PushStage<AheadClock>,
    gateways: Gateways,
    http: Client,
}

fn channel(name: &str) -> Channel {
    Channel::Gateway(GatewayName::parse(name).expect("a well-formed name"))
}

impl Stage {
    async fn new() -> anyhow::Result<Self> {
        Self::with(Vec::new()).await
    }

    async fn with(mut listed: Vec<String>) -> anyhow::Result<Self> {
        let clock = AheadClock::default();
        let gateways = Gateways::start_with(Arc::new(clock.clone())).await?;
        let hosts = [Platform::Sms, Platform::Twilio].map(|platform| gateways.origin(platform));
        listed.extend(hosts.map(|url| url.trim_start_matches("http://").to_owned()));
        let push = PushStage::beside(clock, Options::default(), listed).await?;
        let stage = Self {
            push,
            gateways,
            http: Client::builder().no_proxy().build()?,
        };
        for platform in [Platform::Sms, Platform::Twilio] {
            let origin = stage.gateways.origin(platform);
            stage.put_account(platform, &origin).await?;
        }
        Ok(stage)
    }

    async fn put_account(&self, platform: Platform, origin: &str) -> anyhow::Result<()> {
        let account = json!({"providers": [{
            "name": "main", "gateway": platform.as_str(), "origin": origin,
            "settings": self.gateways.settings(platform),
        }]});
        let put = self.push.put_provider(channel(platform.as_str()), &account);
        let (status, answer) = put.await?;
        anyhow::ensure!(status == StatusCode::NO_CONTENT, "{answer}");
        Ok(())
    }

    async fn with_number(&self, name: &str) -> anyhow::Result<UserId> {
        let user = user(name);
        let path = route::with(route::USER, user.as_str());
        let put = self.push.server.backend.request(Method::PUT, &path)?;
        let answer = put.json(&json!({"phone": NUMBER})).send().await?;
        anyhow::ensure!(answer.status().is_success(), "{}", answer.status());
        Ok(user)
    }

    async fn publish(&self, to: &UserId, steps: Value) -> anyhow::Result<NotificationId> {
        let mut request = to_user(to, "Your order has arrived");
        request.steps = serde_json::from_value(steps)?;
        Ok(self.push.server.backend.publish(&request).await?.id)
    }

    /// Publishes by SMS until delivered, then by Twilio; gives the service's id of the message, once it was taken.
    async fn sent(&self, to: &UserId) -> anyhow::Result<(NotificationId, String)> {
        let id = self.publish(to, until_delivered()).await?;
        let taken = self.taken(Platform::Sms, 1).await?;
        self.attempt(id, AttemptStatus::Sent).await?;
        Ok((id, taken[0].id.clone()))
    }

    /// What a platform took, once that is so many messages.
    async fn taken(&self, platform: Platform, count: usize) -> anyhow::Result<Vec<Taken>> {
        asked("a message", async || {
            let taken = self.gateways.taken(platform);
            Ok((taken.len() >= count).then_some(taken))
        })
        .await
    }

    /// The attempt by SMS, once it has a status.
    async fn attempt(
        &self,
        id: NotificationId,
        status: AttemptStatus,
    ) -> anyhow::Result<AttemptView> {
        asked("the attempt", async || {
            let delivery = self.push.delivery(id).await?.id;
            let attempts = self.push.attempts(delivery).await?.into_iter();
            let mut its = attempts.filter(|attempt| attempt.channel == channel("sms"));
            Ok(its.find(|attempt| attempt.status == status))
        })
        .await
    }

    fn hook(&self, happening: &Happening) -> Hook {
        let hook = self.gateways.hook(Platform::Sms, happening);
        hook.expect("the service reports this")
    }

    /// Sends what a platform reports to a webhook of an App; gives the answer.
    async fn report(&self, place: [&str; 3], hook: &Hook) -> anyhow::Result<(StatusCode, String)> {
        let path = place.iter().fold(route::GATEWAY.to_owned(), |path, name| {
            route::with(&path, name)
        });
        let url = self.push.server.url().join(&path)?;
        let method: Method = hook.method.parse()?;
        let mut request = self.http.request(method, url).body(hook.body.clone());
        for (name, value) in &hook.headers {
            request = request.header(*name, value);
        }
        let answer = request.send().await?;
        Ok((answer.status(), answer.text().await?))
    }

    async fn reported(&self, happening: &Happening) -> anyhow::Result<()> {
        let (status, answer) = self.report(DOOR, &self.hook(happening)).await?;
        anyhow::ensure!(status == StatusCode::OK, "{status} {answer}");
        Ok(())
    }

    /// Waits until the server has sent something later by Twilio, and nothing else before.
    async fn is_followed_by_nothing(&self) -> anyhow::Result<()> {
        let other = self.with_number("other").await?;
        self.publish(&other, json!([{"channel": "twilio"}])).await?;
        self.taken(Platform::Twilio, 1).await?;
        anyhow::ensure!(self.gateways.taken(Platform::Twilio).len() == 1);
        Ok(())
    }
}

const DOOR: [&str; 3] = [SHOP, "sms", "main"];

fn until_delivered() -> Value {
    json!([
        {"channel": "sms", "wait_for": "delivered", "within_seconds": 60},
        {"channel": "twilio"},
    ])
}

fn delivered(id: &str) -> Happening {
    Happening::Delivered { id: id.to_owned() }
}

fn failed(id: &str) -> Happening {
    Happening::Failed { id: id.to_owned() }
}

#[tokio::test]
async fn a_step_that_a_report_reaches_is_followed_by_nothing() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = stage.with_number("anna").await?;
    let (id, message) = stage.sent(&anna).await?;
    stage.reported(&delivered(&message)).await?;
    let delivery = stage.push.becomes(id, DeliveryStatus::Delivered).await?;
    assert_eq!(delivery.channel, Some(channel("sms").into()));
    stage.attempt(id, AttemptStatus::Delivered).await?;
    stage.push.clock.advance(Duration::from_secs(61));
    stage.is_followed_by_nothing().await?;
    stage.push.stop().await
}

#[tokio::test]
async fn a_step_whose_report_never_comes_is_followed_at_its_end() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = stage.with_number("anna").await?;
    let (id, message) = stage.sent(&anna).await?;
    assert!(stage.gateways.taken(Platform::Twilio).is_empty());
    stage.push.clock.advance(Duration::from_secs(61));
    stage.taken(Platform::Twilio, 1).await?;
    // Late, and counted all the same.
    stage.reported(&delivered(&message)).await?;
    stage.push.becomes(id, DeliveryStatus::Delivered).await?;
    stage.push.stop().await
}

#[tokio::test]
async fn a_message_that_is_reported_lost_is_followed_at_once() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = stage.with_number("anna").await?;
    let (id, message) = stage.sent(&anna).await?;
    stage.reported(&failed(&message)).await?;
    stage.taken(Platform::Twilio, 1).await?;
    let attempt = stage.attempt(id, AttemptStatus::Failed).await?;
    assert!(attempt.reason.is_some(), "{attempt:?}");
    stage.push.stop().await
}

/// The report comes before the answer to the request, and the server dies in between.
#[tokio::test]
async fn a_report_that_comes_before_the_answer_counts() -> anyhow::Result<()> {
    let service = Receiver::start().await?;
    service.otherwise(Reaction::Json(200, json!({"id": "m-1"}).to_string()));
    let mut stage = Stage::with(vec![service.host()]).await?;
    let origin = format!("http://{}", service.host());
    stage.put_account(Platform::Sms, &origin).await?;
    stage.reported(&delivered("m-1")).await?;
    stage.push.server.kill().await?;
    let anna = stage.with_number("anna").await?;
    let id = stage.publish(&anna, until_delivered()).await?;
    stage.push.becomes(id, DeliveryStatus::Delivered).await?;
    stage.push.stop().await
}

#[tokio::test]
async fn reports_that_are_repeated_or_come_late_change_nothing() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = stage.with_number("anna").await?;
    let (id, message) = stage.sent(&anna).await?;
    stage.reported(&delivered(&message)).await?;
    let before = stage.push.becomes(id, DeliveryStatus::Delivered).await?;
    let attempts = stage.push.attempts(before.id).await?;
    for happening in [delivered(&message), failed(&message), delivered(&message)] {
        stage.reported(&happening).await?;
    }
    assert_eq!(stage.push.delivery(id).await?, before);
    assert_eq!(stage.push.attempts(before.id).await?, attempts);
    stage.push.stop().await
}

#[tokio::test]
async fn who_is_not_the_gateway_changes_nothing() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = stage.with_number("anna").await?;
    let (id, message) = stage.sent(&anna).await?;
    let hook = stage.hook(&failed(&message));
    // Every name that is not known is answered alike.
    let mut unknown = Vec::new();
    for place in [
        ["nobody", "sms", "main"],
        [SHOP, "telegram", "main"],
        [SHOP, "sms", "backup"],
        [SHOP, "Not a name", "main"],
        ["other", "sms", "main"],
    ] {
        let (status, answer) = stage.report(place, &hook).await?;
        assert_eq!(status, StatusCode::NOT_FOUND, "{place:?}");
        unknown.push(answer);
    }
    unknown.dedup();
    assert_eq!(unknown.len(), 1, "{unknown:?}");
    // A report with a proof is one of this provider only.
    let (status, _) = stage.report([SHOP, "twilio", "main"], &hook).await?;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let with = |change: &dyn Fn(&mut Hook)| {
        let mut hook = hook.clone();
        change(&mut hook);
        hook
    };
    for (wanted, hook) in [
        (401, with(&|hook| hook.headers.clear())),
        (401, with(&|hook| hook.body.push(' '))),
        (401, with(&|hook| hook.body = "{".repeat(2_000))),
        (
            413,
            with(&|hook| hook.body = " ".repeat(10 * 1_024 * 1_024)),
        ),
        (405, with(&|hook| hook.method = "GET")),
        (405, with(&|hook| hook.method = "PUT")),
    ] {
        // Who sends too much may be cut off before an answer.
        match stage.report(DOOR, &hook).await {
            Ok((status, answer)) => assert_eq!(status.as_u16(), wanted, "{answer}"),
            Err(_) => assert_eq!(wanted, 413),
        }
    }
    stage.attempt(id, AttemptStatus::Sent).await?;
    stage.push.becomes(id, DeliveryStatus::Sent).await?;
    stage.is_followed_by_nothing().await?;
    stage.push.stop().await
}

/// Both Apps have the account: what is reported to one is nothing to the other.
#[tokio::test]
async fn a_report_to_another_app_changes_nothing() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let account = json!({"providers": [{
        "name": "main", "gateway": "sms", "origin": stage.gateways.origin(Platform::Sms),
        "settings": stage.gateways.settings(Platform::Sms),
    }]});
    let path = route::with(route::PROVIDER, "sms");
    let put = stage.push.server.other.request(Method::PUT, &path)?;
    let answer = put.json(&account).send().await?;
    assert!(answer.status().is_success(), "{}", answer.status());
    let anna = stage.with_number("anna").await?;
    let (id, message) = stage.sent(&anna).await?;
    let hook = stage.hook(&failed(&message));
    let (status, _) = stage.report(["other", "sms", "main"], &hook).await?;
    assert_eq!(status, StatusCode::OK);
    let attempt = stage.attempt(id, AttemptStatus::Sent).await?;
    assert_ne!(attempt.reason, Some(Reason::SmsUndeliverable.into()));
    stage.push.stop().await
}
