//! A user whom the App notifies, and what the server has stored about their deliveries.

use anyhow::Context as _;
use serde_json::{Value, json};
use vestnik_model::{
    AudienceRequest, DeliveryStatus, Engagement, NotificationId, PublishRequest, Reason, UserId,
    preference::Preferences, publish::ContentRequest, route, view::DeliveryView,
};
use vestnik_testkit::{TestServer, clock, name::installation};

use crate::{retry, stage::Environment};

/// A user, at a server.
pub(crate) struct Person<'a> {
    server: &'a TestServer,
    user: UserId,
}

impl<'a> Person<'a> {
    pub(crate) fn at(server: &'a TestServer, name: &str) -> anyhow::Result<Self> {
        Ok(Self {
            server,
            user: UserId::parse(name)?,
        })
    }

    /// The environment of an app that has the user's sign-in code in its configuration.
    pub(crate) fn environment(&self) -> anyhow::Result<Environment> {
        let identity = self.server.folder().join("identity.jwt");
        std::fs::write(&identity, self.code()?)?;
        let mut environment = without_code(self.server);
        let file = identity.display().to_string();
        environment.push(("VESTNIK_IDENTITY_FILE", file));
        Ok(environment)
    }

    /// A sign-in code, as the App's backend gives it to the user.
    pub(crate) fn code(&self) -> anyhow::Result<String> {
        self.server.backend.identity(&self.user)
    }

    /// A sign-in code whose time has passed.
    pub(crate) fn expired_code(&self) -> anyhow::Result<String> {
        let app = self.server.backend.app();
        let claims = json!({ "sub": self.user, "aud": app, "exp": 1_700_000_000 });
        self.server.backend.sign(&claims)
    }

    /// The App's backend ends every session of the user.
    pub(crate) async fn is_logged_out(&self) -> anyhow::Result<()> {
        self.server.backend.log_out(&self.user).await
    }

    /// The App's backend notifies them by REST.
    pub(crate) async fn notify(&self, content: Value) -> anyhow::Result<NotificationId> {
        let notification: ContentRequest = serde_json::from_value(content)?;
        let users = vec![self.user.clone()];
        let request = PublishRequest {
            to: AudienceRequest {
                users,
                ..AudienceRequest::default()
            },
            notification,
            ..PublishRequest::default()
        };
        Ok(self.server.backend.publish(&request).await?.id)
    }

    /// The user reads it on another device of theirs.
    pub(crate) async fn reads_elsewhere(&self, id: NotificationId) -> anyhow::Result<()> {
        let tokens = self
            .server
            .backend
            .log_in(&self.user, installation(2))
            .await?;
        let fact = json!({
            "id": "1", "kind": "read", "notification_id": id, "at": clock::timestamp(),
        });
        let answer = reqwest::Client::new()
            .post(format!(
                "http://{}{}",
                self.server.address(),
                route::RECEIPTS
            ))
            .bearer_auth(tokens.access_token)
            .json(&json!({ "facts": [fact] }))
            .send()
            .await?;
        answer.error_for_status()?;
        Ok(())
    }

    /// Waits until the server has stored that they have read it.
    pub(crate) async fn has_read(&self, id: NotificationId) -> anyhow::Result<()> {
        retry::until("the server knows that it was read", || async {
            let delivery = self.delivery(id).await?;
            anyhow::ensure!(delivery.status == DeliveryStatus::Read, "{delivery:?}");
            Ok(())
        })
        .await
    }

    /// Waits until the server knows what else was done with it.
    pub(crate) async fn has(&self, done: Engagement, id: NotificationId) -> anyhow::Result<()> {
        retry::until("the server knows what was done with it", || async {
            let delivery = self.delivery(id).await?;
            anyhow::ensure!(delivery.engagement.contains(&done), "{delivery:?}");
            Ok(())
        })
        .await
    }

    /// Waits until the server knows that they do not want these categories, and want all others.
    pub(crate) async fn opted_out(&self, categories: &[&str]) -> anyhow::Result<()> {
        let path = route::with(route::USER_PREFERENCES, self.user.as_str());
        retry::until("the server knows what they do not want", || async {
            let said: Preferences = self.server.backend.get(&path).await?;
            let said: Vec<_> = said
                .opt_out
                .categories
                .iter()
                .map(|it| it.as_str().to_owned())
                .collect();
            anyhow::ensure!(said == categories, "{said:?}");
            Ok(())
        })
        .await
    }

    /// Waits until its delivery has this reason.
    pub(crate) async fn has_reason(&self, why: Reason, id: NotificationId) -> anyhow::Result<()> {
        retry::until("the server knows why it was not shown", || async {
            let delivery = self.delivery(id).await?;
            anyhow::ensure!(delivery.reason == Some(why.into()), "{delivery:?}");
            Ok(())
        })
        .await
    }

    /// Waits until the server tells the sender that they answered with a text.
    pub(crate) async fn answered(&self, id: NotificationId, text: &str) -> anyhow::Result<()> {
        retry::until("the sender is told of the answer", || async {
            let events = self.server.backend.events().await?;
            let told = events.iter().any(|event| {
                let said = event
                    .data
                    .response
                    .as_ref()
                    .and_then(|it| it.text.as_deref());
                event.data.notification_id == Some(id) && said == Some(text)
            });
            anyhow::ensure!(told, "no event has the answer");
            Ok(())
        })
        .await
    }

    async fn delivery(&self, id: NotificationId) -> anyhow::Result<DeliveryView> {
        let deliveries = self.server.backend.deliveries(id).await?;
        deliveries
            .into_iter()
            .next()
            .context("the server knows no delivery yet")
    }
}

/// The environment of an app that knows its server and no sign-in code.
pub(crate) fn without_code(server: &TestServer) -> Environment {
    vec![
        ("VESTNIK_SERVER", format!("http://{}", server.address())),
        ("VESTNIK_APP", server.backend.app().to_string()),
    ]
}

/// An order that is on its way.
pub(crate) fn order() -> Value {
    json!({
        "title": "Your order is on its way",
        "body": "It costs < 5 & comes <b>today</b>.",
        "category": "orders",
        "click": { "type": "link", "url": "https://shop.example/orders/8812" },
    })
}

/// A courier who asks something.
pub(crate) fn courier() -> Value {
    json!({
        "title": "The courier is near",
        "body": "Шифр домофона: 12К?",
        "actions": [
            { "id": "map", "type": "link", "title": "Map", "url": "https://shop.example/map" },
            { "id": "home", "type": "callback", "title": "I am at home" },
            { "id": "answer", "type": "reply", "title": "Ответить", "placeholder": "Your message" },
        ],
    })
}

/// A build that failed.
pub(crate) fn build() -> Value {
    json!({
        "title": "Сборка 1482 упала",
        "body": "Ветка main, шаг «тесты»: 3 теста не прошли.",
        "category": "builds",
        "priority": "critical",
    })
}

/// A code that is wanted now.
pub(crate) fn code() -> Value {
    json!({
        "title": "Your sign-in code is 493 120",
        "traffic_type": "authentication",
        "priority": "high",
    })
}
