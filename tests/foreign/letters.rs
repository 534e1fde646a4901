//! A cascade from push to e-mail: the real server, the simulator of the push services, and a foreign SMTP
//! server (aiosmtpd).

use std::{collections::BTreeSet, time::Duration};

use anyhow::Context as _;
use serde_json::json;
use vestnik_model::{
    AttemptStatus, Channel, DeliveryStatus, NotificationStatus, Reason,
    contact::EmailView,
    route,
    view::{AttemptView, ProviderCheck},
};
use vestnik_sim::{Death, Ending};
use vestnik_testkit::{backend::to_user, clock, server::Halt};

use crate::stage::Stage;

/// Channel, status and reason of each attempt.
fn standing(attempts: &[AttemptView]) -> Vec<(Channel, AttemptStatus, Option<Reason>)> {
    let one = |view: &AttemptView| {
        let (channel, status) = (view.channel.known()?, view.status.known()?);
        let reason = view.reason.as_ref().and_then(|reason| reason.known());
        Some((channel, status, reason))
    };
    attempts.iter().filter_map(one).collect()
}

const LETTER: (Channel, AttemptStatus, Option<Reason>) =
    (Channel::Email, AttemptStatus::Sent, None);

#[tokio::test]
#[ignore = "needs a Python with aiosmtpd: cargo xtask interop --only foreign"]
async fn letters_take_over_where_no_push_arrives() -> anyhow::Result<()> {
    let stage = Stage::new(Duration::ZERO).await?;
    let check = format!("{}:check", route::with(route::PROVIDER, "email"));
    let answer = stage.server.backend.post(&check, &json!({})).await?;
    let check: ProviderCheck = serde_json::from_slice(&answer.bytes().await?)?;
    assert!(check.is_good, "{check:?}");

    // Nobody's device.
    let anna = stage.person("anna", "anna@почта.рф").await?;
    let id = stage.publish(&anna).await?;
    let (_, attempts) = stage.becomes(id, DeliveryStatus::Sent).await?;
    assert_eq!(standing(&attempts), [LETTER]);
    let letters = stage.letters(1).await?;
    assert_eq!(letters[0].recipients, ["anna@xn--80a1acny.xn--p1ai"]);
    assert_eq!(letters[0].subject, "Заказ 8812 🎉");
    let plain = letters[0].parts["text/plain"].as_str().unwrap_or_default();
    assert_eq!(plain.trim_end(), "Ждём вас");
    let view = stage.server.backend.notification(id).await?;
    assert_eq!(view.status, NotificationStatus::Sent);
    assert_eq!((view.legacy_status.as_str(), view.counts.sent), ("SENT", 1));

    // A token that is dead.
    let bert = stage.person("bert", "bert@shop.example").await?;
    let phone = stage.phone(&bert, "granted").await?;
    let death = Death {
        at: clock::timestamp(),
        ending: Ending::default(),
    };
    stage.simulator.kill(&phone, death)?;
    let id = stage.publish(&bert).await?;
    let (_, attempts) = stage.becomes(id, DeliveryStatus::Sent).await?;
    let dead = (Channel::Fcm, AttemptStatus::Failed, Some(Reason::TokenDead));
    assert_eq!(standing(&attempts), [dead, LETTER]);

    // A device whose system shows nothing: it is not even asked.
    let carl = stage.person("carl", "carl@shop.example").await?;
    let phone = stage.phone(&carl, "denied").await?;
    let id = stage.publish(&carl).await?;
    let (_, attempts) = stage.becomes(id, DeliveryStatus::Sent).await?;
    assert_eq!(standing(&attempts), [LETTER]);
    assert!(stage.simulator.received(&phone).is_empty());

    // A phone that gets its push, and no letter.
    let dora = stage.person("dora", "dora@shop.example").await?;
    let phone = stage.phone(&dora, "granted").await?;
    let id = stage.publish(&dora).await?;
    let (_, attempts) = stage.becomes(id, DeliveryStatus::Sent).await?;
    assert_eq!(
        standing(&attempts),
        [(Channel::Fcm, AttemptStatus::Sent, None)]
    );
    assert_eq!(stage.simulator.received(&phone).len(), 1);

    let letters = stage.letters(3).await?;
    let whom: BTreeSet<_> = letters.iter().flat_map(|one| &one.recipients).collect();
    assert_eq!((letters.len(), whom.len()), (3, 3), "{whom:?}");
    stage.stop().await
}

#[tokio::test]
#[ignore = "needs a Python with aiosmtpd: cargo xtask interop --only foreign"]
async fn who_has_only_an_old_app_gets_a_letter_at_once() -> anyhow::Result<()> {
    let stage = Stage::new(Duration::ZERO).await?;
    let anna = stage.person("anna", "anna@shop.example").await?;
    let old = stage.phone_with(&anna, "3.0.9").await?;
    let new = stage.phone_with(&anna, "3.1.0").await?;
    let bert = stage.person("bert", "bert@shop.example").await?;
    let berts = stage.phone_with(&bert, "3.0.9").await?;
    let id = stage.publish_for_new_apps(&anna).await?;
    let (_, attempts) = stage.becomes(id, DeliveryStatus::Sent).await?;
    assert_eq!(
        standing(&attempts),
        [(Channel::Fcm, AttemptStatus::Sent, None)]
    );
    // The clock stands still: nobody waits for the ten minutes of the step.
    let id = stage.publish_for_new_apps(&bert).await?;
    let (_, attempts) = stage.becomes(id, DeliveryStatus::Sent).await?;
    assert_eq!(standing(&attempts), [LETTER]);
    let letters = stage.letters(1).await?;
    assert_eq!(letters[0].recipients, ["bert@shop.example"]);
    let received = [&old, &new, &berts].map(|phone| stage.simulator.received(phone).len());
    assert_eq!(received, [0, 1, 0]);
    stage.stop().await
}

#[tokio::test]
#[ignore = "needs a Python with aiosmtpd: cargo xtask interop --only foreign"]
async fn a_server_that_died_while_it_sent_a_letter_sends_the_same_again() -> anyhow::Result<()> {
    let mut stage = Stage::new(Duration::from_secs(5)).await?;
    let anna = stage.person("anna", "anna@shop.example").await?;
    let id = stage.publish(&anna).await?;
    // The SMTP server has it, and ours dies before it is answered.
    stage.letters(1).await?;
    stage.server.halt(Halt::Kill).await?;
    // The next one waits for no lease.
    stage.server.resume().await?;
    let letters = stage.letters(2).await?;
    assert_eq!(letters[0].message_id, letters[1].message_id);
    let (_, attempts) = stage.becomes(id, DeliveryStatus::Sent).await?;
    assert_eq!((attempts[0].tries, attempts[0].unproven), (2, 1));
    assert_eq!(stage.letters(2).await?.len(), 2);
    stage.stop().await
}

/// The address is dead, and nothing is sent to it again.
#[tokio::test]
#[ignore = "needs a Python with aiosmtpd: cargo xtask interop --only foreign"]
async fn a_mailbox_that_is_not_there_is_known_to_be_dead() -> anyhow::Result<()> {
    let stage = Stage::new(Duration::ZERO).await?;
    let emil = stage.person("emil", "nobody@shop.example").await?;
    let id = stage.publish(&emil).await?;
    let (lost, attempts) = stage.becomes(id, DeliveryStatus::Failed).await?;
    assert_eq!(lost.reason, Some(Reason::RecipientNoAddress.into()));
    let bounced = (
        Channel::Email,
        AttemptStatus::Failed,
        Some(Reason::EmailBounced),
    );
    assert_eq!(standing(&attempts), [bounced]);
    assert_eq!(attempts[0].said.as_deref(), Some("550 5.1.1"));
    let path = route::with(route::USER_EMAIL, emil.as_str());
    let email: EmailView = stage.server.backend.get(&path).await?;
    assert!(email.died_at.is_some());
    let view = stage.server.backend.notification(id).await?;
    assert_eq!(view.legacy_status, "ERROR");
    stage.stop().await
}

#[tokio::test]
#[ignore = "needs a Python with aiosmtpd: cargo xtask interop --only foreign"]
async fn a_letter_has_a_link_by_which_its_reader_unsubscribes() -> anyhow::Result<()> {
    let stage = Stage::new(Duration::ZERO).await?;
    let anna = stage.person("anna", "anna@shop.example").await?;
    let promotion = |category: &str| {
        let mut request = to_user(&anna, "Sale");
        request.notification.category = category.parse().ok();
        request.steps = serde_json::from_value(json!([{"channel": "email"}])).ok();
        request
    };
    let sent = stage
        .server
        .backend
        .publish(&promotion("promotions"))
        .await?;
    stage.becomes(sent.id, DeliveryStatus::Sent).await?;
    let letters = stage.letters(1).await?;
    let one_click = Some("List-Unsubscribe=One-Click");
    assert_eq!(letters[0].unsubscribe_post.as_deref(), one_click);
    let link = letters[0].unsubscribe.as_deref().unwrap_or_default();
    let link = link.trim_start_matches('<').trim_end_matches('>');
    let path = link.strip_prefix("https://push.shop.example");
    let path = path.context("the link is where the operator said")?;
    assert!(
        !path.contains("anna") && !path.contains("promotions"),
        "{path}"
    );
    // The mail program presses the button; it has no key.
    let request = stage.server.backend.request(reqwest::Method::POST, path)?;
    let mut request = request
        .header("content-type", "application/x-www-form-urlencoded")
        .body("List-Unsubscribe=One-Click")
        .build()?;
    request.headers_mut().remove("authorization");
    let http = reqwest::Client::builder().no_proxy().build()?;
    assert!(http.execute(request).await?.status().is_success());
    for (category, status) in [
        ("promotions", DeliveryStatus::Suppressed),
        ("orders", DeliveryStatus::Sent),
    ] {
        let sent = stage.server.backend.publish(&promotion(category)).await?;
        stage.becomes(sent.id, status).await?;
    }
    assert_eq!(stage.letters(2).await?.len(), 2);
    stage.stop().await
}
