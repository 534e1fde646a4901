//! Chats at messengers: set by the App's backend, opened by a person by a link, and blocked.

use std::sync::Arc;

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use vestnik_model::{
    Channel, DeliveryStatus, GatewayName, Problem, Reason,
    contact::{ChatLinkView, ChatView},
    route,
};
use vestnik_sim::{
    Options,
    gateway::{Gateways, Happening, Platform, Taken},
};
use vestnik_testkit::{PushStage, backend::to_user, clock::AheadClock, name::user, wait::asked};

/// A server whose App has a bot at Telegram and an SMS service.
struct Stage {
    push: PushStage<AheadClock>,
    gateways: Gateways,
    http: Client,
}

impl Stage {
    async fn new() -> anyhow::Result<Self> {
        let clock = AheadClock::default();
        let gateways = Gateways::start_with(Arc::new(clock.clone())).await?;
        let platforms = [Platform::Telegram, Platform::Sms];
        let hosts = platforms.map(|platform| gateways.origin(platform));
        let listed = hosts.map(|url| url.trim_start_matches("http://").to_owned());
        let push = PushStage::beside(clock, Options::default(), listed.to_vec()).await?;
        let stage = Self {
            push,
            gateways,
            http: Client::builder().no_proxy().build()?,
        };
        for platform in platforms {
            let account = json!({"providers": [stage.provider(platform, "main")]});
            let (status, answer) = stage.put_account(platform, &account).await?;
            anyhow::ensure!(status == StatusCode::NO_CONTENT, "{answer}");
        }
        Ok(stage)
    }

    fn provider(&self, platform: Platform, name: &str) -> Value {
        json!({
            "name": name, "gateway": platform.as_str(), "origin": self.gateways.origin(platform),
            "settings": self.gateways.settings(platform),
        })
    }

    async fn put_account(
        &self,
        platform: Platform,
        account: &Value,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let name = GatewayName::parse(platform.as_str())?;
        let put = self.push.put_provider(Channel::Gateway(name), account);
        put.await
    }

    /// Asks of the chat of a user at a gateway.
    async fn ask(
        &self,
        method: Method,
        (who, gateway): (&str, &str),
        body: Option<Value>,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let path = route::with(&route::with(route::USER_CHAT, who), gateway);
        let mut request = self.push.server.backend.request(method, &path)?;
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        Ok((status, answer.json().await.unwrap_or_default()))
    }

    /// Makes a link; gives what it carries.
    async fn link(&self, who: &str) -> anyhow::Result<String> {
        let path = route::with(&route::with(route::USER_CHAT_LINK, who), "telegram");
        let request = self.push.server.backend.request(Method::POST, &path)?;
        let view: ChatLinkView = request.send().await?.error_for_status()?.json().await?;
        let carried = view.url.split_once("?start=");
        let (_, carried) = carried.ok_or_else(|| anyhow::anyhow!("{view:?}"))?;
        Ok(carried.to_owned())
    }

    async fn happens(&self, happening: &Happening) -> anyhow::Result<()> {
        let hook = self.gateways.hook(Platform::Telegram, happening);
        let hook = hook.ok_or_else(|| anyhow::anyhow!("Telegram reports this"))?;
        let place = ["shop", "telegram", "main"];
        let path = place.iter().fold(route::GATEWAY.to_owned(), |path, name| {
            route::with(&path, name)
        });
        let url = self.push.server.url().join(&path)?;
        let mut request = self.http.post(url).body(hook.body);
        for (name, value) in hook.headers {
            request = request.header(name, value);
        }
        request.send().await?.error_for_status()?;
        Ok(())
    }

    async fn chat(&self, who: &str) -> anyhow::Result<Option<ChatView>> {
        let (status, answer) = self.ask(Method::GET, (who, "telegram"), None).await?;
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            _ => Ok(Some(serde_json::from_value(answer)?)),
        }
    }

    async fn taken(&self, count: usize) -> anyhow::Result<Vec<Taken>> {
        asked("a message", async || {
            let taken = self.gateways.taken(Platform::Telegram);
            Ok((taken.len() >= count).then_some(taken))
        })
        .await
    }
}

fn started(parameter: &str, chat: &str) -> Happening {
    Happening::Started {
        parameter: parameter.to_owned(),
        chat: chat.to_owned(),
    }
}

#[tokio::test]
async fn a_person_opens_a_chat_by_a_link_and_is_reached_there_until_they_block_it()
-> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let (former, carried) = (stage.link("anna").await?, stage.link("anna").await?);
    // What nobody made, and what was replaced, opens no chat.
    for none in ["made-up", former.as_str()] {
        stage.happens(&started(none, "41")).await?;
    }
    assert_eq!(stage.chat("anna").await?, None);
    stage.happens(&started(&carried, "42")).await?;
    let chat = stage.chat("anna").await?;
    assert_eq!(chat.map(|chat| chat.id).as_deref(), Some("42"));
    // It was used: whoever opens it later gets nothing.
    stage.happens(&started(&carried, "43")).await?;
    let chat = stage.chat("anna").await?;
    assert_eq!(chat.map(|chat| chat.id).as_deref(), Some("42"));
    let by_telegram = || {
        let mut request = to_user(&user("anna"), "Your order has arrived");
        let steps = serde_json::from_value(json!([{"channel": "telegram"}]));
        request.steps = steps.expect("steps");
        request
    };
    stage.push.server.backend.publish(&by_telegram()).await?;
    assert_eq!(stage.taken(1).await?[0].to, "42");
    let blocked = Happening::Blocked {
        chat: "42".to_owned(),
    };
    stage.happens(&blocked).await?;
    let chat = stage.chat("anna").await?;
    assert!(chat.is_some_and(|chat| chat.died_at.is_some()));
    let id = stage.push.server.backend.publish(&by_telegram()).await?.id;
    let delivery = stage.push.becomes(id, DeliveryStatus::Suppressed).await?;
    assert_eq!(delivery.reason, Some(Reason::BlockedChannel.into()));
    assert_eq!(stage.gateways.taken(Platform::Telegram).len(), 1);
    stage.push.stop().await
}

#[tokio::test]
async fn the_backend_sets_and_deletes_chats() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let at = ("anna", "telegram");
    let chat = || Some(json!({"id": "-100123"}));
    assert_eq!(stage.ask(Method::PUT, at, chat()).await?.0, 204);
    let view = stage.chat("anna").await?;
    assert_eq!(view.map(|view| view.id).as_deref(), Some("-100123"));
    assert_eq!(
        stage
            .ask(Method::PUT, ("bert", "telegram"), chat())
            .await?
            .0,
        204
    );
    assert_eq!(stage.chat("anna").await?, None, "it is another's now");
    assert_eq!(stage.ask(Method::DELETE, at, None).await?.0, 204);
    // Nothing is set by a wrong request.
    let (status, answer) = stage
        .ask(Method::PUT, at, Some(json!({"id": "a b"})))
        .await?;
    let problem: Problem = serde_json::from_value(answer)?;
    assert_eq!(
        (status.as_u16(), problem.errors[0].pointer.as_str()),
        (422, "/id")
    );
    let odd = json!({"id": "1", "name": "Anna"});
    assert_eq!(stage.ask(Method::PUT, at, Some(odd)).await?.0, 422);
    for gateway in ["sms", "viber", "Not a name"] {
        let (status, _) = stage.ask(Method::PUT, ("anna", gateway), chat()).await?;
        assert_eq!(status, StatusCode::NOT_FOUND, "{gateway}");
    }
    assert_eq!(stage.chat("anna").await?, None);
    stage.push.stop().await
}

#[tokio::test]
async fn a_messenger_has_one_bot() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let two = ["main", "backup"].map(|name| stage.provider(Platform::Telegram, name));
    let account = json!({"providers": two});
    let (status, answer) = stage.put_account(Platform::Telegram, &account).await?;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let problem: Problem = serde_json::from_value(answer)?;
    assert_eq!(problem.errors[0].pointer, "/providers");
    stage.push.stop().await
}
