//! Phones that sleep: the real server sends to the simulator of the push services, which shares no code
//! with what sends.

mod collapse;
mod decrypt;
mod device;
mod environment;
mod import;
mod rotation;
mod service;
mod undrawn;
mod unproven;
mod unreadable;
mod version;
mod withdraw;

use std::time::Duration;

use anyhow::Context as _;
use jiff::SignedDuration;
use reqwest::StatusCode;
use serde_json::{Value, json};
use vestnik_core::Pushed;
use vestnik_model::{
    AttemptStatus, Channel, DeliveryStatus, EventKind, NotificationId, NotificationStatus,
    PushAddress, PushAddressKind, Reason, UserId, route,
    view::{InstallationView, List, ProviderCheck, ProviderView},
};
use vestnik_sim::{Death, Ending, Event, Fault, Kind, Match, Options, Registration, Rule, When};
use vestnik_testkit::{
    CoreDevice, PushStage,
    backend::to_user,
    clock::{self, AheadClock},
    name::user,
    server::Halt,
    wait::asked,
};

/// Words that no push service may see.
const PLANTED: &str = "bergamot";

/// The stage, on a clock that can be ahead.
type Stage = PushStage<AheadClock>;

async fn stage() -> anyhow::Result<Stage> {
    PushStage::start(AheadClock::default(), Options::default()).await
}

async fn publish(stage: &Stage, user: &UserId) -> anyhow::Result<NotificationId> {
    let mut request = to_user(user, &format!("{PLANTED} title"));
    request.notification.body = format!("{PLANTED} body");
    request.notification.data = serde_json::from_value(json!({"key": PLANTED}))?;
    Ok(stage.server.backend.publish(&request).await?.id)
}

/// Gives a fault to the next requests of FCM.
fn fault(stage: &Stage, fault: Fault, times: u64) -> anyhow::Result<()> {
    let rule = Rule {
        matching: Match {
            service: Some(vestnik_sim::Service::Fcm),
            times: Some(times),
            ..Match::default()
        },
        fault,
    };
    Ok(stage.simulator.set_faults(vec![rule])?)
}

/// Insists that no push service saw a word of what was said.
#[track_caller]
fn saw_nothing(stage: &Stage) {
    assert_eq!(stage.simulator.forgotten_requests(), 0);
    let journal = stage.simulator.journal(0);
    assert!(!journal.is_empty());
    for entry in journal {
        assert!(!entry.contains(PLANTED), "{} has a word", entry.path);
    }
}

#[tokio::test]
async fn a_phone_that_sleeps_is_reached_by_each_service() -> anyhow::Result<()> {
    let stage = stage().await?;
    for (name, kind, channel) in [
        ("anna", Kind::FcmToken, Channel::Fcm),
        ("bert", Kind::FcmFid, Channel::Fcm),
        ("carl", Kind::Apns, Channel::Apns),
        ("dora", Kind::WebPush, Channel::Webpush),
        ("emil", Kind::Hms, Channel::Hms),
        ("fred", Kind::Rustore, Channel::Rustore),
    ] {
        let user = user(name);
        let phone = stage.phone(&user, kind).await?;
        let id = publish(&stage, &user).await?;
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
    saw_nothing(&stage);
    stage.stop().await
}

/// What a device that got a message hands to the core: the map of texts that FCM and `RuStore` bring, or the
/// JSON that Huawei does.
fn brought(event: &Event) -> anyhow::Result<Vec<u8>> {
    let content = serde_json::to_value(&event.message.content)?;
    let data = &content["message"]["data"];
    Ok(match data.as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => serde_json::to_vec(data)?,
    })
}

#[tokio::test]
async fn what_came_by_push_and_by_the_hub_is_shown_once() -> anyhow::Result<()> {
    let stage = stage().await?;
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
    let id = publish(&stage, &anna).await?;
    // It was heard from just now, and gets the time to confirm.
    stage.clock.advance(Duration::from_secs(6));
    let received = stage.received(&phone, 1).await?;
    let pushed = device.client.handle_push(brought(&received[0])?).await?;
    assert_eq!(pushed, Pushed::Stored);
    device.has_shown(&[id]).await?;
    let again = device.client.handle_push(brought(&received[0])?).await?;
    assert!(!matches!(again, Pushed::Hint(_)), "{again:?}");
    device.client.go_online();
    device.online().await?;
    device.flush().await?;
    stage.becomes(id, DeliveryStatus::Delivered).await?;
    let attempt = stage.attempt(id).await?;
    assert_eq!(
        (attempt.channel, attempt.status),
        (Channel::Fcm.into(), AttemptStatus::Delivered.into())
    );
    saw_nothing(&stage);
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
    let stage = stage().await?;
    let anna = user("anna");
    let phone = stage.phone(&anna, Kind::FcmToken).await?;
    let death = Death {
        at: clock::timestamp(),
        ending: Ending::default(),
    };
    stage.simulator.kill(&phone.id, death)?;
    let id = publish(&stage, &anna).await?;
    let lost = stage.becomes(id, DeliveryStatus::Undelivered).await?;
    assert_eq!(lost.reason, Some(Reason::TokenDead.into()));
    let events = stage.server.backend.events().await?.into_iter();
    let told = events.filter(|event| event.kind == EventKind::DeliveryUndelivered);
    let told: Vec<_> = told.map(|event| event.data.reason).collect();
    assert_eq!(told, [lost.reason]);
    let view = stage.server.backend.notification(id).await?;
    assert_eq!(view.status, NotificationStatus::Error);
    assert_eq!(view.legacy_status, "ERROR");
    let asked = stage.requests_for(&phone).len();
    let second = publish(&stage, &anna).await?;
    let lost = stage.becomes(second, DeliveryStatus::Undelivered).await?;
    assert_eq!(lost.reason, Some(Reason::TokenDead.into()));
    assert_eq!(stage.requests_for(&phone).len(), asked);
    stage.stop().await
}

#[tokio::test]
async fn a_service_that_is_busy_is_asked_again_when_it_allows() -> anyhow::Result<()> {
    let stage = stage().await?;
    let anna = user("anna");
    let phone = stage.phone(&anna, Kind::FcmToken).await?;
    let retry_after = Some(2);
    fault(&stage, Fault::Throttle { retry_after }, 1)?;
    let id = publish(&stage, &anna).await?;
    stage.received(&phone, 1).await?;
    stage.becomes(id, DeliveryStatus::Sent).await?;
    assert_eq!(stage.attempt(id).await?.tries, 2);
    let asked: Vec<_> = stage
        .requests_for(&phone)
        .iter()
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
    let stage = stage().await?;
    let anna = user("anna");
    let phone = stage.phone(&anna, Kind::FcmToken).await?;
    let when = When::AfterAcceptance;
    fault(&stage, Fault::Reset { when }, 1)?;
    let id = publish(&stage, &anna).await?;
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
    let mut stage = stage().await?;
    let anna = user("anna");
    let phone = stage.phone(&anna, Kind::FcmToken).await?;
    fault(&stage, Fault::Slow { ms: 600_000 }, 1)?;
    let id = publish(&stage, &anna).await?;
    // The service has it, and the server dies before it hears so.
    stage.received(&phone, 1).await?;
    stage.server.halt(Halt::Kill).await?;
    // The next one waits for no lease.
    stage.server.resume().await?;
    stage.received(&phone, 2).await?;
    stage.becomes(id, DeliveryStatus::Sent).await?;
    let attempt = stage.attempt(id).await?;
    assert_eq!((attempt.tries, attempt.unproven), (2, 1));
    stage.stop().await
}

#[tokio::test]
async fn a_server_that_is_stopped_waits_for_the_answer_to_what_it_sent() -> anyhow::Result<()> {
    let mut stage = stage().await?;
    let anna = user("anna");
    let phone = stage.phone(&anna, Kind::FcmToken).await?;
    fault(&stage, Fault::Slow { ms: 1_500 }, 1)?;
    let id = publish(&stage, &anna).await?;
    // The service has it, and has not answered yet.
    stage.received(&phone, 1).await?;
    stage.server.halt(Halt::Drain).await?;
    stage.clock.advance(Duration::from_secs(31));
    stage.server.resume().await?;
    stage.becomes(id, DeliveryStatus::Sent).await?;
    let attempt = stage.attempt(id).await?;
    assert_eq!((attempt.tries, attempt.unproven), (1, 0));
    assert_eq!(stage.requests_for(&phone).len(), 1);
    stage.stop().await
}

#[tokio::test]
async fn a_push_that_is_scheduled_goes_out_at_its_time() -> anyhow::Result<()> {
    let stage = stage().await?;
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
    let other = publish(&stage, &anna).await?;
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
    let stage = stage().await?;
    let phone = stage
        .simulator
        .register(Registration::new(Kind::FcmToken))?;
    let addresses = json!([{"kind": "fcm_token", "value": phone.token}]);
    // A device of each: of one person, the first device's reason would be that of both.
    for (name, permission, reason) in [
        ("anna", "denied", Reason::BlockedOs),
        ("boris", "switched_off", Reason::BlockedApp),
    ] {
        let said = json!({"push_addresses": addresses, "permission": permission});
        stage.reports(&user(name), &said).await?;
        let id = publish(&stage, &user(name)).await?;
        let unwanted = stage.becomes(id, DeliveryStatus::Suppressed).await?;
        assert_eq!(unwanted.reason, Some(reason.into()));
        let view = stage.server.backend.notification(id).await?;
        assert_eq!(view.status, NotificationStatus::Sent);
    }
    assert_eq!(stage.requests_for(&phone).len(), 0);
    stage.stop().await
}

#[tokio::test]
async fn credentials_are_checked_and_never_shown() -> anyhow::Result<()> {
    let stage = stage().await?;
    let backend = &stage.server.backend;
    let listed: List<ProviderView> = backend.get(route::PROVIDERS).await?;
    let channels: Vec<_> = listed
        .data
        .iter()
        .map(|view| view.channel.as_str())
        .collect();
    assert_eq!(channels, ["apns", "fcm", "hms", "rustore", "webpush"]);
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
