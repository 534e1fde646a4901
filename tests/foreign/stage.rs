//! The real server with the simulator of the push services and a foreign SMTP server (aiosmtpd).

use std::time::Duration;

use anyhow::Context as _;
use reqwest::Method;
use serde_json::{Value, json};
use vestnik_clock::{SystemClock, new_uuid_v7};
use vestnik_model::{
    Channel, DeliveryStatus, InstallationId, NotificationId, UserId,
    contact::EmailRequest,
    route,
    view::{AttemptView, DeliveryView, List},
};
use vestnik_sim::{Kind, Options, Registration, Simulator};
use vestnik_testkit::{
    PostOffice, TestServer,
    backend::to_user,
    clock::AheadClock,
    name::user,
    server::Setup,
    wait::{asked, eventually},
};

/// A server whose App has credentials at FCM, which is the simulator's, and at an SMTP server.
pub(crate) struct Stage {
    pub(crate) server: TestServer,
    pub(crate) simulator: Simulator,
    pub(crate) office: PostOffice,
    pub(crate) clock: AheadClock,
}

impl Stage {
    pub(crate) async fn new(pause: Duration) -> anyhow::Result<Self> {
        let clock = AheadClock::default();
        let options = Options {
            clock: std::sync::Arc::new(clock.clone()),
            ..Options::default()
        };
        let simulator = Simulator::start(options).await?;
        let office = PostOffice::start(pause).await?;
        let fcm = simulator.setup().fcm_url.clone();
        let listed = vec![
            fcm.trim_start_matches("https://").to_owned(),
            office.place(),
        ];
        let setup = Setup::default()
            .config(|config| {
                config.outbound.listed = listed;
                config.public_url = Some("https://push.shop.example/".to_owned());
            })
            .clock(clock.clone());
        let stage = Self {
            server: TestServer::with(setup).await?,
            simulator,
            office,
            clock,
        };
        let setup = stage.simulator.setup();
        let mut account = setup.service_account();
        account["base_url"] = json!(setup.fcm_url);
        account["root_certificates"] = json!(setup.ca_certificate());
        stage.provide(Channel::Fcm, &account).await?;
        stage
            .provide(Channel::Email, &stage.office.account())
            .await?;
        Ok(stage)
    }

    pub(crate) async fn provide(&self, channel: Channel, account: &Value) -> anyhow::Result<()> {
        let path = route::with(route::PROVIDER, channel.as_str());
        self.put(&path, account, None).await
    }

    pub(crate) async fn put(
        &self,
        path: &str,
        body: &Value,
        bearer: Option<&str>,
    ) -> anyhow::Result<()> {
        let request = self.server.backend.request(Method::PUT, path)?;
        let mut request = request.json(body).build()?;
        if let Some(bearer) = bearer {
            let bearer = format!("Bearer {bearer}").parse()?;
            request.headers_mut().insert("authorization", bearer);
        }
        let http = reqwest::Client::builder().no_proxy().build()?;
        let status = http.execute(request).await?.status();
        anyhow::ensure!(status.is_success(), "{path}: {status}");
        Ok(())
    }

    /// A user with an e-mail address.
    pub(crate) async fn person(&self, name: &str, address: &str) -> anyhow::Result<UserId> {
        let user = user(name);
        let request = EmailRequest {
            address: address.to_owned(),
        };
        let path = route::with(route::USER_EMAIL, user.as_str());
        self.put(&path, &serde_json::to_value(&request)?, None)
            .await?;
        Ok(user)
    }

    /// Gives a user a phone that sleeps.
    pub(crate) async fn phone(&self, user: &UserId, permission: &str) -> anyhow::Result<String> {
        let installation = InstallationId::from_uuid(new_uuid_v7(&SystemClock));
        self.phone_of(user, installation, permission).await
    }

    /// Gives a user a phone that sleeps, with this installation.
    pub(crate) async fn phone_of(
        &self,
        user: &UserId,
        installation: InstallationId,
        permission: &str,
    ) -> anyhow::Result<String> {
        let state = json!({"permission": permission});
        self.phone_that_says(user, installation, state).await
    }

    /// Gives a user a phone that sleeps, with a version of the app.
    pub(crate) async fn phone_with(&self, user: &UserId, version: &str) -> anyhow::Result<String> {
        let installation = InstallationId::from_uuid(new_uuid_v7(&SystemClock));
        let state = json!({"permission": "granted", "app_version": version});
        self.phone_that_says(user, installation, state).await
    }

    async fn phone_that_says(
        &self,
        user: &UserId,
        installation: InstallationId,
        mut state: Value,
    ) -> anyhow::Result<String> {
        let phone = self.simulator.register(Registration::new(Kind::FcmToken))?;
        let tokens = self.server.backend.log_in(user, installation).await?;
        state["platform"] = json!("android");
        state["push_addresses"] = json!([{"kind": "fcm_token", "value": phone.token}]);
        let path = route::with(route::INSTALLATION, &installation.to_string());
        self.put(&path, &state, Some(&tokens.access_token)).await?;
        Ok(phone.id)
    }

    /// Publishes to a user: push, and a letter when nothing can come of it.
    pub(crate) async fn publish(&self, user: &UserId) -> anyhow::Result<NotificationId> {
        self.publish_from(user, None).await
    }

    /// The same for devices with version 3.1 of the app or later.
    pub(crate) async fn publish_for_new_apps(
        &self,
        user: &UserId,
    ) -> anyhow::Result<NotificationId> {
        self.publish_from(user, Some("3.1")).await
    }

    async fn publish_from(
        &self,
        user: &UserId,
        oldest: Option<&str>,
    ) -> anyhow::Result<NotificationId> {
        let mut request = to_user(user, "Заказ 8812 🎉");
        let oldest = oldest.map(|oldest| ("android".to_owned(), oldest.to_owned()));
        request.to.min_app_version = oldest.into_iter().collect();
        request.notification.body = "Ждём вас".to_owned();
        request.steps = serde_json::from_value(json!([
            {"channel": "push", "wait_for": "handed", "within_seconds": 600},
            {"channel": "email"},
        ]))?;
        Ok(self.server.backend.publish(&request).await?.id)
    }

    /// Waits until a delivery has a status; gives it with its attempts.
    pub(crate) async fn becomes(
        &self,
        id: NotificationId,
        status: DeliveryStatus,
    ) -> anyhow::Result<(DeliveryView, Vec<AttemptView>)> {
        let delivery = asked(status.as_str(), async || {
            let delivery = self.server.backend.deliveries(id).await?.pop();
            let delivery = delivery.context("there is one delivery")?;
            Ok((delivery.status == status).then_some(delivery))
        })
        .await?;
        let path = route::with(route::ATTEMPTS, &delivery.id.to_string());
        let attempts: List<AttemptView> = self.server.backend.get(&path).await?;
        Ok((delivery, attempts.data))
    }

    /// Waits for so many letters.
    pub(crate) async fn letters(
        &self,
        count: usize,
    ) -> anyhow::Result<Vec<vestnik_testkit::post_office::Taken>> {
        let mut letters = self.office.letters();
        eventually("letters", &mut letters, |letters| {
            (letters.len() >= count).then(|| letters.clone())
        })
        .await
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.simulator.shutdown().await;
        self.server.stop().await
    }
}
