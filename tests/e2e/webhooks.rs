//! Webhooks: the real server sends an App's events to receivers over HTTP, kind ones and hostile ones.

mod administration;
pub(crate) mod stage;

use std::time::Duration;

use anyhow::Context as _;
use rusqlite::Connection;
use serde_json::json;
use vestnik_model::{
    Channel, EventId, EventKind,
    webhook::{WebhookDisabledReason, WebhookStatus, WebhookTrouble},
};
use vestnik_testkit::{Receiver, name::user, receiver::Reaction, server::Halt};

use self::stage::{PLANTED, Stage, ids, is_signed, received};

/// Longer than the first pause after a failure.
const FIRST_PAUSE: Duration = Duration::from_secs(6);
/// Longer than any pause that a receiver can ask for.
const DAY: Duration = Duration::from_secs(25 * 60 * 60);

#[tokio::test]
async fn events_are_sent_in_order_signed_and_without_content() -> anyhow::Result<()> {
    let (shared, public) = (Receiver::start().await?, Receiver::start().await?);
    let stage = Stage::new(&[&shared, &public]).await?;
    let hmac = stage.add(&shared).await?;
    let ed25519 = json!({"url": public.url(), "signature": "ed25519"});
    let ed25519 = stage.add_with(ed25519).await?;
    assert!(ed25519.verifier.starts_with("whpk_"));
    stage.publish(&user("nobody")).await?;
    // One commit with two events: of the delivery, and of the notification.
    stage.read_by(&user("anna")).await?;
    let events = stage.events().await?;
    let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    assert!(
        kinds.ends_with(&["delivery.read", "notification.sent"]),
        "{kinds:?}"
    );
    let channels = events.iter().filter_map(|event| event.data.channel.clone());
    assert_eq!(channels.collect::<Vec<_>>(), [Channel::Hub]);
    let told: Vec<_> = events.iter().map(|event| event.id.to_string()).collect();
    assert!(told.len() >= 3, "{told:?}");
    for (receiver, key) in [(&shared, &hmac), (&public, &ed25519)] {
        let all = received(receiver, told.len()).await?;
        assert_eq!(ids(&all), told, "each once, in the order of events");
        for (one, event) in all.iter().zip(&events) {
            assert_eq!(one.body, serde_json::to_string(event)?);
            assert_eq!(one.headers["content-type"], "application/json");
            assert!(is_signed(one, &key.verifier)?, "{:?}", one.headers);
            let other = [&hmac, &ed25519]
                .into_iter()
                .find(|other| other.id != key.id);
            assert!(!is_signed(one, &other.unwrap_or(key).verifier)?);
            let whole = format!("{one:?}");
            assert!(!whole.contains(PLANTED), "{whole}");
        }
        let last = events.last().map(|event| event.id);
        let view = stage.becomes(key, "the cursor's end", |view| Some(view.cursor) == last);
        let answer = view.await?.last_answer;
        assert_eq!(answer.and_then(|answer| answer.status), Some(200));
    }
    stage.server.stop().await
}

#[tokio::test]
async fn a_hostile_receiver_holds_up_itself_only() -> anyhow::Result<()> {
    let mut hostile = Vec::new();
    for reaction in [
        Reaction::Hold,
        Reaction::Endless,
        Reaction::Cut,
        Reaction::Redirect("http://169.254.169.254/latest/meta-data/".to_owned()),
        Reaction::Status(500),
    ] {
        let receiver = Receiver::start().await?;
        receiver.otherwise(reaction);
        hostile.push(receiver);
    }
    let good = Receiver::start().await?;
    let mut listed: Vec<_> = hostile.iter().collect();
    listed.push(&good);
    let stage = Stage::new(&listed).await?;
    let mut keys = Vec::new();
    for receiver in &hostile {
        keys.push(stage.add(receiver).await?);
    }
    stage.add(&good).await?;
    for receiver in &hostile {
        stage.publish(&user("anna")).await?;
        received(receiver, 1).await?;
    }
    let told = stage.events().await?.len();
    received(&good, told).await?;
    let answers: [(usize, Option<u16>, Option<WebhookTrouble>); 3] = [
        (2, None, Some(WebhookTrouble::Lost)),
        (3, Some(307), None),
        (4, Some(500), None),
    ];
    for (index, status, trouble) in answers {
        let key = &keys[index];
        let view = stage
            .becomes(key, "a failure", |view| view.failures > 0)
            .await?;
        let answer = view.last_answer.unwrap_or_else(|| panic!("{index}"));
        assert_eq!(answer.status, status);
        assert_eq!(answer.trouble.and_then(|trouble| trouble.known()), trouble);
        assert!(view.failing_since.is_some() && view.next_try_at.is_some());
    }
    // An answer without an end is an answer by its status.
    let view = stage.becomes(&keys[1], "a taken event", |view| view.last_answer.is_some());
    let view = view.await?;
    assert_eq!(view.last_answer.and_then(|answer| answer.status), Some(200));
    // What was lost after it was received is sent again, under the same id.
    stage.clock.advance(FIRST_PAUSE);
    let again = ids(&received(&hostile[2], 2).await?);
    assert_eq!(again[0], again[1]);
    stage.server.stop().await
}

#[tokio::test]
async fn a_failed_event_is_repeated_and_none_overtakes_it() -> anyhow::Result<()> {
    let receiver = Receiver::start().await?;
    let stage = Stage::new(&[&receiver]).await?;
    let key = stage.add(&receiver).await?;
    receiver.plan([Reaction::Status(500), Reaction::Slow(3_600)]);
    stage.publish(&user("anna")).await?;
    let events = stage.events().await?.len();
    stage
        .becomes(&key, "the first failure", |view| view.failures == 1)
        .await?;
    stage.publish(&user("bert")).await?;
    assert_eq!(receiver.received().len(), 1, "an event ends no pause");
    stage.clock.advance(FIRST_PAUSE);
    stage
        .becomes(&key, "the second failure", |view| view.failures == 2)
        .await?;
    stage.clock.advance(DAY);
    let told = stage.events().await?;
    assert!(told.len() > events);
    let all = ids(&received(&receiver, told.len() + 2).await?);
    assert_eq!((&all[0], &all[1]), (&all[2], &all[2]));
    let wanted: Vec<_> = told.iter().map(|event| event.id.to_string()).collect();
    assert_eq!(all[2..], wanted);
    let well = stage
        .becomes(&key, "success", |view| view.failures == 0)
        .await?;
    assert_eq!(well.failing_since, None);
    stage.server.stop().await
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_left_alone_until_it_is_enabled() -> anyhow::Result<()> {
    let (receiver, other) = (Receiver::start().await?, Receiver::start().await?);
    let stage = Stage::new(&[&receiver, &other]).await?;
    let key = stage.add(&receiver).await?;
    stage.add(&other).await?;
    receiver.plan([Reaction::Status(410)]);
    stage.publish(&user("anna")).await?;
    let view = stage
        .becomes(&key, "its end", |view| {
            view.status == WebhookStatus::Disabled
        })
        .await?;
    assert_eq!(
        view.disabled_reason.and_then(|reason| reason.known()),
        Some(WebhookDisabledReason::Gone)
    );
    stage.publish(&user("bert")).await?;
    stage.act(&key, "enable", None).await?;
    let told = stage.events().await?;
    let all = ids(&received(&receiver, told.len() + 1).await?);
    let wanted: Vec<_> = told.iter().map(|event| event.id.to_string()).collect();
    assert_eq!(all[0], wanted[0], "it was sent once while it was gone");
    assert_eq!(all[1..], wanted, "and none is missing");
    // The others are told.
    let mut told = told.iter();
    let disabled = told.find(|event| event.kind == EventKind::WebhookDisabled);
    let disabled = disabled.context("it is told")?;
    assert_eq!(disabled.data.webhook_id, Some(key.id));
    assert_eq!(
        disabled.data.disabled_reason,
        Some(WebhookDisabledReason::Gone.into())
    );
    let to_other = ids(&received(&other, wanted.len()).await?);
    assert_eq!(to_other, wanted);
    stage.server.stop().await
}

/// The receiver takes an event, and the server dies before its commit: held up by a lock on the file.
#[tokio::test]
async fn what_was_taken_before_the_server_died_is_sent_again_under_its_id() -> anyhow::Result<()> {
    let receiver = Receiver::start().await?;
    let mut stage = Stage::new(&[&receiver]).await?;
    let key = stage.add(&receiver).await?;
    let before = stage.view(&key).await?.cursor;
    receiver.plan([Reaction::Hold]);
    stage.publish(&user("anna")).await?;
    received(&receiver, 1).await?;
    let told = stage.events().await?;
    let lock = Connection::open(stage.server.database())?;
    lock.execute_batch("BEGIN IMMEDIATE")?;
    receiver.release();
    assert_eq!(stage.view(&key).await?.cursor, before, "nothing was noted");
    stage.server.halt(Halt::Kill).await?;
    lock.execute_batch("ROLLBACK")?;
    drop(lock);
    assert_eq!(receiver.received().len(), 1);
    stage.server.resume().await?;
    let all = ids(&received(&receiver, told.len() + 1).await?);
    let wanted: Vec<_> = told.iter().map(|event| event.id.to_string()).collect();
    assert_eq!(all[0], wanted[0]);
    assert_eq!(all[1..], wanted, "the first again, and none is missing");
    stage.server.stop().await
}

/// While it is disabled, events become older than they are kept.
#[tokio::test]
async fn a_receiver_that_falls_behind_is_told() -> anyhow::Result<()> {
    let receiver = Receiver::start().await?;
    let stage = Stage::new(&[&receiver]).await?;
    let key = stage.add(&receiver).await?;
    let before = stage.view(&key).await?.cursor;
    stage.act(&key, "disable", None).await?;
    stage.publish(&user("anna")).await?;
    let lost = stage.events().await?;
    stage.clock.advance(Duration::from_secs(8 * 24 * 60 * 60));
    // The last event of all is never deleted.
    stage.publish(&user("bert")).await?;
    let view = stage
        .becomes(&key, "a gap", |view| view.missed_up_to.is_some())
        .await?;
    let missed = view.missed_up_to;
    assert!(missed >= lost.last().map(|event| event.id), "{missed:?}");
    stage.act(&key, "enable", None).await?;
    let kept = stage.events().await?;
    let all = received(&receiver, kept.len() + 1).await?;
    let gap: serde_json::Value = serde_json::from_str(&all[0].body)?;
    assert_eq!(gap["type"], "webhook.gap");
    let data = json!({"missed_after": before, "missed_up_to": missed});
    assert_eq!(gap["data"], data);
    let id: EventId = serde_json::from_value(gap["id"].clone())?;
    assert!(lost.iter().all(|event| event.id < id), "none had it: {id}");
    assert!(Some(id) > missed && kept.iter().all(|event| id < event.id));
    let behind = stage.events_behind(id).await?;
    assert_eq!(behind, kept, "a receiver reads on behind it");
    let wanted: Vec<_> = kept.iter().map(|event| event.id.to_string()).collect();
    assert_eq!(ids(&all)[1..], wanted);
    let told = stage.becomes(&key, "the gap told", |view| view.missed_up_to.is_none());
    told.await?;
    stage.server.stop().await
}

/// `localhost` is no public host, whatever the name says.
#[tokio::test]
async fn a_name_that_leads_inside_is_not_connected_to() -> anyhow::Result<()> {
    let receiver = Receiver::start().await?;
    let stage = Stage::new(&[]).await?;
    let port = receiver
        .host()
        .rsplit_once(':')
        .map(|(_, port)| port.to_owned());
    let url = format!("https://localhost:{}/hook", port.unwrap_or_default());
    let key = stage.add_with(json!({"url": url})).await?;
    stage.publish(&user("anna")).await?;
    let view = stage
        .becomes(&key, "a failure", |view| view.failures > 0)
        .await?;
    let trouble = view.last_answer.and_then(|answer| answer.trouble);
    assert_eq!(
        trouble.and_then(|trouble| trouble.known()),
        Some(WebhookTrouble::AddressForbidden)
    );
    assert_eq!(receiver.received(), []);
    stage.server.stop().await
}
