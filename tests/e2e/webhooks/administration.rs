//! What an App's administrator does with webhooks.

use reqwest::{Method, StatusCode};
use serde_json::json;
use vestnik_model::{
    Scope, route,
    view::List,
    webhook::{SignatureKind, WebhookCheck, WebhookKey, WebhookView},
};
use vestnik_testkit::{
    Receiver,
    name::{installation, user},
    receiver::Reaction,
};

use super::stage::{Stage, ids, is_signed, path, received};

#[tokio::test]
async fn what_can_be_no_webhook_is_refused_by_its_field() -> anyhow::Result<()> {
    let stage = Stage::new(&[]).await?;
    for (body, pointer) in [
        (json!({}), "/url"),
        (json!({"url": "hook"}), "/url"),
        (json!({"url": "ftp://shop.example/"}), "/url"),
        (json!({"url": "http://shop.example/hook"}), "/url"),
        (json!({"url": "https://10.0.0.1/hook"}), "/url"),
        (json!({"url": "https://[::1]/hook"}), "/url"),
        (json!({"url": "https://anna:pw@shop.example/"}), "/url"),
        (json!({"url": "https://shop.example/#a"}), "/url"),
        (
            json!({"url": "https://shop.example/", "events": []}),
            "/events",
        ),
        (
            json!({"url": "https://shop.example/", "events": ["delivery.read", "webhook.gap"]}),
            "/events/1",
        ),
        (
            json!({"url": "https://shop.example/", "events": ["delivery.eaten"]}),
            "/events/0",
        ),
        (
            json!({"url": "https://shop.example/", "signature": "md5"}),
            "/signature",
        ),
        (
            json!({"url": "https://shop.example/", "secret": "x"}),
            "/secret",
        ),
    ] {
        let asked = Some(body.clone());
        let (status, problem) = stage.ask(Method::POST, route::WEBHOOKS, asked).await?;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
        assert!(!problem.to_string().contains("anna:pw"), "{problem}");
    }
    let (_, listed) = stage.ask(Method::GET, route::WEBHOOKS, None).await?;
    assert_eq!(listed["data"], json!([]));
    stage.server.stop().await
}

#[tokio::test]
async fn webhooks_are_an_administrators_and_the_apps_own() -> anyhow::Result<()> {
    let receiver = Receiver::start().await?;
    let stage = Stage::new(&[&receiver]).await?;
    let key = stage.add(&receiver).await?;
    let reader = stage
        .server
        .backend
        .key(&[Scope::Publish, Scope::Read])
        .await?;
    let reader = stage.server.backend.with_key(&reader.key);
    for (method, path) in [
        (Method::GET, route::WEBHOOKS.to_owned()),
        (Method::GET, path(&key)),
        (Method::DELETE, path(&key)),
        (Method::POST, format!("{}:test", path(&key))),
    ] {
        let answer = reader.request(method.clone(), &path)?.send().await?;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
        let other = stage.server.other.request(method, &path)?.send().await?;
        let is_list = path == route::WEBHOOKS;
        let wanted = if is_list {
            StatusCode::OK
        } else {
            StatusCode::NOT_FOUND
        };
        assert_eq!(other.status(), wanted, "{path}");
    }
    let of_other: List<WebhookView> = stage.server.other.get(route::WEBHOOKS).await?;
    assert_eq!(of_other.data, []);
    // What happens in one App is not sent to another's receiver.
    let request = vestnik_testkit::backend::to_user(&user("anna"), "of the other");
    stage.server.other.publish(&request).await?;
    stage.publish(&user("anna")).await?;
    let told = stage.events().await?.len();
    let all = received(&receiver, told).await?;
    assert_eq!(all.len(), told);
    stage.server.stop().await
}

#[tokio::test]
async fn a_key_is_shown_once_and_changed_with_an_overlap() -> anyhow::Result<()> {
    let receiver = Receiver::start().await?;
    let stage = Stage::new(&[&receiver]).await?;
    let first = stage.add(&receiver).await?;
    let (_, shown) = stage.ask(Method::GET, &path(&first), None).await?;
    assert!(!shown.to_string().contains("whsec_"), "{shown}");
    let view: WebhookView = serde_json::from_value(shown)?;
    assert_eq!(view.signature.known(), Some(SignatureKind::Hmac));
    let second: WebhookKey = serde_json::from_value(stage.act(&first, "rotate", None).await?)?;
    assert!(second.former_until.is_some());
    let taken: WebhookCheck = serde_json::from_value(stage.act(&first, "test", None).await?)?;
    assert!(taken.is_taken);
    let both = received(&receiver, 1).await?.remove(0);
    for key in [&first, &second] {
        assert!(is_signed(&both, &key.verifier)?);
    }
    let at_once = Some(json!({"overlap_hours": 0}));
    let third = stage.act(&first, "rotate", at_once).await?;
    let third: WebhookKey = serde_json::from_value(third)?;
    stage.act(&first, "test", None).await?;
    let alone = received(&receiver, 2).await?.remove(1);
    assert!(is_signed(&alone, &third.verifier)?);
    assert!(!is_signed(&alone, &second.verifier)?);
    let long = Some(json!({"overlap_hours": 169}));
    let rotate = format!("{}:rotate", path(&first));
    let (status, problem) = stage.ask(Method::POST, &rotate, long).await?;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["errors"][0]["pointer"], "/overlap_hours");
    stage.server.stop().await
}

#[tokio::test]
async fn a_test_says_what_the_receiver_answered_and_changes_nothing() -> anyhow::Result<()> {
    let receiver = Receiver::start().await?;
    let stage = Stage::new(&[&receiver]).await?;
    let key = stage.add(&receiver).await?;
    let before = stage.view(&key).await?;
    receiver.plan([Reaction::Status(204), Reaction::Status(410), Reaction::Cut]);
    for (is_taken, status) in [(true, Some(204)), (false, Some(410)), (false, None)] {
        let check = stage.act(&key, "test", None).await?;
        let check: WebhookCheck = serde_json::from_value(check)?;
        assert_eq!((check.is_taken, check.answer.status), (is_taken, status));
    }
    let body: serde_json::Value = serde_json::from_str(&receiver.received()[0].body)?;
    assert_eq!(body["type"], "webhook.test");
    assert_eq!(stage.view(&key).await?, before);
    stage.server.stop().await
}

#[tokio::test]
async fn kinds_are_chosen_and_what_happened_is_replayed() -> anyhow::Result<()> {
    let receiver = Receiver::start().await?;
    let stage = Stage::new(&[&receiver]).await?;
    let kinds = json!({"url": receiver.url(), "events": ["notification.error"]});
    let key = stage.add_with(kinds).await?;
    let begin = stage.view(&key).await?.cursor;
    let anna = user("anna");
    let backend = &stage.server.backend;
    backend.log_in(&anna, installation(1)).await?;
    for user in [user("nobody"), anna] {
        stage.publish(&user).await?;
    }
    let told = stage.events().await?;
    let is_wanted = |kind: &str| kind == "notification.error";
    let wanted = told.iter().filter(|event| is_wanted(event.kind.as_str()));
    let wanted: Vec<_> = wanted.map(|event| event.id.to_string()).collect();
    assert!(!wanted.is_empty() && wanted.len() < told.len(), "{told:?}");
    let end = told.last().map(|event| event.id);
    let at_end = |view: &WebhookView| Some(view.cursor) == end;
    stage.becomes(&key, "the end", at_end).await?;
    assert_eq!(ids(&receiver.received()), wanted);
    // Every kind, from the beginning.
    let every = Some(json!({"events": null}));
    stage.ask(Method::PATCH, &path(&key), every).await?;
    stage
        .act(&key, "replay", Some(json!({"after": begin})))
        .await?;
    let all = ids(&received(&receiver, wanted.len() + told.len()).await?);
    let every: Vec<_> = told.iter().map(|event| event.id.to_string()).collect();
    assert_eq!(all[wanted.len()..], every);
    // By a time, which is before everything, and by one that is not there.
    stage.becomes(&key, "the end", at_end).await?;
    let since = Some(json!({"since": told[0].timestamp}));
    stage.act(&key, "replay", since).await?;
    received(&receiver, all.len() + told.len()).await?;
    for body in [
        json!({}),
        json!({"after": begin, "since": told[0].timestamp}),
        json!({"after": "evt_99999"}),
        json!({"after": "evt_9223372036854775807"}),
    ] {
        let replay = format!("{}:replay", path(&key));
        let asked = stage.ask(Method::POST, &replay, Some(body.clone()));
        assert_eq!(asked.await?.0, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
    stage.server.stop().await
}

#[tokio::test]
async fn an_app_has_as_many_webhooks_as_it_may() -> anyhow::Result<()> {
    let receiver = Receiver::start().await?;
    let stage = Stage::new(&[&receiver]).await?;
    let mut keys = Vec::new();
    for _ in 0..16 {
        keys.push(stage.add(&receiver).await?);
    }
    let more = Some(json!({"url": receiver.url()}));
    let (status, _) = stage.ask(Method::POST, route::WEBHOOKS, more).await?;
    assert_eq!(status, StatusCode::CONFLICT);
    let (status, _) = stage.ask(Method::DELETE, &path(&keys[0]), None).await?;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _) = stage.ask(Method::GET, &path(&keys[0]), None).await?;
    assert_eq!(status, StatusCode::NOT_FOUND);
    stage.add(&receiver).await?;
    stage.server.stop().await
}
