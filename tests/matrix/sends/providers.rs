//! Mailings by a gateway with two providers, of which the first is down for a minute and works again: the second
//! sends what the first is proven not to have taken, and nothing goes by both.

use std::{collections::BTreeMap, fmt, time::Duration};

use anyhow::Context as _;
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use vestnik_clock::ManualClock;
use vestnik_model::{Channel, DeliveryId, GatewayName, NotificationId, UserId, route};
use vestnik_sim::Options;
use vestnik_testkit::{PushStage, Receiver, clock::instant, name::user, receiver::Reaction};

use super::{Run, check::Checker, figures::Figures, plan::Plan};
use crate::play::now;

/// For how long the first provider is down.
const OUTAGE: Duration = Duration::from_mins(1);
/// What the first provider does to the first requests of the outage: those that it cuts it may have taken.
const FIRST: [Reaction; 8] = [
    Reaction::Status(503),
    Reaction::Status(503),
    Reaction::Cut,
    Reaction::Status(503),
    Reaction::Cut,
    Reaction::Status(503),
    Reaction::Status(503),
    Reaction::Status(503),
];
/// How many of these are cut.
const CUT: usize = 2;

/// What came of the two mailings.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Providers {
    /// While the first provider was down.
    down: Mailing,
    /// After it was down.
    back: Mailing,
    /// How many requests the first provider got while it was down.
    asked: usize,
    /// How many seconds it took.
    seconds: f64,
    /// Promises that were not kept.
    broken: Vec<String>,
}

/// What came of a mailing.
#[derive(Debug, Clone, Default, Serialize)]
struct Mailing {
    deliveries: usize,
    by_first: usize,
    by_second: usize,
    /// Those that the first may have had: nothing else was tried.
    unproven: usize,
}

impl Providers {
    pub(crate) const fn holds(&self) -> bool {
        self.broken.is_empty()
    }
}

/// Sends to so many numbers twice.
///
/// # Errors
/// When something could not be carried out; a promise that is broken stands in the figures.
pub(crate) async fn run(sends: usize, seed: u64) -> anyhow::Result<Providers> {
    let began = instant();
    let mut people = People::start(sends, seed).await?;
    people.first.plan(FIRST);
    people.first.otherwise(Reaction::Status(503));
    let down = people.mail(true).await?;
    let asked = people.first.received().len();
    people.down(&down);
    people.run.stage.clock.advance(OUTAGE);
    people.first.plan(ids("first", sends));
    let back = people.mail(false).await?;
    people.back(&back);
    people.run.stage.stop().await?;
    Ok(Providers {
        down,
        back,
        asked,
        seconds: began.elapsed().as_secs_f64(),
        broken: people.broken,
    })
}

/// The answers of a provider that takes messages.
fn ids(provider: &str, count: usize) -> impl Iterator<Item = Reaction> {
    let id = move |number| json!({"id": format!("{provider}-{number}")}).to_string();
    (0..count).map(move |number| Reaction::Json(200, id(number)))
}

/// Everyone has a telephone number and nothing else.
struct People {
    run: Run,
    numbers: BTreeMap<String, UserId>,
    first: Receiver,
    second: Receiver,
    broken: Vec<String>,
}

impl People {
    async fn start(count: usize, seed: u64) -> anyhow::Result<Self> {
        let (first, second) = (Receiver::start().await?, Receiver::start().await?);
        second.plan(ids("second", 2 * count));
        let clock = ManualClock::new(now()?, seed);
        let listed = vec![first.host(), second.host()];
        let mut people = Self {
            run: Run {
                stage: PushStage::beside(clock, Options::default(), listed).await?,
                plan: Plan::new(count, seed),
                phones: BTreeMap::new(),
                registered: 0,
                checker: Checker::default(),
                figures: Figures::new(seed),
                seen: 0,
            },
            numbers: BTreeMap::new(),
            first,
            second,
            broken: Vec::new(),
        };
        people.have_account().await?;
        for number in 0..count {
            people.come(number).await?;
        }
        people.run.stage.clock.advance(Duration::from_secs(1));
        Ok(people)
    }

    async fn have_account(&self) -> anyhow::Result<()> {
        let provider = |name: &str, at: &Receiver| {
            json!({
                "name": name, "gateway": "sms", "origin": format!("http://{}", at.host()),
                "per_second": 1_000, "settings": {"token": "secret-token"},
            })
        };
        let providers = [
            provider("first", &self.first),
            provider("second", &self.second),
        ];
        let account = json!({"providers": providers});
        let channel = Channel::Gateway(GatewayName::parse("sms")?);
        let put = self.run.stage.put_provider(channel, &account);
        let (status, answer) = put.await?;
        anyhow::ensure!(status == StatusCode::NO_CONTENT, "{answer}");
        Ok(())
    }

    async fn come(&mut self, number: usize) -> anyhow::Result<()> {
        let name = user(&format!("user-{number}"));
        let phone = format!("+4930{}", 1_000_000 + number);
        let path = route::with(route::USER, name.as_str());
        let put = self.run.stage.server.backend.request(Method::PUT, &path)?;
        let answer = put.json(&json!({"phone": phone})).send().await?;
        anyhow::ensure!(answer.status().is_success(), "{}", answer.status());
        self.numbers.insert(phone, name);
        Ok(())
    }

    /// Sends to everyone, and looks at what the providers got. While the first one is down, it may be asked again for
    /// what it said that it does not take.
    async fn mail(&mut self, is_down: bool) -> anyhow::Result<Mailing> {
        let before = (counts(&self.first)?, counts(&self.second)?);
        let everyone: Vec<_> = self.numbers.values().cloned().collect();
        let steps: Vec<_> = serde_json::from_value(json!([{"channel": "sms"}]))?;
        let notifications = self.run.publish_by(&everyone, Some(&steps)).await?;
        self.run.pass(&notifications).await?;
        let after = (counts(&self.first)?, counts(&self.second)?);
        let by = self.noted(&notifications).await?;
        let mut mailing = Mailing::default();
        for (number, name) in &self.numbers {
            let got = |before: &BTreeMap<_, _>, after: &BTreeMap<_, _>| -> usize {
                let of = |counts: &BTreeMap<String, usize>| counts.get(number).copied();
                of(after).unwrap_or_default() - of(before).unwrap_or_default()
            };
            let asked = (got(&before.0, &after.0), got(&before.1, &after.1));
            let noted = by.get(name).context("everyone has a delivery")?;
            mailing.deliveries += 1;
            match (noted.provider.as_deref(), noted.is_sent, asked) {
                (Some("second"), true, (first, 1)) if is_down || first == 0 => {
                    mailing.by_second += 1;
                }
                (Some("first"), true, (1, 0)) => mailing.by_first += 1,
                (Some("first"), false, (1, 0)) if noted.is_unproven => mailing.unproven += 1,
                (provider, is_sent, (first, second)) => self.broken.push(format!(
                    "{name}: {first} at the first, {second} at the second, noted as {provider:?}, sent: {is_sent}"
                )),
            }
        }
        self.explains(&by).await?;
        Ok(mailing)
    }

    /// What the server says of each delivery.
    async fn noted(&self, ids: &[NotificationId]) -> anyhow::Result<BTreeMap<UserId, Noted>> {
        let mut all = BTreeMap::new();
        for id in ids {
            for delivery in self.run.deliveries(*id).await? {
                let attempts = self.run.stage.attempts(delivery.id).await?;
                let [attempt] = attempts.as_slice() else {
                    anyhow::bail!("{} has {} attempts", delivery.user, attempts.len());
                };
                let noted = Noted {
                    delivery: delivery.id,
                    provider: attempt.provider.clone(),
                    is_sent: delivery.status == vestnik_model::DeliveryStatus::Sent,
                    is_unproven: attempt.unproven > 0,
                };
                all.insert(delivery.user, noted);
            }
        }
        Ok(all)
    }

    /// Insists that somebody who asks is told by which provider each went, and why not by the one before.
    async fn explains(&mut self, noted: &BTreeMap<UserId, Noted>) -> anyhow::Result<()> {
        let of_second = |noted: &&Noted| noted.provider.as_deref() == Some("second");
        for noted in noted.values().filter(of_second) {
            let path = route::with(route::EXPLAIN_DELIVERY, &noted.delivery.to_string());
            let told: Value = self.run.stage.server.backend.get(&path).await?;
            let statements = told["statements"].as_array().context("a list")?;
            let of = |provider: &str| {
                let mut of_sms = statements.iter().filter(|it| it["channel"] == "sms");
                of_sms.position(|it| it["provider"] == provider)
            };
            let is_caused = statements.iter().any(|it| {
                let is_passed = it["code"] == "passed_over" || it["code"] == "not_taken";
                is_passed && it["provider"] == "first" && it["reason"].is_string()
            });
            let is_in_order = of("first").is_some() && of("first") < of("second");
            if !is_caused || !is_in_order {
                let untold = format!("explained without the providers: {told}");
                self.broken.push(untold);
            }
        }
        Ok(())
    }

    fn down(&mut self, mailing: &Mailing) {
        let expected = mailing.deliveries - CUT;
        if mailing.by_second != expected || mailing.unproven != CUT {
            let wrong = format!("{expected} were to go by the second: {mailing:?}");
            self.broken.push(wrong);
        }
    }

    fn back(&mut self, mailing: &Mailing) {
        if mailing.unproven > 0 || mailing.by_first == 0 {
            let wrong = format!("the first works and is not used: {mailing:?}");
            self.broken.push(wrong);
        }
    }
}

/// What the server says of a delivery.
#[derive(Debug)]
struct Noted {
    delivery: DeliveryId,
    provider: Option<String>,
    is_sent: bool,
    is_unproven: bool,
}

/// How often a provider was asked to write to each number.
fn counts(provider: &Receiver) -> anyhow::Result<BTreeMap<String, usize>> {
    let mut counts = BTreeMap::new();
    for received in provider.received() {
        let message: Value = serde_json::from_str(&received.body)?;
        let to = message["to"].as_str().context("a message has a number")?;
        *counts.entry(to.to_owned()).or_default() += 1;
    }
    Ok(counts)
}

impl fmt::Display for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, mailing) in [
            ("first provider down", &self.down),
            ("first provider back", &self.back),
        ] {
            let Mailing {
                deliveries,
                by_first,
                by_second,
                unproven,
            } = mailing;
            writeln!(
                f,
                "{name}: {deliveries} deliveries, {by_first} by the first, {by_second} by the second, \
                 {unproven} with an unproven try"
            )?;
        }
        writeln!(f, "asked while it was down: {} times", self.asked)?;
        for broken in self.broken.iter().take(20) {
            writeln!(f, "  BROKEN: {broken}")?;
        }
        let verdict = if self.holds() { "holds" } else { "BROKEN" };
        write!(f, "providers in {:.0} s: {verdict}", self.seconds)
    }
}
