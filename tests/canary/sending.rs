//! What leaves by push services and by mail, which answer well and badly.

use std::time::Duration;

use anyhow::Context as _;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use vestnik_model::{Channel, NotificationId, UserId, route};
use vestnik_sim::{Death, DeviceView, Ending, Fault, Kind, Match, Options, Rule, When};
use vestnik_testkit::{
    PushStage,
    clock::{self, AheadClock},
    name::user,
    wait::asked,
};

use crate::{mail_server::MailServer, put, secrets::Secrets};

/// How far the clock goes while something is waited for: a pause between tries is soon over.
const STRIDE: Duration = Duration::from_secs(20);
const PHONES: [Kind; 6] = [
    Kind::FcmToken,
    Kind::FcmFid,
    Kind::Apns,
    Kind::WebPush,
    Kind::Hms,
    Kind::Rustore,
];
/// Mailboxes by what becomes of a letter to them, and how often they are named until that is seen.
const MAILBOXES: [(&str, u32); 4] = [("vera", 1), ("unknown", 1), ("busy", 2), ("cut", 2)];

struct Stage {
    push: PushStage<AheadClock>,
    mail: MailServer,
}

/// Sends by each service and by mail, with trouble on the way; keeps what must not be logged.
pub(crate) async fn send(secrets: &mut Secrets) -> anyhow::Result<()> {
    let mail = MailServer::open().await?;
    let listed = vec![mail.address().to_string()];
    let push = PushStage::beside(AheadClock::default(), Options::default(), listed).await?;
    let stage = Stage { push, mail };
    accounts(&stage, secrets).await?;
    trouble(&stage)?;
    by_push(&stage, secrets).await?;
    by_mail(&stage, secrets).await?;
    stage.push.stop().await
}

/// Keys and passwords, right and wrong ones.
async fn accounts(stage: &Stage, secrets: &mut Secrets) -> anyhow::Result<()> {
    let credentials = &stage.push.simulator.setup().credentials;
    for (name, key) in [
        (
            "key of the service account",
            &credentials.service_account_key,
        ),
        ("key of APNs", &credentials.apns_key),
    ] {
        // Its second line: PEM is logged line by line, or not at all.
        secrets.keep(name, key.lines().nth(1).context("it has lines")?);
    }
    // What the simulator's grants begin with.
    secrets.keep("access token of FCM", "ya29.");
    let place = stage.mail.address();
    let password = secrets.keep("password of the mail server", "canary-mail-password");
    secrets.keep(
        "proof of the password",
        BASE64_STANDARD.encode(format!("\0canary\0{password}")),
    );
    let account = json!({
        "host": place.ip(), "port": place.port(), "security": "none",
        "user": "canary", "password": password,
        "from": "news@shop.example", "bounces": "bounce@shop.example",
    });
    let (status, answer) = stage.push.put_provider(Channel::Email, &account).await?;
    anyhow::ensure!(status.is_success(), "{status} {answer}");
    for channel in [Channel::Fcm, Channel::Apns, Channel::Webpush] {
        let mut wrong = stage.push.account(channel);
        wrong["private_key"] = json!(secrets.keep("wrong key", format!("canary-{channel}-key")));
        let (status, answer) = stage.push.put_provider(channel, &wrong).await?;
        anyhow::ensure!(status.is_client_error(), "{status}");
        secrets.check(&answer.to_string());
    }
    for (channel, field) in [
        (Channel::Hms, "client_secret"),
        (Channel::Rustore, "service_token"),
    ] {
        let account = stage.push.account(channel);
        secrets.keep(field, account[field].as_str().context("it is a text")?);
        let mut wrong = account.clone();
        wrong["base_urls"] = json!([secrets.keep("wrong host", format!("canary-{channel}-host"))]);
        wrong["token_uri"] = wrong["base_urls"][0].clone();
        let (status, answer) = stage.push.put_provider(channel, &wrong).await?;
        anyhow::ensure!(status.is_client_error(), "{status}");
        secrets.check(&answer.to_string());
    }
    Ok(())
}

/// Each service throttles, fails and cuts before it takes anything.
fn trouble(stage: &Stage) -> anyhow::Result<()> {
    let rules = PHONES.iter().flat_map(|kind| {
        let faults = [
            Fault::Throttle {
                retry_after: Some(1),
            },
            Fault::Status {
                code: 503,
                reason: None,
                field: None,
                retry_after: None,
            },
            Fault::Reset {
                when: When::AfterAcceptance,
            },
        ];
        faults.map(|fault| Rule {
            matching: Match {
                service: Some(kind.service()),
                times: Some(1),
                ..Match::default()
            },
            fault,
        })
    });
    Ok(stage.push.simulator.set_faults(rules.collect())?)
}

/// A phone of each service gets a push, and a second one when its address is dead, which becomes a letter.
async fn by_push(stage: &Stage, secrets: &mut Secrets) -> anyhow::Result<()> {
    for (number, kind) in PHONES.into_iter().enumerate() {
        let name = format!("anna-{number}");
        let someone = user(&name);
        let phone = stage.push.phone(&someone, kind).await?;
        address(&phone, secrets)?;
        let mailbox = secrets.keep("mailbox", format!("{name}@canary.example"));
        email(stage, &someone, &mailbox).await?;
        publish(stage, &someone, secrets).await?;
        waited(stage, "a push", || {
            !stage.push.simulator.received(&phone.id).is_empty()
        })
        .await?;
        let death = Death {
            at: clock::timestamp(),
            ending: Ending::default(),
        };
        stage.push.simulator.kill(&phone.id, death)?;
        publish(stage, &someone, secrets).await?;
        waited(stage, "a letter", || stage.mail.named(&mailbox) > 0).await?;
    }
    Ok(())
}

/// People without a phone get letters: one is taken, one refused, one put off, and one of which nothing is
/// heard.
async fn by_mail(stage: &Stage, secrets: &mut Secrets) -> anyhow::Result<()> {
    for (name, times) in MAILBOXES {
        let mailbox = secrets.keep("mailbox", format!("{name}@canary.example"));
        let someone = user(name);
        email(stage, &someone, &mailbox).await?;
        let id = publish(stage, &someone, secrets).await?;
        waited(stage, name, || stage.mail.named(&mailbox) >= times).await?;
        told(stage, id, secrets).await?;
    }
    Ok(())
}

/// What the sender is told of trouble repeats none of it either.
async fn told(stage: &Stage, id: NotificationId, secrets: &Secrets) -> anyhow::Result<()> {
    let delivery = stage.push.delivery(id).await?.id.to_string();
    for path in [
        route::with(route::ATTEMPTS, &delivery),
        route::EVENTS.to_owned(),
    ] {
        let answer: Value = stage.push.server.backend.get(&path).await?;
        secrets.check(&answer.to_string());
    }
    Ok(())
}

fn address(phone: &DeviceView, secrets: &mut Secrets) -> anyhow::Result<()> {
    if let Some(token) = &phone.token {
        secrets.keep("token", token);
    }
    if let Some(subscription) = &phone.subscription {
        let path = subscription.endpoint.rsplit('/').next();
        secrets.keep("endpoint", path.context("it has a path")?);
        secrets.keep("key of a subscription", &subscription.keys.auth);
    }
    Ok(())
}

async fn email(stage: &Stage, someone: &UserId, mailbox: &str) -> anyhow::Result<()> {
    let path = route::with(route::USER_EMAIL, someone.as_str());
    put(&stage.push.server, &path, &json!({"address": mailbox})).await
}

async fn publish(
    stage: &Stage,
    someone: &UserId,
    secrets: &mut Secrets,
) -> anyhow::Result<NotificationId> {
    let request = json!({
        "to": {"users": [someone]},
        "notification": {
            "title": secrets.keep("title", "canary-sent-title"),
            "body": secrets.keep("body", "canary-sent-body"),
            "data": {"key": secrets.keep("data", "canary-sent-data")},
        },
        "steps": [
            {"channel": "push", "wait_for": "handed", "within_seconds": 86_400},
            {"channel": "email"},
        ],
    });
    let backend = &stage.push.server.backend;
    let answer = backend.post(route::NOTIFICATIONS, &request).await?;
    let answer: Value = answer.error_for_status()?.json().await?;
    Ok(answer["id"].as_str().context("it has an id")?.parse()?)
}

/// Waits for something while time goes by.
async fn waited(stage: &Stage, what: &str, is_there: impl Fn() -> bool) -> anyhow::Result<()> {
    asked(what, async || {
        stage.push.clock.advance(STRIDE);
        Ok(is_there().then_some(()))
    })
    .await
}
