//! Short messages over SMPP: the real server binds to a message centre that does what a test says.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use vestnik_model::{
    AttemptStatus, Channel, DeliveryStatus, GatewayName, NotificationId, Reason, UserId, route,
    view::{AttemptView, ProviderCheck},
};
use vestnik_sim::Options;
use vestnik_testkit::{
    MessageCentre, PushStage, Receiver,
    backend::to_user,
    clock::AheadClock,
    message_centre::{INVALID_NUMBER, Reaction, Seen, THROTTLED},
    name::user,
    receiver,
    server::Halt,
    wait::{asked, eventually},
};

/// A server whose App has short messages by a message centre, and a second provider over HTTP.
struct Stage {
    push: PushStage<AheadClock>,
    centre: MessageCentre,
    backup: Receiver,
}

fn sms() -> Channel {
    Channel::Gateway(GatewayName::parse("sms").expect("a well-formed name"))
}

impl Stage {
    async fn new() -> anyhow::Result<Self> {
        let (centre, backup) = (MessageCentre::start().await?, Receiver::start().await?);
        let taken = json!({"id": "b-1"}).to_string();
        backup.otherwise(receiver::Reaction::Json(200, taken));
        let listed = vec![centre.host(), backup.host()];
        let push = PushStage::beside(AheadClock::default(), Options::default(), listed).await?;
        let stage = Self {
            push,
            centre,
            backup,
        };
        stage.set_account(&stage.account()).await?;
        Ok(stage)
    }

    fn account(&self) -> Value {
        json!({"providers": [
            {"name": "centre", "gateway": "smpp", "settings": self.centre.settings()},
            {"name": "backup", "gateway": "sms", "origin": format!("http://{}", self.backup.host()),
             "settings": {"token": "secret-token"}},
        ]})
    }

    async fn set_account(&self, account: &Value) -> anyhow::Result<()> {
        let (status, answer) = self.push.put_provider(sms(), account).await?;
        anyhow::ensure!(status == StatusCode::NO_CONTENT, "{answer}");
        Ok(())
    }

    /// Publishes to a user who has a number.
    async fn publish(&self, name: &str, body: &str) -> anyhow::Result<NotificationId> {
        let user = self.with_number(name).await?;
        let mut request = to_user(&user, "Shop");
        request.notification.body = body.to_owned();
        request.steps = serde_json::from_value(json!([{"channel": "sms"}]))?;
        Ok(self.push.server.backend.publish(&request).await?.id)
    }

    async fn with_number(&self, name: &str) -> anyhow::Result<UserId> {
        let user = user(name);
        let path = route::with(route::USER, user.as_str());
        let put = self.push.server.backend.request(Method::PUT, &path)?;
        let answer = put.json(&json!({"phone": "+4930123456"})).send().await?;
        anyhow::ensure!(answer.status().is_success(), "{}", answer.status());
        Ok(user)
    }

    /// The only attempt of a notification, once it has a status.
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

    /// What the message centre saw, once that holds.
    async fn sees(&self, what: &str, is_it: impl Fn(&Seen) -> bool) -> anyhow::Result<Seen> {
        let mut changes = self.centre.changes();
        eventually(what, &mut changes, |seen| is_it(seen).then(|| seen.clone())).await
    }

    /// The ids of what was taken, in order.
    fn ids(&self) -> Vec<String> {
        let submitted = self.centre.seen().submitted.into_iter();
        submitted.filter_map(|one| one.id).collect()
    }

    async fn check(&self) -> anyhow::Result<ProviderCheck> {
        let path = format!("{}:check", route::with(route::PROVIDER, "sms"));
        let answer = self.push.server.backend.post(&path, &json!({})).await?;
        Ok(serde_json::from_slice(&answer.bytes().await?)?)
    }
}

#[tokio::test]
async fn short_messages_go_over_one_session_which_the_server_ends() -> anyhow::Result<()> {
    let mut stage = Stage::new().await?;
    let first = stage.publish("anna", "Your parcel is here.").await?;
    stage.push.becomes(first, DeliveryStatus::Sent).await?;
    let long = "Ваш заказ готов. ".repeat(6);
    let second = stage.publish("bert", &long).await?;
    stage.push.becomes(second, DeliveryStatus::Sent).await?;
    let attempt = stage.attempt(second, AttemptStatus::Sent).await?;
    assert_eq!(attempt.provider.as_deref(), Some("centre"));
    let seen = stage.centre.seen();
    assert_eq!((seen.bound, seen.unbound), (1, 0));
    let [plain, parts @ ..] = &seen.submitted[..] else {
        panic!("nothing was submitted");
    };
    assert_eq!((plain.to.as_str(), plain.part), ("4930123456", (1, 1)));
    assert_eq!(plain.text, b"Shop\nYour parcel is here.");
    assert!(plain.wants_receipt);
    let numbers: Vec<_> = parts.iter().map(|part| (part.part, part.coding)).collect();
    assert_eq!(numbers, [((1, 2), 8), ((2, 2), 8)]);
    let units: Vec<_> = parts
        .iter()
        .flat_map(|part| part.text.as_chunks().0)
        .map(|unit| u16::from_be_bytes(*unit))
        .collect();
    assert_eq!(String::from_utf16(&units)?, format!("Shop\n{long}"));
    assert!(stage.backup.received().is_empty());
    stage.push.server.halt(Halt::Drain).await?;
    assert_eq!(stage.centre.seen().unbound, 1);
    Ok(())
}

#[tokio::test]
async fn a_message_centre_that_wants_less_gets_the_message_later() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    stage.centre.plan([Reaction::Refuse(THROTTLED)]);
    let id = stage.publish("anna", "Hi").await?;
    stage.push.becomes(id, DeliveryStatus::Sent).await?;
    let attempt = stage.attempt(id, AttemptStatus::Sent).await?;
    assert_eq!(attempt.provider.as_deref(), Some("centre"));
    assert_eq!(attempt.unproven, 0);
    assert_eq!(stage.centre.seen().submitted.len(), 2);
    assert!(stage.backup.received().is_empty());
    stage.push.stop().await
}

#[tokio::test]
async fn while_the_message_centre_is_away_the_next_provider_sends() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let mut account = stage.account();
    let nobody = MessageCentre::start().await?.settings();
    account["providers"][0]["settings"]["port"] = nobody["port"].clone();
    let listed = stage.push.put_provider(sms(), &account).await?;
    assert_eq!(listed.0, StatusCode::NO_CONTENT);
    for name in ["anna", "bert", "carl"] {
        let id = stage.publish(name, "Hi").await?;
        stage.push.becomes(id, DeliveryStatus::Sent).await?;
        let attempt = stage.attempt(id, AttemptStatus::Sent).await?;
        assert_eq!(attempt.provider.as_deref(), Some("backup"));
        assert_eq!(attempt.unproven, 0);
    }
    assert_eq!(stage.backup.received().len(), 3);
    stage.push.stop().await
}

#[tokio::test]
async fn what_a_message_centre_may_have_taken_goes_by_no_other() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    stage.centre.plan([Reaction::Cut]);
    let id = stage.publish("anna", "Hi").await?;
    let attempt = stage.attempt(id, AttemptStatus::Failed).await?;
    assert_eq!(attempt.reason, Some(Reason::ProviderUnproven.into()));
    assert_eq!(attempt.provider.as_deref(), Some("centre"));
    assert_eq!(stage.centre.seen().submitted.len(), 1);
    assert!(stage.backup.received().is_empty());
    stage.push.stop().await
}

#[tokio::test]
async fn a_server_that_was_killed_between_submission_and_answer_submits_nothing_again()
-> anyhow::Result<()> {
    let mut stage = Stage::new().await?;
    stage.centre.otherwise(Reaction::Silence);
    let id = stage.publish("anna", "Hi").await?;
    stage
        .sees("a submission", |seen| !seen.submitted.is_empty())
        .await?;
    stage.push.server.kill().await?;
    let attempt = stage.attempt(id, AttemptStatus::Failed).await?;
    assert_eq!(attempt.reason, Some(Reason::ProviderUnproven.into()));
    assert_eq!(stage.centre.seen().submitted.len(), 1);
    assert!(stage.backup.received().is_empty());
    stage.push.stop().await
}

#[tokio::test]
async fn a_number_that_a_message_centre_does_not_know_is_not_written_to_again() -> anyhow::Result<()>
{
    let stage = Stage::new().await?;
    stage.centre.plan([Reaction::Refuse(INVALID_NUMBER)]);
    let id = stage.publish("anna", "Hi").await?;
    let attempt = stage.attempt(id, AttemptStatus::Failed).await?;
    assert_eq!(attempt.reason, Some(Reason::TokenDead.into()));
    let again = stage.publish("anna", "Hi again").await?;
    stage
        .push
        .becomes(again, DeliveryStatus::Suppressed)
        .await?;
    assert_eq!(stage.centre.seen().submitted.len(), 1);
    stage.push.stop().await
}

#[tokio::test]
async fn a_session_ends_with_its_account() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let id = stage.publish("anna", "Hi").await?;
    stage.push.becomes(id, DeliveryStatus::Sent).await?;
    let mut account = stage.account();
    account["providers"][0]["settings"]["source"] = json!("Store");
    stage.set_account(&account).await?;
    stage
        .sees("the end of the former", |seen| seen.unbound == 1)
        .await?;
    let id = stage.publish("bert", "Hi").await?;
    stage.push.becomes(id, DeliveryStatus::Sent).await?;
    assert_eq!(stage.centre.seen().bound, 2);
    let path = route::with(route::PROVIDER, "sms");
    let delete = stage.push.server.backend.request(Method::DELETE, &path)?;
    assert!(delete.send().await?.status().is_success());
    stage
        .sees("the end of the session", |seen| seen.unbound == 2)
        .await?;
    stage.push.stop().await
}

#[tokio::test]
async fn a_check_binds_to_the_message_centre_and_submits_nothing() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let check = stage.check().await?;
    assert!(check.findings[0].is_good, "{check:?}");
    assert_eq!(
        check.findings[0].place,
        format!("centre: {}", stage.centre.host())
    );
    let seen = stage.sees("its end", |seen| seen.unbound == 1).await?;
    assert_eq!((seen.bound, seen.submitted.len()), (1, 0));
    let mut account = stage.account();
    account["providers"][0]["settings"]["password"] = json!("wrong");
    stage.set_account(&account).await?;
    let check = stage.check().await?;
    assert!(!check.is_good);
    assert_eq!(
        check.findings[0].reason,
        Some(Reason::ConfigProviderAuth.into())
    );
    stage.push.stop().await
}

#[tokio::test]
async fn a_setting_that_is_wrong_is_named_and_not_told() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    for (field, value) in [
        ("password", json!("longer than 8 characters")),
        ("port", json!("2775")),
        ("host", Value::Null),
    ] {
        let mut account = stage.account();
        account["providers"][0]["settings"][field] = value.clone();
        let (status, answer) = stage.push.put_provider(sms(), &account).await?;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let pointer = format!("/providers/0/settings/{field}");
        assert_eq!(answer["errors"][0]["pointer"], pointer, "{answer}");
        let told = answer.to_string();
        assert!(
            value.as_str().is_none_or(|value| !told.contains(value)),
            "{told}"
        );
    }
    stage.push.stop().await
}

#[tokio::test]
async fn a_receipt_says_what_became_of_a_short_message() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let arrives = stage.publish("anna", "Hi").await?;
    stage.attempt(arrives, AttemptStatus::Sent).await?;
    let lost = stage.publish("bert", "Hi").await?;
    stage.attempt(lost, AttemptStatus::Sent).await?;
    let ids = stage.ids();
    stage.centre.receipt(&ids[0], "DELIVRD").await?;
    stage.centre.receipt(&ids[1], "UNDELIV").await?;
    stage
        .push
        .becomes(arrives, DeliveryStatus::Delivered)
        .await?;
    let attempt = stage.attempt(lost, AttemptStatus::Failed).await?;
    assert_eq!(attempt.reason, Some(Reason::SmsUndeliverable.into()));
    let seen = stage
        .sees("both answers", |seen| seen.receipted.len() == 2)
        .await?;
    assert_eq!(seen.receipted, [0, 0]);
    stage.push.stop().await
}

#[tokio::test]
async fn a_short_message_of_two_parts_is_delivered_when_both_are() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let id = stage
        .publish("anna", &"Ваш заказ готов. ".repeat(6))
        .await?;
    stage.attempt(id, AttemptStatus::Sent).await?;
    let ids = stage.ids();
    assert_eq!(ids.len(), 2);
    stage.centre.receipt(&ids[1], "DELIVRD").await?;
    stage
        .sees("an answer", |seen| seen.receipted == [0])
        .await?;
    assert_eq!(stage.push.delivery(id).await?.status, DeliveryStatus::Sent);
    stage.centre.receipt(&ids[0], "DELIVRD").await?;
    stage.push.becomes(id, DeliveryStatus::Delivered).await?;
    stage.push.stop().await
}

#[tokio::test]
async fn a_receipt_that_comes_before_the_answer_counts() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    stage.centre.otherwise(Reaction::TakeReceipted);
    for (name, body) in [("anna", "Hi".to_owned()), ("bert", "long ".repeat(60))] {
        let id = stage.publish(name, &body).await?;
        stage.push.becomes(id, DeliveryStatus::Delivered).await?;
    }
    assert_eq!(stage.centre.seen().receipted.len(), 3);
    stage.push.stop().await
}
