//! What messages cost and saved: a real server with a gateway that has prices.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use vestnik_model::{
    Channel, DeliveryStatus, GatewayName, NotificationId, Problem, UserId,
    cost::{CostReport, Month},
    route,
    view::NotificationView,
};
use vestnik_sim::{Kind, Options};
use vestnik_testkit::{
    PushStage, Receiver, backend::to_user, clock::AheadClock, name::user, receiver::Reaction,
    wait::asked,
};

fn sms() -> Channel {
    Channel::Gateway(GatewayName::parse("sms").expect("a well-formed name"))
}

/// A server whose App has push services, and two providers of short messages with prices.
struct Stage {
    push: PushStage<AheadClock>,
    dear: Receiver,
    cheap: Receiver,
}

impl Stage {
    async fn new() -> anyhow::Result<Self> {
        let (dear, cheap) = (Receiver::start().await?, Receiver::start().await?);
        for at in [&dear, &cheap] {
            at.otherwise(Reaction::Json(200, json!({"id": "m-1"}).to_string()));
        }
        let listed = vec![dear.host(), cheap.host()];
        let push = PushStage::beside(AheadClock::default(), Options::default(), listed).await?;
        Ok(Self { push, dear, cheap })
    }

    /// Sets the account; the dear provider is written first.
    async fn account(&self, order: &str) -> anyhow::Result<()> {
        let provider = |name: &str, at: &Receiver, amount: &str| {
            json!({
                "name": name, "gateway": "sms", "origin": format!("http://{}", at.host()),
                "settings": {"token": "secret-token"},
                "price": {"amount": amount, "currency": "RUB"},
            })
        };
        let providers = [
            provider("dear", &self.dear, "3.20"),
            provider("cheap", &self.cheap, "1.10"),
        ];
        let account = json!({"order": order, "providers": providers});
        let (status, answer) = self.push.put_provider(sms(), &account).await?;
        anyhow::ensure!(status == StatusCode::NO_CONTENT, "{answer}");
        Ok(())
    }

    async fn with_number(&self, name: &str) -> anyhow::Result<UserId> {
        let user = user(name);
        let path = route::with(route::USER, user.as_str());
        let said = json!({"phone": "+4930123456"});
        let put = self.push.server.backend.request(Method::PUT, &path)?;
        let answer = put.json(&said).send().await?;
        anyhow::ensure!(answer.status().is_success(), "{}", answer.status());
        Ok(user)
    }

    /// Push until a service took it, then a short message.
    async fn publish(&self, to: &UserId) -> anyhow::Result<NotificationId> {
        let mut request = to_user(to, "Your order has arrived");
        request.steps = serde_json::from_value(json!([
            {"channel": "push", "wait_for": "handed", "within_seconds": 60},
            {"channel": "sms"},
        ]))?;
        Ok(self.push.server.backend.publish(&request).await?.id)
    }

    /// What a notification cost and saved, once either is known.
    async fn sums(&self, id: NotificationId) -> anyhow::Result<(Value, Value)> {
        let view: NotificationView = asked("what it cost", async || {
            let view = self.push.server.backend.notification(id).await?;
            let is_known = !view.cost.is_empty() || !view.saved.is_empty();
            Ok(is_known.then_some(view))
        })
        .await?;
        Ok((
            serde_json::to_value(&view.cost)?,
            serde_json::to_value(&view.saved)?,
        ))
    }

    async fn put_settings(&self, settings: Value) -> anyhow::Result<reqwest::Response> {
        let put = self
            .push
            .server
            .backend
            .request(Method::PUT, route::SETTINGS)?;
        Ok(put.json(&settings).send().await?)
    }

    async fn report(&self, id: NotificationId) -> anyhow::Result<CostReport> {
        let sent_at = self.push.delivery(id).await?.sent_at;
        let month = Month::of(sent_at.expect("it was handed over"));
        let path = format!("{}?month={month}", route::COSTS);
        self.push.server.backend.get(&path).await
    }
}

fn rub(amount: &str) -> Value {
    json!([{"amount": amount, "currency": "RUB"}])
}

#[tokio::test]
async fn a_push_saves_the_message_that_another_person_costs() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    stage.account("written").await?;
    let anna = stage.with_number("anna").await?;
    stage.push.phone(&anna, Kind::FcmToken).await?;
    let pushed = stage.publish(&anna).await?;
    assert_eq!(stage.sums(pushed).await?, (json!([]), rub("3.20")));
    let bert = stage.with_number("bert").await?;
    let sent = stage.publish(&bert).await?;
    assert_eq!(stage.sums(sent).await?, (rub("3.20"), json!([])));
    let delivery = stage.push.becomes(sent, DeliveryStatus::Sent).await?;
    let attempts = stage.push.attempts(delivery.id).await?;
    let cost = attempts.iter().find(|attempt| attempt.channel == sms());
    let cost = cost.map(|attempt| serde_json::to_value(&attempt.cost));
    assert_eq!(cost.transpose()?, Some(rub("3.20")));
    let report = serde_json::to_value(stage.report(sent).await?)?;
    let line = json!({
        "channel": "sms", "provider": "dear", "currency": "RUB",
        "messages": 1, "cost": "3.20", "spared": 1, "saved": "3.20",
    });
    assert_eq!(report["data"], json!([line]));
    assert_eq!(report["totals"][0]["saved"], "3.20");
    stage.push.stop().await
}

#[tokio::test]
async fn what_the_gateway_says_counts_before_its_price() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    stage.account("written").await?;
    let said = json!({"id": "m-2", "cost": {"amount": "0.05", "currency": "EUR"}});
    stage.dear.plan([Reaction::Json(200, said.to_string())]);
    let bert = stage.with_number("bert").await?;
    let id = stage.publish(&bert).await?;
    let euros = json!([{"amount": "0.05", "currency": "EUR"}]);
    assert_eq!(stage.sums(id).await?, (euros, json!([])));
    stage.push.stop().await
}

#[tokio::test]
async fn the_cheapest_provider_is_asked_first_and_another_one_if_it_takes_nothing()
-> anyhow::Result<()> {
    let stage = Stage::new().await?;
    stage.account("price").await?;
    let bert = stage.with_number("bert").await?;
    let id = stage.publish(&bert).await?;
    assert_eq!(stage.sums(id).await?, (rub("1.10"), json!([])));
    assert!(stage.dear.received().is_empty());
    stage.cheap.plan([Reaction::Status(503)]);
    let id = stage.publish(&bert).await?;
    assert_eq!(stage.sums(id).await?, (rub("3.20"), json!([])));
    stage.push.stop().await
}

#[tokio::test]
async fn prices_of_the_settings_are_checked_and_shown() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let price = json!({"amount": "0.1", "currency": "RUB"});
    let put = stage
        .put_settings(json!({"prices": {"email": price}}))
        .await?;
    assert_eq!(put.status(), StatusCode::NO_CONTENT);
    let wrong = json!({
        "time_zone": "Mars/Olympus",
        "prices": {"hub": price, "email": {"amount": "1,5", "currency": "rub"}},
    });
    let refused = stage.put_settings(wrong).await?;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let problem: Problem = refused.json().await?;
    let pointers = problem.errors.iter().map(|it| it.pointer.as_str());
    let pointers: Vec<_> = pointers.collect();
    assert_eq!(
        pointers,
        [
            "/time_zone",
            "/prices/email/amount",
            "/prices/email/currency",
            "/prices/hub"
        ]
    );
    // Nothing was changed.
    let shown: Value = stage.push.server.backend.get(route::SETTINGS).await?;
    let expected = json!({"prices": {"email": {"amount": "0.10", "currency": "RUB"}}});
    assert_eq!(shown, expected);
    stage.push.stop().await
}

#[tokio::test]
async fn a_report_needs_a_month() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    for query in ["", "?month=2026-13", "?month=2026-11&day=1"] {
        let path = format!("{}{query}", route::COSTS);
        let asked = stage.push.server.backend.request(Method::GET, &path)?;
        let status = asked.send().await?.status();
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
    }
    let path = format!("{}?month=2026-11", route::COSTS);
    let report: CostReport = stage.push.server.backend.get(&path).await?;
    assert!(report.data.is_empty() && report.totals.is_empty());
    stage.push.stop().await
}
