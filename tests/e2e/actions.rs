//! The buttons of a notification, from the sender's request to what the sender learns.

use serde_json::json;
use vestnik_model::{ActionKind, Engagement};
use vestnik_testkit::{CoreDevice, TestServer, backend::to_user, name::user, wait::asked};

#[tokio::test]
async fn a_button_reaches_the_device_and_its_press_the_sender() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = user("anna");
    let phone = CoreDevice::of(&server.backend, &anna, server.folder(), "phone").await?;
    phone.online().await?;
    let mut request = to_user(&anna, "The courier is near");
    request.notification.actions = serde_json::from_value(json!([
        {"id": "map", "type": "link", "title": "Map", "url": "https://shop.example/map"},
        {"id": "answer", "type": "reply", "title": "Answer", "placeholder": "Your message"},
        {"id": "home", "type": "callback", "title": "I am at home"},
    ]))?;
    let id = server.backend.publish(&request).await?.id;
    phone.has_shown(&[id]).await?;
    let item = phone.client.get(id).await?;
    let actions = item
        .map(|item| item.notification.actions)
        .unwrap_or_default();
    let kinds: Vec<_> = actions.iter().map(|action| action.kind.known()).collect();
    let all = [ActionKind::Link, ActionKind::Reply, ActionKind::Callback];
    assert_eq!(kinds, all.map(Some));
    assert!(phone.client.actioned(id, "home".to_owned()).await?);
    let answer = phone
        .client
        .reply(id, Some("answer".to_owned()), "Ring twice".to_owned());
    assert!(answer.await?);
    phone.flush().await?;
    asked("the sender knows of the press", async || {
        let deliveries = server.backend.deliveries(id).await?;
        let is_known = deliveries[0].engagement.contains(&Engagement::Actioned);
        Ok(is_known.then_some(()))
    })
    .await?;
    let told = asked("the sender is told of both", async || {
        let told: Vec<_> = responses(&server).await?;
        Ok((told.len() == 2).then_some(told))
    })
    .await?;
    let expected = [
        json!({"type": "delivery.actioned", "user": "anna", "action": "home"}),
        json!({"type": "delivery.replied", "user": "anna", "action": "answer", "text": "Ring twice"}),
    ];
    assert_eq!(told, expected);
    let view = server.backend.notification(id).await?;
    assert_eq!(view.notification.actions, actions);
    phone.stop().await?;
    server.stop().await
}

/// What persons did, as the sender's events say it.
async fn responses(server: &TestServer) -> anyhow::Result<Vec<serde_json::Value>> {
    let events = server.backend.events().await?;
    let told = events.iter().filter_map(|event| {
        let mut told = serde_json::to_value(event.data.response.as_ref()?).ok()?;
        told["type"] = json!(event.kind.to_string());
        told["user"] = json!(event.data.user);
        Some(told)
    });
    Ok(told.collect())
}
