//! Phones that sleep: the real server sends to the simulator of the push services, which shares no code
//! with what sends.

mod device;

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use vestnik_clock::{SystemClock, new_uuid_v7};
use vestnik_core::Pushed;
use vestnik_model::{
    AttemptStatus, Channel, DeliveryStatus, InstallationId, NotificationId, NotificationStatus,
    Open, PushAddress, PushAddressKind, Reason, UserId, route,
    view::{AttemptView, DeliveryView, InstallationView, List, ProviderCheck, ProviderView},
};
use vestnik_sim::{
    Death, DeviceView, Ending, Event, Fault, Kind, Match, Options, Registration, Rule, Simulator,
    When,
};
use vestnik_testkit::{
    CoreDevice, TestServer,
    backend::to_user,
    clock::{self, AheadClock},
    server::{Halt, Setup},
    wait::{asked, eventually},
};

/// A key that RFC 8291, appendix A, prints.
const VAPID_KEY: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
/// Words that no push service may see.
const PLANTED: &str = "bergamot";

/// A server whose App has credentials at all three services, which are the simulator's.
struct Stage {
    server: TestServer,
    simulator: Simulator,
    clock: AheadClock,
}

impl Stage {
    async fn new() -> anyhow::Result<Self> {
        let clock = AheadClock::default();
        let options = Options {
            clock: Arc::new(clock.clone()),
            ..Options::default()
        };
        let simulator = Simulator::start(options).await?;
        let setup = simulator.setup();
        let hosts = [
            &setup.fcm_url,
            &setup.apns_url,
            &setup.apns_sandbox_url,
            &setup.web_push_url,
        ];
        let listed = hosts.map(|url| url.trim_start_matches("https://").to_owned());
        let server = Setup::default()
            .config(|config| config.outbound.listed = listed.to_vec())
            .clock(clock.clone());
        let stage = Self {
            server: TestServer::with(server).await?,
            simulator,
            clock,
        };
        for channel in [Channel::Fcm, Channel::Apns, Channel::Webpush] {
            stage.provide(channel).await?;
        }
        Ok(stage)
    }

    /// What an operator gives to `vestnik provider add`.
    fn account(&self, channel: Channel) -> Value {
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
            Channel::Hub | Channel::Email => json!({}),
        };
        account["root_certificates"] = json!(setup.ca_certificate());
        account
    }

    async fn provide(&self, channel: Channel) -> anyhow::Result<()> {
        let status = self.put_provider(channel, &self.account(channel)).await?.0;
        anyhow::ensure!(status == StatusCode::NO_CONTENT, "{status}");
        Ok(())
    }

    async fn put_provider(
        &self,
        channel: Channel,
        account: &Value,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let path = route::with(route::PROVIDER, channel.as_str());
        let request = self.server.backend.request(Method::PUT, &path)?;
        let answer = request.body(account.to_string()).send().await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    /// A phone of a user that never connects: it has logged in and reported its address.
    async fn phone(&self, user: &UserId, kind: Kind) -> anyhow::Result<DeviceView> {
        let phone = self.simulator.register(Registration::new(kind))?;
        let value = match (&phone.token, &phone.subscription) {
            (Some(token), _) => token.clone(),
            (None, Some(subscription)) => serde_json::to_string(subscription)?,
            (None, None) => anyhow::bail!("the phone has no address"),
        };
        let word = match kind {
            Kind::FcmToken => "fcm_token",
            Kind::FcmFid => "fcm_fid",
            Kind::Apns => "apns",
            Kind::WebPush | Kind::ApnsVoip | Kind::ApnsLiveStart | Kind::ApnsLiveUpdate => {
                "webpush"
            }
        };
        self.reports(user, &json!([{"kind": word, "value": value}]), "granted")
            .await?;
        Ok(phone)
    }

    async fn reports(
        &self,
        user: &UserId,
        addresses: &Value,
        permission: &str,
    ) -> anyhow::Result<InstallationId> {
        let installation = InstallationId::from_uuid(new_uuid_v7(&SystemClock));
        let tokens = self.server.backend.log_in(user, installation).await?;
        let state = json!({
            "platform": "android", "permission": permission, "push_addresses": addresses,
        });
        let path = route::with(route::INSTALLATION, &installation.to_string());
        let request = self.server.backend.request(Method::PUT, &path)?;
        let request = request.bearer_auth("").json(&state);
        let mut request = request.build()?;
        let bearer = format!("Bearer {}", tokens.access_token).parse()?;
        request.headers_mut().insert("authorization", bearer);
        let answer = reqwest::Client::builder().no_proxy().build()?;
        let answer = answer.execute(request).await?;
        anyhow::ensure!(answer.status().is_success(), "{}", answer.status());
        Ok(installation)
    }

    async fn publish(&self, user: &UserId) -> anyhow::Result<NotificationId> {
        let mut request = to_user(user, &format!("{PLANTED} title"));
        request.notification.body = format!("{PLANTED} body");
        request.notification.data = serde_json::from_value(json!({"key": PLANTED}))?;
        Ok(self.server.backend.publish(&request).await?.id)
    }

    async fn delivery(&self, id: NotificationId) -> anyhow::Result<DeliveryView> {
        let mut deliveries = self.server.backend.deliveries(id).await?;
        deliveries.pop().context("there is one delivery")
    }

    /// Waits until a delivery has a status.
    async fn becomes(
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

    /// The only attempt by push; the connection may have taken the delivery too.
    async fn attempt(&self, id: NotificationId) -> anyhow::Result<AttemptView> {
        let delivery = self.delivery(id).await?.id;
        let path = route::with(route::ATTEMPTS, &delivery.to_string());
        let attempts: List<AttemptView> = self.server.backend.get(&path).await?;
        let mut pushed = attempts.data.into_iter();
        let attempt = pushed.find(|attempt| !matches!(attempt.channel, Open::Known(Channel::Hub)));
        attempt.context("there is an attempt by push")
    }

    /// Waits until a phone has got so many messages.
    async fn received(&self, phone: &DeviceView, count: usize) -> anyhow::Result<Vec<Event>> {
        let mut changes = self.simulator.changes();
        eventually("what the phone gets", &mut changes, |_| {
            let received = self.simulator.received(&phone.id);
            (received.len() >= count).then_some(received)
        })
        .await
    }

    /// How many requests of pushes the services were asked to take, for a phone.
    fn asked_of(&self, phone: &DeviceView) -> usize {
        let journal = self.simulator.journal(0).into_iter();
        journal
            .filter(|entry| entry.device.as_ref() == Some(&phone.id))
            .count()
    }

    fn fault(&self, fault: Fault, times: u64) -> anyhow::Result<()> {
        let rule = Rule {
            matching: Match {
                service: Some(vestnik_sim::Service::Fcm),
                times: Some(times),
                ..Match::default()
            },
            fault,
        };
        Ok(self.simulator.set_faults(vec![rule])?)
    }

    /// Insists that no push service saw a word of what was said.
    #[track_caller]
    fn saw_nothing(&self) {
        assert_eq!(self.simulator.forgotten_requests(), 0);
        let journal = self.simulator.journal(0);
        assert!(!journal.is_empty());
        for entry in journal {
            assert!(!entry.contains(PLANTED), "{} has a word", entry.path);
        }
    }

    async fn stop(self) -> anyhow::Result<()> {
        self.simulator.shutdown().await;
        self.server.stop().await
    }
}

fn user(name: &str) -> UserId {
    UserId::parse(name).expect("it is a name of a user's form")
}

#[tokio::test]
async fn a_phone_that_sleeps_is_reached_by_each_service() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    for (name, kind, channel) in [
        ("anna", Kind::FcmToken, Channel::Fcm),
        ("bert", Kind::FcmFid, Channel::Fcm),
        ("carl", Kind::Apns, Channel::Apns),
        ("dora", Kind::WebPush, Channel::Webpush),
    ] {
        let user = user(name);
        let phone = stage.phone(&user, kind).await?;
        let id = stage.publish(&user).await?;
        stage.received(&phone, 1).await?;
        stage.becomes(id, DeliveryStatus::Sent).await?;
        let attempt = stage.attempt(id).await?;
        assert_eq!(attempt.channel, channel, "{name}");
        assert_eq!(
            (attempt.status, attempt.tries, attempt.unproven),
            (AttemptStatus::Sent.into(), 1, 0),
            "{name}"
        );
        let view = stage.server.backend.notification(id).await?;
        assert_eq!(view.status, NotificationStatus::Sent);
        assert_eq!(view.counts.sent, 1);
    }
    stage.saw_nothing();
    stage.stop().await
}

/// What a device that got a message hands to the core: the map of texts that FCM brings.
fn brought(event: &Event) -> anyhow::Result<Vec<u8>> {
    let content = serde_json::to_value(&event.message.content)?;
    Ok(serde_json::to_vec(&content["message"]["data"])?)
}

#[tokio::test]
async fn what_came_by_push_and_by_the_hub_is_shown_once() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = user("anna");
    let device = CoreDevice::of(&stage.server.backend, &anna, stage.server.folder(), "phone");
    let device = device.await?;
    device.online().await?;
    let phone = stage
        .simulator
        .register(Registration::new(Kind::FcmToken))?;
    let token = phone.token.clone().context("it has a token")?;
    let address = PushAddress::new(PushAddressKind::FcmToken, token);
    device.client.set_push_address(address).await?;
    let path = installation_path(&device);
    asked("the server knows the address and the key", async || {
        let view: InstallationView = stage.server.backend.get(&path).await?;
        let known = view
            .state
            .filter(|state| !state.push_addresses.is_empty() && state.envelope_key.is_some());
        Ok(known.map(drop))
    })
    .await?;
    device.client.go_offline();
    let id = stage.publish(&anna).await?;
    // It was heard from just now, and gets the time to confirm.
    stage.clock.advance(Duration::from_secs(6));
    let received = stage.received(&phone, 1).await?;
    let pushed = device.client.handle_push(brought(&received[0])?).await?;
    assert_eq!(pushed, Pushed::Stored);
    device.has_shown(&[id]).await?;
    let again = device.client.handle_push(brought(&received[0])?).await?;
    assert!(!matches!(again, Pushed::Hint), "{again:?}");
    device.client.go_online();
    device.online().await?;
    device.flush().await?;
    stage.becomes(id, DeliveryStatus::Delivered).await?;
    let attempt = stage.attempt(id).await?;
    assert_eq!(
        (attempt.channel, attempt.status),
        (Channel::Fcm.into(), AttemptStatus::Delivered.into())
    );
    stage.saw_nothing();
    let screen = device.stop().await?;
    assert!(screen.has_once(&[id]), "{screen:?}");
    stage.stop().await
}

fn installation_path(device: &CoreDevice) -> String {
    let installation = device.client.installation();
    route::with(route::INSTALLATION, &installation.to_string())
}

#[tokio::test]
async fn a_dead_address_ends_the_delivery_and_is_not_asked_again() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = user("anna");
    let phone = stage.phone(&anna, Kind::FcmToken).await?;
    let death = Death {
        at: clock::timestamp(),
        ending: Ending::default(),
    };
    stage.simulator.kill(&phone.id, death)?;
    let id = stage.publish(&anna).await?;
    let lost = stage.becomes(id, DeliveryStatus::Undelivered).await?;
    assert_eq!(lost.reason, Some(Reason::TokenDead.into()));
    let view = stage.server.backend.notification(id).await?;
    assert_eq!(view.status, NotificationStatus::Error);
    assert_eq!(view.legacy_status, "ERROR");
    let asked = stage.asked_of(&phone);
    let second = stage.publish(&anna).await?;
    let lost = stage.becomes(second, DeliveryStatus::Undelivered).await?;
    assert_eq!(lost.reason, Some(Reason::TokenDead.into()));
    assert_eq!(stage.asked_of(&phone), asked);
    stage.stop().await
}

#[tokio::test]
async fn a_service_that_is_busy_is_asked_again_when_it_allows() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = user("anna");
    let phone = stage.phone(&anna, Kind::FcmToken).await?;
    let retry_after = Some(2);
    stage.fault(Fault::Throttle { retry_after }, 1)?;
    let id = stage.publish(&anna).await?;
    stage.received(&phone, 1).await?;
    stage.becomes(id, DeliveryStatus::Sent).await?;
    assert_eq!(stage.attempt(id).await?.tries, 2);
    let journal = stage.simulator.journal(0).into_iter();
    let asked: Vec<_> = journal
        .filter(|entry| entry.device.as_ref() == Some(&phone.id))
        .map(|entry| entry.at)
        .collect();
    let [first, second] = asked.as_slice() else {
        anyhow::bail!("two requests: {asked:?}");
    };
    assert!(second.duration_since(*first).as_secs() >= 2);
    stage.stop().await
}

#[tokio::test]
async fn a_push_without_an_answer_is_repeated_under_the_same_identity() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = user("anna");
    let phone = stage.phone(&anna, Kind::FcmToken).await?;
    let when = When::AfterAcceptance;
    stage.fault(Fault::Reset { when }, 1)?;
    let id = stage.publish(&anna).await?;
    let received = stage.received(&phone, 2).await?;
    stage.becomes(id, DeliveryStatus::Sent).await?;
    let attempt = stage.attempt(id).await?;
    assert_eq!((attempt.tries, attempt.unproven), (2, 1));
    let identity = |event: &Event| {
        let content = serde_json::to_value(&event.message.content).ok()?;
        let parcel = content["message"]["data"]["vestnik"].as_str()?;
        let parcel: Value = serde_json::from_str(parcel).ok()?;
        Some(parcel["id"].clone())
    };
    assert_eq!(identity(&received[0]), Some(json!(attempt.id)));
    assert_eq!(identity(&received[0]), identity(&received[1]));
    stage.stop().await
}

#[tokio::test]
async fn a_server_that_died_while_it_sent_sends_again() -> anyhow::Result<()> {
    let mut stage = Stage::new().await?;
    let anna = user("anna");
    let phone = stage.phone(&anna, Kind::FcmToken).await?;
    stage.fault(Fault::Slow { ms: 600_000 }, 1)?;
    let id = stage.publish(&anna).await?;
    // The service has it, and the server dies before it hears so.
    stage.received(&phone, 1).await?;
    stage.server.halt(Halt::Kill).await?;
    stage.clock.advance(Duration::from_secs(31));
    stage.server.resume().await?;
    stage.received(&phone, 2).await?;
    stage.becomes(id, DeliveryStatus::Sent).await?;
    let attempt = stage.attempt(id).await?;
    assert_eq!((attempt.tries, attempt.unproven), (2, 1));
    stage.stop().await
}

#[tokio::test]
async fn a_push_that_is_scheduled_goes_out_at_its_time() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = user("anna");
    let phone = stage.phone(&anna, Kind::FcmToken).await?;
    let at = clock::timestamp() + SignedDuration::from_hours(1);
    let mut request = to_user(&anna, "At noon");
    request.schedule = serde_json::from_value(json!({"send_at": at}))?;
    let id = stage.server.backend.publish(&request).await?.id;
    let view = stage.server.backend.notification(id).await?;
    assert_eq!(view.status, NotificationStatus::Scheduled);
    assert_eq!(view.legacy_status, "SCHEDULED");
    // Another one goes out meanwhile, and this one does not.
    let other = stage.publish(&anna).await?;
    stage.received(&phone, 1).await?;
    stage.becomes(other, DeliveryStatus::Sent).await?;
    assert_eq!(stage.server.backend.deliveries(id).await?, []);
    stage.clock.advance(Duration::from_secs(3_601));
    stage.received(&phone, 2).await?;
    stage.becomes(id, DeliveryStatus::Sent).await?;
    stage.stop().await
}

#[tokio::test]
async fn who_may_show_nothing_is_not_pushed_to() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = user("anna");
    let phone = stage
        .simulator
        .register(Registration::new(Kind::FcmToken))?;
    let addresses = json!([{"kind": "fcm_token", "value": phone.token}]);
    stage.reports(&anna, &addresses, "denied").await?;
    let id = stage.publish(&anna).await?;
    let unwanted = stage.becomes(id, DeliveryStatus::Suppressed).await?;
    assert_eq!(unwanted.reason, Some(Reason::BlockedOs.into()));
    let view = stage.server.backend.notification(id).await?;
    assert_eq!(view.status, NotificationStatus::Sent);
    assert_eq!(stage.asked_of(&phone), 0);
    stage.stop().await
}

#[tokio::test]
async fn credentials_are_checked_and_never_shown() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let backend = &stage.server.backend;
    let listed: List<ProviderView> = backend.get(route::PROVIDERS).await?;
    let channels: Vec<_> = listed
        .data
        .iter()
        .map(|view| view.channel.as_str())
        .collect();
    assert_eq!(channels, ["apns", "fcm", "webpush"]);
    for channel in channels {
        let path = format!("{}:check", route::with(route::PROVIDER, channel));
        let answer = backend.post(&path, &json!({})).await?;
        let check: ProviderCheck = answer.json().await?;
        assert!(check.is_good, "{check:?}");
    }
    // A field that is wrong is named, without what is in it, and changes nothing.
    let mut wrong = stage.account(Channel::Apns);
    wrong["private_key"] = json!(PLANTED);
    let (status, problem) = stage.put_provider(Channel::Apns, &wrong).await?;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert_eq!(problem["errors"][0]["pointer"], "/private_key");
    assert!(!problem.to_string().contains(PLANTED));
    let again: List<ProviderView> = backend.get(route::PROVIDERS).await?;
    assert_eq!(again, listed);
    // Other Apps have credentials of their own.
    let others: List<ProviderView> = stage.server.other.get(route::PROVIDERS).await?;
    assert_eq!(others.data, []);
    stage.stop().await
}
