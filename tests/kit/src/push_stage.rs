//! A real server whose App sends over the simulator of the push services, both on one clock.

use std::sync::Arc;

use anyhow::Context as _;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use vestnik_clock::{Clock, SystemClock, new_uuid_v7};
use vestnik_model::{
    Channel, DeliveryId, DeliveryStatus, InstallationId, NotificationId, UserId, route,
    view::{AttemptView, DeliveryView, List},
};
use vestnik_sim::{DeviceView, Event, JournalEntry, Kind, Options, Registration, Simulator};

use crate::{
    TestServer,
    server::Setup,
    wait::{asked, eventually},
};

/// A key that RFC 8291, appendix A, prints.
const VAPID_KEY: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";

/// The services that the App has credentials at.
const CHANNELS: [Channel; 5] = [
    Channel::Fcm,
    Channel::Rustore,
    Channel::Hms,
    Channel::Apns,
    Channel::Webpush,
];

/// A server whose App has credentials at all five services, which are the simulator's.
#[derive(Debug)]
pub struct PushStage<C> {
    /// The server.
    pub server: TestServer,
    /// The services.
    pub simulator: Simulator,
    /// The clock of both.
    pub clock: C,
    /// What phones ask the server with: making one takes longer than most answers.
    http: Client,
}

impl<C: Clock + Clone> PushStage<C> {
    /// Starts both on one clock, whichever `options` has.
    ///
    /// # Errors
    /// When one of them does not start.
    pub async fn start(clock: C, options: Options) -> anyhow::Result<Self> {
        Self::beside(clock, options, Vec::new()).await
    }

    /// The same, whose server may reach these places of loopback too.
    ///
    /// # Errors
    /// When one of them does not start.
    pub async fn beside(
        clock: C,
        options: Options,
        mut listed: Vec<String>,
    ) -> anyhow::Result<Self> {
        let options = Options {
            clock: Arc::new(clock.clone()),
            ..options
        };
        let simulator = Simulator::start(options).await?;
        let setup = simulator.setup();
        let hosts = [
            &setup.fcm_url,
            &setup.apns_url,
            &setup.apns_sandbox_url,
            &setup.web_push_url,
            &setup.hms_url,
            &setup.rustore_url,
        ];
        listed.extend(hosts.map(|url| url.trim_start_matches("https://").to_owned()));
        let server = Setup::default()
            .unlimited()
            .config(|config| config.outbound.listed = listed)
            .clock(clock.clone());
        let stage = Self {
            server: TestServer::with(server).await?,
            simulator,
            clock,
            http: Client::builder().no_proxy().build()?,
        };
        for channel in CHANNELS {
            let (status, _) = stage.put_provider(channel, &stage.account(channel)).await?;
            anyhow::ensure!(status == StatusCode::NO_CONTENT, "{status}");
        }
        Ok(stage)
    }

    /// What an operator gives to `vestnik provider add`.
    #[must_use]
    pub fn account(&self, channel: Channel) -> Value {
        let setup = self.simulator.setup();
        let mut account = match channel {
            Channel::Fcm => {
                let mut account = setup.service_account();
                account["base_url"] = json!(setup.fcm_url);
                account
            }
            Channel::Apns => json!({
                "team_id": setup.credentials.team_id, "key_id": setup.credentials.key_id,
                "private_key": setup.apns_key(), "topic": setup.credentials.bundle,
                "production_url": setup.apns_url, "sandbox_url": setup.apns_sandbox_url,
            }),
            Channel::Webpush => {
                json!({"private_key": VAPID_KEY, "contact": "mailto:push@shop.example"})
            }
            Channel::Hms => {
                let mut account = setup.hms_client();
                account["base_url"] = json!(setup.hms_url);
                account
            }
            Channel::Rustore => {
                let mut account = setup.rustore_project();
                account["base_urls"] = json!([setup.rustore_url]);
                account
            }
            Channel::Hub | Channel::Email | Channel::Webhook | Channel::Gateway(_) => json!({}),
        };
        account["root_certificates"] = json!(setup.ca_certificate());
        account
    }

    /// Sets the credentials at a service; gives what the server answers.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn put_provider(
        &self,
        channel: Channel,
        account: &Value,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let path = route::with(route::PROVIDER, channel.as_str());
        self.provider(Method::PUT, &path, account).await
    }

    /// Puts other credentials in the place of those at a service; gives what the server answers.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn rotate_provider(
        &self,
        channel: Channel,
        account: &Value,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let path = route::with(route::PROVIDER, channel.as_str());
        let path = format!("{path}:rotate");
        self.provider(Method::POST, &path, account).await
    }

    async fn provider(
        &self,
        method: Method,
        path: &str,
        account: &Value,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let request = self.server.backend.request(method, path)?;
        let answer = request.body(account.to_string()).send().await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    /// A phone of a user that never connects: it has logged in and reported its address.
    ///
    /// # Errors
    /// When the simulator or the server refuses it.
    pub async fn phone(&self, user: &UserId, kind: Kind) -> anyhow::Result<DeviceView> {
        let phone = self.simulator.register(Registration::new(kind))?;
        let address = address(&phone)?;
        self.reports(user, &json!({"push_addresses": [address]}))
            .await?;
        Ok(phone)
    }

    /// Logs a new installation in, which reports this of its state; it may show notifications unless
    /// the state says otherwise.
    ///
    /// # Errors
    /// When the server refuses it.
    pub async fn reports(&self, user: &UserId, said: &Value) -> anyhow::Result<InstallationId> {
        let installation = InstallationId::from_uuid(new_uuid_v7(&SystemClock));
        self.reports_as(user, installation, said).await?;
        Ok(installation)
    }

    /// Logs an installation in, which reports this of its state; it may show notifications unless the state
    /// says otherwise.
    ///
    /// # Errors
    /// When the server refuses it.
    pub async fn reports_as(
        &self,
        user: &UserId,
        installation: InstallationId,
        said: &Value,
    ) -> anyhow::Result<()> {
        let tokens = self.server.backend.log_in(user, installation).await?;
        let mut state = json!({"platform": "android", "permission": "granted"});
        for (field, value) in said.as_object().into_iter().flatten() {
            state[field] = value.clone();
        }
        let path = route::with(route::INSTALLATION, &installation.to_string());
        let request = self.server.backend.request(Method::PUT, &path)?;
        let mut request = request.json(&state).build()?;
        let bearer = format!("Bearer {}", tokens.access_token).parse()?;
        request.headers_mut().insert("authorization", bearer);
        let answer = self.http.execute(request).await?;
        anyhow::ensure!(answer.status().is_success(), "{}", answer.status());
        Ok(())
    }

    /// The only delivery of a notification.
    ///
    /// # Errors
    /// When there is none, or no answer comes.
    pub async fn delivery(&self, id: NotificationId) -> anyhow::Result<DeliveryView> {
        let mut deliveries = self.server.backend.deliveries(id).await?;
        deliveries.pop().context("there is one delivery")
    }

    /// Waits until the only delivery of a notification has a status.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn becomes(
        &self,
        id: NotificationId,
        status: DeliveryStatus,
    ) -> anyhow::Result<DeliveryView> {
        asked(status.as_str(), async || {
            let delivery = self.delivery(id).await?;
            Ok((delivery.status == status).then_some(delivery))
        })
        .await
    }

    /// The attempts of a delivery.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn attempts(&self, delivery: DeliveryId) -> anyhow::Result<Vec<AttemptView>> {
        let path = route::with(route::ATTEMPTS, &delivery.to_string());
        let attempts: List<AttemptView> = self.server.backend.get(&path).await?;
        Ok(attempts.data)
    }

    /// The only attempt by push of the only delivery of a notification; the connection may have taken it
    /// too.
    ///
    /// # Errors
    /// When there is none, or no answer comes.
    pub async fn attempt(&self, id: NotificationId) -> anyhow::Result<AttemptView> {
        let delivery = self.delivery(id).await?.id;
        let mut attempts = self.attempts(delivery).await?.into_iter();
        let attempt = attempts.find(|attempt| attempt.channel != Channel::Hub);
        attempt.context("there is an attempt by push")
    }

    /// Waits until a phone has got so many messages.
    ///
    /// # Errors
    /// When they do not come.
    pub async fn received(&self, phone: &DeviceView, count: usize) -> anyhow::Result<Vec<Event>> {
        let mut changes = self.simulator.changes();
        eventually("what the phone gets", &mut changes, |_| {
            let received = self.simulator.received(&phone.id);
            (received.len() >= count).then_some(received)
        })
        .await
    }

    /// The requests that the services were asked to take for a phone, in their order.
    #[must_use]
    pub fn requests_for(&self, phone: &DeviceView) -> Vec<JournalEntry> {
        let mut journal = self.simulator.journal(0);
        journal.retain(|entry| entry.device.as_ref() == Some(&phone.id));
        journal
    }

    /// Stops both.
    ///
    /// # Errors
    /// When the server did not drain without an error.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.simulator.shutdown().await;
        self.server.stop().await
    }
}

/// The address of a phone, as it is reported to the server.
///
/// # Errors
/// When it has none.
pub fn address(phone: &DeviceView) -> anyhow::Result<Value> {
    let value = match (&phone.token, &phone.subscription) {
        (Some(token), _) => token.clone(),
        (None, Some(subscription)) => serde_json::to_string(subscription)?,
        (None, None) => anyhow::bail!("the phone has no address"),
    };
    let kind = match phone.kind {
        Kind::FcmToken => "fcm_token",
        Kind::FcmFid => "fcm_fid",
        Kind::Apns => "apns",
        Kind::WebPush => "webpush",
        Kind::Hms => "hms",
        Kind::Rustore => "rustore",
        Kind::ApnsVoip | Kind::ApnsLiveStart | Kind::ApnsLiveUpdate => {
            anyhow::bail!("the server sends nothing to such an address")
        }
    };
    Ok(json!({"kind": kind, "value": value}))
}
