//! The channel `webhook`: the real server asks an App's own backend to deliver.

mod places;

use std::time::Duration;

use reqwest::StatusCode;
use rusqlite::Connection;
use serde_json::{Value, json};
use vestnik_model::{
    AttemptStatus, Channel, DeliveryStatus, NotificationId, Reason, UserId,
    deliver::DeliverRequest, view::AttemptView,
};
use vestnik_sim::{Kind, Options};
use vestnik_testkit::{
    PushStage, Receiver, backend::to_user, clock::AheadClock, name::user, receiver::Reaction,
    server::Halt, wait::asked,
};

use crate::webhooks::stage::{ids, is_signed, received};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER_SECRET: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const TITLE: &str = "Your order has arrived";
/// Longer than the pause after a first failure.
const PAUSE: Duration = Duration::from_secs(3);

struct Stage {
    push: PushStage<AheadClock>,
    backend: Receiver,
}

impl Stage {
    /// A server whose App has push services, and a backend that delivers.
    async fn new() -> anyhow::Result<Self> {
        let backend = Receiver::start().await?;
        let clock = AheadClock::default();
        let listed = vec![backend.host()];
        let push = PushStage::beside(clock, Options::default(), listed).await?;
        let stage = Self { push, backend };
        let (status, answer) = stage.put(&stage.account(SECRET)).await?;
        anyhow::ensure!(status == StatusCode::NO_CONTENT, "{answer}");
        Ok(stage)
    }

    fn account(&self, secret: &str) -> Value {
        json!({"url": self.backend.url(), "secret": secret})
    }

    async fn put(&self, account: &Value) -> anyhow::Result<(StatusCode, Value)> {
        self.push.put_provider(Channel::Webhook, account).await
    }

    async fn publish(&self, to: &UserId, steps: Value) -> anyhow::Result<NotificationId> {
        let mut request = to_user(to, TITLE);
        request.steps = serde_json::from_value(steps)?;
        request.notification.data = serde_json::from_value(json!({"order": 42}))?;
        Ok(self.push.server.backend.publish(&request).await?.id)
    }

    /// Publishes by the backend alone.
    async fn ask(&self, to: &UserId) -> anyhow::Result<NotificationId> {
        self.publish(to, json!([{"channel": "webhook"}])).await
    }

    /// The attempt at the backend, once it has a status.
    async fn attempt(
        &self,
        id: NotificationId,
        status: AttemptStatus,
    ) -> anyhow::Result<AttemptView> {
        asked("the attempt", async || {
            let delivery = self.push.delivery(id).await?.id;
            let attempts = self.push.attempts(delivery).await?.into_iter();
            let mut its = attempts.filter(|attempt| attempt.channel == Channel::Webhook);
            Ok(its.find(|attempt| attempt.status == status))
        })
        .await
    }

    /// Insists that a delivery by the backend alone ends for a reason.
    async fn fails(&self, id: NotificationId, reason: Reason) -> anyhow::Result<()> {
        let attempt = self.attempt(id, AttemptStatus::Failed).await?;
        assert_eq!(attempt.reason, Some(reason.into()));
        let delivery = self.push.delivery(id).await?;
        assert_eq!(delivery.reason, Some(reason.into()));
        Ok(())
    }
}

#[tokio::test]
async fn a_backend_is_asked_again_under_the_same_id_until_it_takes_it() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = user("anna");
    stage.backend.plan([Reaction::Status(500), Reaction::Cut]);
    let id = stage.ask(&anna).await?;
    for times in 1..=2 {
        received(&stage.backend, times).await?;
        let waits = stage.attempt(id, AttemptStatus::Retrying).await?;
        assert!(usize::try_from(waits.tries)? <= times);
        asked("it is noted", async || {
            let waits = stage.attempt(id, AttemptStatus::Retrying).await?;
            Ok((usize::try_from(waits.tries)? == times).then_some(()))
        })
        .await?;
        stage.push.clock.advance(PAUSE);
    }
    let all = received(&stage.backend, 3).await?;
    let delivery = stage.push.becomes(id, DeliveryStatus::Sent).await?;
    let attempt = stage.attempt(id, AttemptStatus::Sent).await?;
    assert_eq!((attempt.tries, attempt.unproven), (3, 1));
    assert_eq!(attempt.said.as_deref(), Some("200"));
    assert_eq!(delivery.channel, Some(Channel::Webhook.into()));
    for one in &all {
        assert_eq!(one.id(), attempt.id.to_string());
        assert_eq!(one.body, all[0].body);
        assert!(is_signed(one, SECRET)? && !is_signed(one, OTHER_SECRET)?);
    }
    let asked: DeliverRequest = serde_json::from_str(&all[0].body)?;
    assert_eq!(asked.kind, "notification.deliver");
    assert_eq!((&asked.data.user, asked.data.notification_id), (&anna, id));
    assert_eq!(asked.data.delivery_id, delivery.id);
    assert_eq!(asked.data.content.title, TITLE);
    let data = serde_json::to_value(&asked.data.content.data)?;
    assert_eq!(data, json!({"order": 42}));
    stage.push.stop().await
}

#[tokio::test]
async fn a_push_that_fails_is_followed_by_the_backend() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = user("anna");
    let phone = stage.push.phone(&anna, Kind::FcmToken).await?;
    let steps = json!([
        {"channel": "push", "within_seconds": 60},
        {"channel": "webhook"},
    ]);
    let id = stage.publish(&anna, steps).await?;
    stage.push.received(&phone, 1).await?;
    stage.push.becomes(id, DeliveryStatus::Sent).await?;
    assert!(stage.backend.received().is_empty());
    // The phone does not confirm it in time.
    stage.push.clock.advance(Duration::from_secs(61));
    received(&stage.backend, 1).await?;
    stage.attempt(id, AttemptStatus::Sent).await?;
    stage.push.stop().await
}

#[tokio::test]
async fn a_refusal_goes_to_the_next_step_and_a_backend_that_is_gone_is_no_route()
-> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let (anna, elsewhere) = (user("anna"), "http://169.254.169.254/latest/".to_owned());
    for (reaction, reason) in [
        (Reaction::Status(422), Reason::ProviderRejected),
        (Reaction::Status(404), Reason::ProviderRejected),
        (Reaction::Status(410), Reason::ConfigNoRoute),
        (Reaction::Redirect(elsewhere), Reason::ConfigNoRoute),
    ] {
        stage.backend.plan([reaction]);
        let id = stage.ask(&anna).await?;
        stage.fails(id, reason).await?;
    }
    assert_eq!(stage.backend.received().len(), 4, "each was asked once");
    let phone = stage.push.phone(&anna, Kind::FcmToken).await?;
    stage.backend.plan([Reaction::Status(400)]);
    let steps = json!([{"channel": "webhook", "within_seconds": 600}, {"channel": "push"}]);
    stage.publish(&anna, steps).await?;
    stage.push.received(&phone, 1).await?;
    stage.push.stop().await
}

#[tokio::test]
async fn a_backend_that_asks_for_a_pause_has_it_from_everybody() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let (anna, bert) = (user("anna"), user("bert"));
    stage.backend.plan([Reaction::Slow(120)]);
    let first = stage.ask(&anna).await?;
    let waits = stage.attempt(first, AttemptStatus::Retrying).await?;
    assert_eq!(waits.reason, Some(Reason::ProviderThrottled.into()));
    let second = stage.ask(&bert).await?;
    let held = stage.attempt(second, AttemptStatus::Retrying).await?;
    assert_eq!((held.tries, held.said), (0, None));
    assert_eq!(stage.backend.received().len(), 1);
    // The pause is that of the account: another one begins anew.
    stage.put(&stage.account(OTHER_SECRET)).await?;
    stage.push.clock.advance(Duration::from_secs(125));
    for id in [first, second] {
        stage.push.becomes(id, DeliveryStatus::Sent).await?;
    }
    let all = ids(&received(&stage.backend, 3).await?);
    let repeated = all.iter().filter(|id| **id == all[0]).count();
    assert_eq!((all.len(), repeated), (3, 2));
    stage.push.stop().await
}

/// The backend takes it, and the server dies before its commit: held up by a lock on the file.
#[tokio::test]
async fn what_a_backend_took_before_the_server_died_is_asked_again_under_its_id()
-> anyhow::Result<()> {
    let mut stage = Stage::new().await?;
    stage.backend.plan([Reaction::Hold]);
    let id = stage.ask(&user("anna")).await?;
    received(&stage.backend, 1).await?;
    let lock = Connection::open(stage.push.server.database())?;
    lock.execute_batch("BEGIN IMMEDIATE")?;
    stage.backend.release();
    stage.push.server.halt(Halt::Kill).await?;
    lock.execute_batch("ROLLBACK")?;
    drop(lock);
    stage.push.server.resume().await?;
    stage.push.becomes(id, DeliveryStatus::Sent).await?;
    let all = ids(&received(&stage.backend, 2).await?);
    assert_eq!((all.len(), &all[0]), (2, &all[1]));
    let attempt = stage.attempt(id, AttemptStatus::Sent).await?;
    assert_eq!((attempt.tries, attempt.unproven), (2, 1));
    stage.push.stop().await
}

#[tokio::test]
async fn a_secret_is_rotated_while_the_backend_knows_either() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = user("anna");
    let new = stage.account(OTHER_SECRET);
    stage.backend.plan([Reaction::Status(401)]);
    let (status, refused) = stage.push.rotate_provider(Channel::Webhook, &new).await?;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{refused}");
    let (status, check) = stage.push.rotate_provider(Channel::Webhook, &new).await?;
    assert_eq!((status, &check["is_good"]), (StatusCode::OK, &json!(true)));
    stage.ask(&anna).await?;
    let all = received(&stage.backend, 3).await?;
    let test: Value = serde_json::from_str(&all[1].body)?;
    assert_eq!(
        (&test["type"], &test["data"]),
        (&json!("webhook.test"), &json!({}))
    );
    for one in &all[1..] {
        assert!(is_signed(one, SECRET)? && is_signed(one, OTHER_SECRET)?);
    }
    // For a day.
    stage.push.clock.advance(Duration::from_secs(24 * 60 * 60));
    stage.ask(&anna).await?;
    let all = received(&stage.backend, 4).await?;
    assert!(is_signed(&all[3], OTHER_SECRET)? && !is_signed(&all[3], SECRET)?);
    stage.push.stop().await
}

#[tokio::test]
async fn an_address_that_must_not_be_reached_is_refused_at_its_field() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    for (account, pointer) in [
        (
            json!({"url": "https://127.0.0.1:1/PLANTED", "secret": SECRET}),
            "/url",
        ),
        (
            json!({"url": "http://shop.example/PLANTED", "secret": SECRET}),
            "/url",
        ),
        (
            json!({"url": stage.backend.url(), "secret": "PLANTED"}),
            "/secret",
        ),
        (json!({"url": stage.backend.url()}), "/secret"),
    ] {
        let (status, problem) = stage.put(&account).await?;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        assert!(!problem.to_string().contains("PLANTED"), "{problem}");
    }
    // A name that leads into the network is found out when it is resolved.
    let inside = json!({"url": "https://localhost:9/deliver", "secret": SECRET});
    let (status, _) = stage.put(&inside).await?;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let id = stage.ask(&user("anna")).await?;
    stage.fails(id, Reason::ConfigNoRoute).await?;
    assert!(stage.backend.received().is_empty());
    stage.push.stop().await
}
