//! The channel of a gateway: the real server sends short messages by the providers of an App's account.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use vestnik_model::{
    AttemptStatus, Channel, DeliveryStatus, GatewayName, NotificationId, Problem, Reason, UserId,
    route, view::AttemptView,
};
use vestnik_sim::{Kind, Options};
use vestnik_testkit::{
    PushStage, Receiver, backend::to_user, clock::AheadClock, name::user, receiver::Reaction,
    wait::asked,
};

use crate::webhooks::stage::received;

const TITLE: &str = "Your order has arrived";
const NUMBER: &str = "+4930123456";

/// A server whose App has push services, and two providers of short messages.
struct Stage {
    push: PushStage<AheadClock>,
    main: Receiver,
    backup: Receiver,
}

fn sms() -> Channel {
    Channel::Gateway(GatewayName::parse("sms").expect("a well-formed name"))
}

/// The answer of a provider that took a message.
fn taken(id: &str) -> Reaction {
    Reaction::Json(200, json!({"id": id}).to_string())
}

impl Stage {
    async fn new() -> anyhow::Result<Self> {
        let (main, backup) = (Receiver::start().await?, Receiver::start().await?);
        main.otherwise(taken("m-1"));
        backup.otherwise(taken("b-1"));
        let listed = vec![main.host(), backup.host()];
        let push = PushStage::beside(AheadClock::default(), Options::default(), listed).await?;
        let stage = Self { push, main, backup };
        let (status, answer) = stage.push.put_provider(sms(), &stage.account()).await?;
        anyhow::ensure!(status == StatusCode::NO_CONTENT, "{answer}");
        Ok(stage)
    }

    fn account(&self) -> Value {
        let provider = |name: &str, at: &Receiver| {
            json!({
                "name": name, "gateway": "sms", "origin": format!("http://{}", at.host()),
                "settings": {"token": "secret-token"},
            })
        };
        json!({"providers": [provider("main", &self.main), provider("backup", &self.backup)]})
    }

    /// A user who has a number.
    async fn with_number(&self, name: &str) -> anyhow::Result<UserId> {
        let user = user(name);
        let path = route::with(route::USER, user.as_str());
        let said = json!({"phone": "+49 (0)30 12-34-56"});
        let put = self.push.server.backend.request(Method::PUT, &path)?;
        let answer = put.json(&said).send().await?;
        anyhow::ensure!(answer.status().is_success(), "{}", answer.status());
        Ok(user)
    }

    async fn publish(&self, to: &UserId, steps: Value) -> anyhow::Result<NotificationId> {
        let mut request = to_user(to, TITLE);
        request.steps = serde_json::from_value(steps)?;
        Ok(self.push.server.backend.publish(&request).await?.id)
    }

    /// The attempt by short messages, once it has a status.
    async fn attempt(
        &self,
        id: NotificationId,
        status: AttemptStatus,
    ) -> anyhow::Result<AttemptView> {
        asked("the attempt", async || {
            let delivery = self.push.delivery(id).await?.id;
            let attempts = self.push.attempts(delivery).await?.into_iter();
            let mut its = attempts.filter(|attempt| attempt.channel == sms());
            Ok(its.find(|attempt| attempt.status == status))
        })
        .await
    }
}

fn by_sms() -> Value {
    json!([{"channel": "sms"}])
}

#[tokio::test]
async fn a_push_that_nobody_confirms_is_followed_by_a_short_message() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = stage.with_number("anna").await?;
    let phone = stage.push.phone(&anna, Kind::FcmToken).await?;
    let steps = json!([{"channel": "push", "within_seconds": 60}, {"channel": "sms"}]);
    let id = stage.publish(&anna, steps).await?;
    stage.push.received(&phone, 1).await?;
    stage.push.becomes(id, DeliveryStatus::Sent).await?;
    assert!(stage.main.received().is_empty());
    stage.push.clock.advance(Duration::from_secs(61));
    let all = received(&stage.main, 1).await?;
    let message: Value = serde_json::from_str(&all[0].body)?;
    assert_eq!(message["to"], NUMBER);
    assert!(
        message["text"].as_str().unwrap().contains(TITLE),
        "{message}"
    );
    assert_eq!(all[0].headers["authorization"], "Bearer secret-token");
    let attempt = stage.attempt(id, AttemptStatus::Sent).await?;
    assert_eq!(attempt.provider.as_deref(), Some("main"));
    assert!(stage.backup.received().is_empty());
    stage.push.stop().await
}

#[tokio::test]
async fn while_the_first_provider_takes_nothing_the_second_sends_each_message_once()
-> anyhow::Result<()> {
    let stage = Stage::new().await?;
    stage.main.otherwise(Reaction::Status(503));
    let mut ids = Vec::new();
    for number in 0..10 {
        let user = stage.with_number(&format!("user-{number}")).await?;
        ids.push(stage.publish(&user, by_sms()).await?);
    }
    for id in ids {
        stage.push.becomes(id, DeliveryStatus::Sent).await?;
        let attempt = stage.attempt(id, AttemptStatus::Sent).await?;
        assert_eq!(attempt.provider.as_deref(), Some("backup"));
        assert_eq!(attempt.unproven, 0);
        let [passed] = attempt.passed_over.as_slice() else {
            panic!("one provider was gone past: {attempt:?}");
        };
        assert_eq!(passed.provider, "main");
        assert_eq!(passed.reason, Reason::ProviderUnavailable);
    }
    assert_eq!(stage.backup.received().len(), 10);
    stage.push.stop().await
}

#[tokio::test]
async fn what_the_first_provider_may_have_taken_goes_by_no_other() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = stage.with_number("anna").await?;
    stage.main.plan([Reaction::Cut]);
    let id = stage.publish(&anna, by_sms()).await?;
    let attempt = stage.attempt(id, AttemptStatus::Failed).await?;
    assert_eq!(attempt.reason, Some(Reason::ProviderUnproven.into()));
    assert_eq!(attempt.provider.as_deref(), Some("main"));
    assert_eq!(stage.main.received().len(), 1);
    assert!(stage.backup.received().is_empty());
    stage.push.stop().await
}

#[tokio::test]
async fn a_number_that_nobody_has_is_not_written_to_again() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = stage.with_number("anna").await?;
    let unknown = json!({"error": "unknown_number"}).to_string();
    stage.main.plan([Reaction::Json(404, unknown)]);
    let id = stage.publish(&anna, by_sms()).await?;
    let attempt = stage.attempt(id, AttemptStatus::Failed).await?;
    assert_eq!(attempt.reason, Some(Reason::TokenDead.into()));
    let again = stage.publish(&anna, by_sms()).await?;
    let delivery = stage
        .push
        .becomes(again, DeliveryStatus::Suppressed)
        .await?;
    assert_eq!(delivery.reason, Some(Reason::BlockedChannel.into()));
    assert_eq!(stage.main.received().len(), 1);
    assert!(stage.backup.received().is_empty());
    stage.push.stop().await
}

#[tokio::test]
async fn a_step_that_names_no_gateway_of_the_app_is_refused() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = stage.with_number("anna").await?;
    for (steps, pointer) in [
        (json!([{"channel": "telegram"}]), "/steps/0/channel"),
        (
            json!([{"channel": "sms", "wait_for": "delivered"}]),
            "/steps/0/wait_for",
        ),
    ] {
        let refused = stage.publish(&anna, steps).await.unwrap_err();
        let problem: Problem = refused.downcast()?;
        let wrong: Vec<_> = problem
            .errors
            .iter()
            .map(|it| it.pointer.as_str())
            .collect();
        assert_eq!(wrong, [pointer]);
    }
    assert!(stage.main.received().is_empty());
    stage.push.stop().await
}
