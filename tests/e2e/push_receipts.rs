//! Huawei's receipts over HTTP: the real server, and the simulator's Huawei with its own proof.

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use vestnik_model::{
    AttemptStatus, Channel, DeliveryStatus, NotificationId, Reason, UserId, route,
    view::AttemptView,
};
use vestnik_sim::{DeviceView, Kind, Options, Registration, gateway::Hook};
use vestnik_testkit::{
    PushStage, backend::to_user, clock::AheadClock, name::user, push_stage::address, wait::asked,
};

struct Stage {
    push: PushStage<AheadClock>,
    http: Client,
}

impl Stage {
    async fn new() -> anyhow::Result<Self> {
        Ok(Self {
            push: PushStage::start(AheadClock::default(), Options::default()).await?,
            http: Client::builder().no_proxy().build()?,
        })
    }

    /// A user with a phone of Huawei's, which took a push.
    async fn pushed(&self, name: &str) -> anyhow::Result<(UserId, DeviceView, NotificationId)> {
        let user = user(name);
        let phone = self.push.simulator.register(Registration::new(Kind::Hms))?;
        let state = json!({"push_addresses": [address(&phone)?]});
        self.push.reports(&user, &state).await?;
        let id = self.publish(&user).await?;
        self.push.received(&phone, 1).await?;
        self.attempt(id, AttemptStatus::Sent).await?;
        Ok((user, phone, id))
    }

    async fn publish(&self, to: &UserId) -> anyhow::Result<NotificationId> {
        let request = to_user(to, "Your order has arrived");
        Ok(self.push.server.backend.publish(&request).await?.id)
    }

    /// The attempt by Huawei, once it has a status.
    async fn attempt(
        &self,
        id: NotificationId,
        status: AttemptStatus,
    ) -> anyhow::Result<AttemptView> {
        asked("the attempt", async || {
            let delivery = self.push.delivery(id).await?.id;
            let attempts = self.push.attempts(delivery).await?.into_iter();
            let mut its = attempts.filter(|attempt| attempt.channel == Channel::Hms);
            Ok(its.find(|attempt| attempt.status == status))
        })
        .await
    }

    fn hook(&self, phone: &DeviceView, code: u32) -> Hook {
        let hook = self.push.simulator.hms_receipts(&phone.id, code);
        hook.expect("the phone is Huawei's")
    }

    /// Sends receipts to the door of an App; gives the answer.
    async fn send(
        &self,
        app: &str,
        channel: &str,
        hook: &Hook,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let path = route::with(&route::with(route::PUSH_RECEIPTS, app), channel);
        let url = self.push.server.url().join(&path)?;
        let mut request = self.http.post(url).body(hook.body.clone());
        for (name, value) in &hook.headers {
            request = request.header(*name, value);
        }
        let answer = request.send().await?;
        Ok((answer.status(), answer.json().await?))
    }

    async fn reported(&self, phone: &DeviceView, code: u32) -> anyhow::Result<()> {
        let answer = self.send("shop", "hms", &self.hook(phone, code)).await?;
        let noted = json!({"code": "0", "message": "success"});
        anyhow::ensure!(answer == (StatusCode::OK, noted), "{answer:?}");
        Ok(())
    }
}

#[tokio::test]
async fn a_push_is_delivered_by_huaweis_word() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let (_, phone, id) = stage.pushed("anna").await?;
    stage.reported(&phone, 0).await?;
    let delivery = stage.push.becomes(id, DeliveryStatus::Delivered).await?;
    assert_eq!(delivery.channel, Some(Channel::Hms.into()));
    let attempt = stage.attempt(id, AttemptStatus::Delivered).await?;
    assert!(attempt.delivered_at.is_some());
    // The app was removed later: what arrived has arrived.
    stage.reported(&phone, 2).await?;
    stage.attempt(id, AttemptStatus::Delivered).await?;
    stage.push.stop().await
}

#[tokio::test]
async fn every_number_of_huaweis_has_its_reason_and_its_address() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    for (code, reason, is_kept) in [
        (2, Reason::DeviceAppNotInstalled, false),
        (5, Reason::TokenOwnerMismatch, false),
        (6, Reason::BlockedOs, true),
        (10, Reason::ProviderDroppedInactive, true),
        (15, Reason::ProviderStoredOverwritten, true),
        (256, Reason::ProviderThrottled, true),
        (4_711, Reason::Unknown, true),
    ] {
        let (user, phone, id) = stage.pushed(&format!("user-{code}")).await?;
        stage.reported(&phone, code).await?;
        let attempt = stage.attempt(id, AttemptStatus::Failed).await?;
        assert_eq!(attempt.reason, Some(reason.into()), "{code}");
        stage.push.becomes(id, DeliveryStatus::Undelivered).await?;
        let next = stage.publish(&user).await?;
        if is_kept {
            stage.push.received(&phone, 2).await?;
        } else {
            stage
                .push
                .becomes(next, DeliveryStatus::Undelivered)
                .await?;
            assert_eq!(stage.push.simulator.received(&phone.id).len(), 1, "{code}");
        }
    }
    stage.push.stop().await
}

#[tokio::test]
async fn what_does_not_prove_to_be_huaweis_changes_nothing() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let (_, phone, id) = stage.pushed("anna").await?;
    let whole = stage.hook(&phone, 0);
    let unsigned = Hook {
        headers: Vec::new(),
        ..whole.clone()
    };
    let mut forged = whole.clone();
    for (_, value) in &mut forged.headers {
        *value = value.replace("nonce=", "nonce=1");
    }
    for hook in [&unsigned, &forged] {
        let (status, _) = stage.send("shop", "hms", hook).await?;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
    for (app, channel) in [("bank", "hms"), ("shop", "fcm"), ("shop", "sms")] {
        let (status, _) = stage.send(app, channel, &whole).await?;
        assert_eq!(status, StatusCode::NOT_FOUND, "{app} {channel}");
    }
    stage.push.clock.advance(Duration::from_secs(301));
    let (status, _) = stage.send("shop", "hms", &whole).await?;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    stage.attempt(id, AttemptStatus::Sent).await?;
    stage.push.stop().await
}

#[tokio::test]
async fn a_proof_is_good_for_one_body() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let (_, phone, id) = stage.pushed("anna").await?;
    let hook = stage.hook(&phone, 27);
    let mut other = hook.clone();
    other.body = stage.hook(&phone, 0).body;
    for _ in 0..2 {
        let (status, _) = stage.send("shop", "hms", &hook).await?;
        assert_eq!(status, StatusCode::OK);
    }
    let (status, _) = stage.send("shop", "hms", &other).await?;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    stage.attempt(id, AttemptStatus::Sent).await?;
    let unreadable = Hook {
        body: "{".to_owned(),
        ..stage.hook(&phone, 0)
    };
    let (status, _) = stage.send("shop", "hms", &unreadable).await?;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let large = Hook {
        body: " ".repeat(64 * 1_024 + 1),
        ..stage.hook(&phone, 0)
    };
    let (status, _) = stage.send("shop", "hms", &large).await?;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    stage.push.stop().await
}
