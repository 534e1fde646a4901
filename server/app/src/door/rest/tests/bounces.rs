//! Bounces of letters.

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};
use vestnik_model::{AppId, DeliveryId, NotificationId};
use vestnik_rules::{attempt::Outcome, cascade::Target, identity::delivery_id};
use vestnik_store::dispatch::{Begun, Settling, Tried};

use super::{
    letter::{self, ADDRESS as LETTER, shop},
    world::{Answer, World, text},
};

/// A notification whose letter to Anna the mail server took.
async fn letter(world: &World) -> (NotificationId, DeliveryId) {
    let (id, begun) = letter::begin(world).await;
    take(world, id, &begun).await;
    (id, delivery_id(id, &begun.user))
}

/// The mail server takes the letter of a notification.
async fn take(world: &World, notification: NotificationId, begun: &Begun) {
    let (store, now) = (&world.state.store, world.state.clock.now());
    let tried = Tried {
        sends: begun.sends,
        user: begun.user.clone(),
        target: Target::Mailbox,
        address: [0; 32],
        lease_until: begun.lease_until,
        began_at: now,
        outcome: Outcome::Accepted,
        collapses: false,
        moved: None,
        message: None,
        said: Some("250".to_owned()),
        cost: None,
        passed_over: Vec::new(),
        sign: None,
    };
    let settling = Settling {
        app: shop(),
        notification,
        tried: vec![tried],
        random: 0.5,
        now,
    };
    assert_eq!(store.settle(settling).await, Ok(1));
}

/// A bounce of a delivery's letter, with the mark that an App's letters have.
fn bounce(world: &World, delivery: DeliveryId, fate: &str) -> String {
    let marks = world.state.letters.marks(&shop());
    let tag = marks.tag(delivery);
    format!(
        "From: MAILER-DAEMON@mx.example\r\nTo: news@shop.example\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
         Final-Recipient: rfc822; {LETTER}\r\n{fate}\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n\
         Message-ID: <{}@shop.example>\r\nSubject: PLANTED\r\n\r\n--b--\r\n",
        tag.as_str()
    )
}

async fn post(world: &World, key: &str, kind: &'static str, message: String) -> Answer {
    let request = Request::post("/v1/email/bounces")
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
        .header(header::CONTENT_TYPE, kind)
        .body(Body::from(message))
        .unwrap();
    world.request(request).await
}

async fn told(world: &World, message: String) -> Value {
    let answer = post(world, &world.keys.admin_key, "message/rfc822", message).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

const DEAD: &str = "Action: failed\r\nStatus: 5.1.1";

#[tokio::test]
async fn a_bounce_ends_the_delivery_once_and_the_mailbox_dies() {
    let world = World::new().await;
    let (id, delivery) = letter(&world).await;
    let bounced = told(&world, bounce(&world, delivery, DEAD)).await;
    let mut expected = json!({
        "outcome": "lost", "notification_id": id, "delivery_id": delivery, "user": "anna",
        "reason": "email.bounced", "is_news": true, "mailbox_died": true,
    });
    assert_eq!(bounced, expected);
    let path = format!("GET /v1/deliveries/{delivery}");
    let shown = world.admin(&path, None).await.body;
    assert_eq!(
        (&shown["status"], &shown["reason"]),
        (&json!("undelivered"), &json!("email.bounced"))
    );
    let email = world.admin("GET /v1/users/anna/email", None).await.body;
    assert!(email["died_at"].is_string(), "{email}");
    let explained = world.admin(&format!("{path}/explain"), None).await.body;
    let said = explained.to_string();
    assert!(said.contains("came back"), "{said}");
    assert!(
        !said.contains("PLANTED") && !said.contains(LETTER),
        "{said}"
    );
    (expected["is_news"], expected["mailbox_died"]) = (json!(false), json!(false));
    assert_eq!(told(&world, bounce(&world, delivery, DEAD)).await, expected);
}

#[tokio::test]
async fn what_says_nothing_of_a_letter_changes_nothing() {
    let world = World::new().await;
    let (_, delivery) = letter(&world).await;
    let own = bounce(&world, delivery, DEAD);
    let mark = world.state.letters.marks(&shop()).tag(delivery);
    let other = world
        .state
        .letters
        .marks(&AppId::parse("bank").unwrap())
        .tag(delivery);
    let unknown = DeliveryId::from_uuid(uuid::Uuid::from_u128(7));
    for (message, outcome) in [
        (own.replace(mark.as_str(), other.as_str()), "no_letter"),
        (own.replace(mark.as_str(), &"0".repeat(48)), "no_letter"),
        (bounce(&world, unknown, DEAD), "no_letter"),
        (
            own.replace("multipart/report", "multipart/mixed"),
            "no_report",
        ),
        (String::new(), "no_report"),
        (bounce(&world, delivery, "Action: dancing"), "no_fate"),
        (
            bounce(&world, delivery, "Action: delayed\r\nStatus: 4.4.1"),
            "delayed",
        ),
        (bounce(&world, delivery, "Action: relayed"), "arrived"),
    ] {
        let answer = told(&world, message).await;
        assert_eq!(
            (&answer["outcome"], &answer["is_news"]),
            (&json!(outcome), &json!(false))
        );
    }
    let shown = world
        .admin(&format!("GET /v1/deliveries/{delivery}"), None)
        .await
        .body;
    assert_eq!(shown["status"], "sent");
    let path = format!("GET /v1/deliveries/{delivery}/attempts");
    assert_eq!(
        world.admin(&path, None).await.body["data"][0]["said"],
        "4.4.1"
    );
}

#[tokio::test]
async fn only_a_key_of_the_audience_brings_messages_and_only_messages() {
    let world = World::new().await;
    let (_, delivery) = letter(&world).await;
    let made = json!({"name": "courier", "scopes": ["publish", "read"]});
    let made = world.admin("POST /v1/keys", Some(made)).await;
    let message = bounce(&world, delivery, DEAD);
    let refused = post(
        &world,
        text(&made.body["key"]),
        "message/rfc822",
        message.clone(),
    )
    .await;
    assert_eq!(refused.status, 403, "{refused:?}");
    let refused = post(&world, &world.keys.admin_key, "application/json", message).await;
    assert_eq!(refused.problem(), (415, "request.media_type"));
    let huge = "x".repeat(world.state.config.limits.body_bytes + 1);
    let refused = post(&world, &world.keys.admin_key, "message/rfc822", huge).await;
    assert_eq!(refused.problem(), (413, "request.too_large"));
}

/// The mark is good, because the letter is the App's; what is said of it is damaged, or hidden.
#[tokio::test]
async fn a_damaged_report_about_a_letter_loses_none() {
    let world = World::new().await;
    let (_, delivery) = letter(&world).await;
    let delayed = bounce(&world, delivery, "Action: delayed\r\nStatus: 4.4.1");
    for length in (0..delayed.len()).step_by(11) {
        let answer = told(&world, delayed[..length].to_owned()).await;
        assert_eq!(answer["is_news"], false, "cut after {length}: {answer}");
    }
    let failed = bounce(&world, delivery, DEAD);
    let nested = format!(
        "To: news@shop.example\r\nContent-Type: multipart/report; boundary=\"n\"\r\n\r\n--n\r\n\
         Content-Type: message/rfc822\r\n\r\n{failed}\r\n--n--\r\n"
    );
    let recipients =
        "Action: delivered\r\n\r\n".to_owned() + &"Action: failed\r\n\r\n".repeat(2_500);
    let utf16: String = failed.chars().flat_map(|letter| [letter, '\0']).collect();
    for (message, outcome) in [
        (nested, "no_report"),
        (bounce(&world, delivery, &recipients), "arrived"),
        (utf16, "no_report"),
        (failed.replace("\r\n", "\r"), "no_report"),
        (bounce(&world, delivery, &"X: y\r\n".repeat(300)), "no_fate"),
    ] {
        let answer = told(&world, message).await;
        let wanted = (&json!(outcome), &json!(false));
        assert_eq!((&answer["outcome"], &answer["is_news"]), wanted);
    }
    let path = format!("GET /v1/deliveries/{delivery}");
    assert_eq!(world.admin(&path, None).await.body["status"], "sent");
}
