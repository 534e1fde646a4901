//! What becomes of a message after each documented answer of each gateway: a shipped descriptor, the server's
//! HTTP client and the simulator of gateways.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use vestnik_clock::{Clock as _, SystemClock};
use vestnik_gateway::{Account, Answer, ChatId, Health, Message, Provider, RecipientKind, To};
use vestnik_model::{AttemptId, phone::PhoneNumber};
use vestnik_outbound::{Client, Limits, Protocol, Reach, Trust};
use vestnik_sim::gateway::{Gateways, Happening, Hook, Platform};

mod expected;
mod shown;

/// A row that was played.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Played {
    gateway: &'static str,
    answer: String,
    expected: String,
    observed: String,
}

/// The gateways as they were played.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Table(Vec<Played>);

impl Table {
    /// Plays the rows whose gateway and answer contain a text, if one is given; none, if none does.
    ///
    /// # Errors
    /// When a row could not be played, or an error that is documented has no row; that a row differs is no error.
    pub(crate) async fn play(only: Option<&str>) -> anyhow::Result<Option<Self>> {
        let mut played = Vec::new();
        for platform in Platform::ALL {
            played.extend(Round::start(platform).await?.play().await?);
        }
        let name = |row: &Played| format!("{} {}", row.gateway, row.answer);
        played.retain(|row| only.is_none_or(|text| name(row).contains(text)));
        Ok((!played.is_empty()).then_some(Self(played)))
    }

    /// Whether every row is as expected.
    pub(crate) fn holds(&self) -> bool {
        self.0.iter().all(Played::is_right)
    }
}

impl Played {
    fn is_right(&self) -> bool {
        self.expected == self.observed
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<12}{:<46}what it means", "gateway", "answer")?;
        for row in &self.0 {
            writeln!(f, "{:<12}{:<46}{}", row.gateway, row.answer, row.observed)?;
            if !row.is_right() {
                writeln!(f, "{:<58}{}", "  DIFFERS, expected", row.expected)?;
            }
        }
        let wrong = self.0.iter().filter(|row| !row.is_right()).count();
        let count = self.0.len();
        write!(
            f,
            "{count} rows, {} as expected, {wrong} differ",
            count - wrong
        )
    }
}

/// Whom messages are for, as the server and as the platform write it.
const PHONE: &str = "+79123456789";
const CHAT: &str = "987654321";

/// One gateway with its account, its platform and a client.
struct Round {
    platform: Platform,
    gateways: Gateways,
    provider: Provider,
    stranger: Provider,
    client: Client,
    phone: PhoneNumber,
    chat: ChatId,
    attempts: u128,
    played: Vec<Played>,
}

impl Round {
    async fn start(platform: Platform) -> anyhow::Result<Self> {
        let gateways = Gateways::start().await?;
        let origin = gateways.origin(platform);
        let settings = gateways.settings(platform);
        let place = origin.trim_start_matches("http://");
        let reach = Reach::public().and(place)?;
        Ok(Self {
            provider: provider(platform, &origin, &settings)?,
            stranger: provider(platform, &origin, &with_other_secrets(settings))?,
            client: Client::new(reach, &Trust::system(), Limits::default())?,
            phone: PhoneNumber::parse(PHONE)?,
            chat: ChatId::parse(CHAT)?,
            attempts: 0,
            played: Vec::new(),
            gateways,
            platform,
        })
    }

    async fn play(mut self) -> anyhow::Result<Vec<Played>> {
        self.taken().await?;
        self.refused().await?;
        self.people().await?;
        self.checks().await?;
        self.reports()?;
        Ok(self.played)
    }

    fn note(&mut self, answer: impl Into<String>, observed: String) {
        let answer = answer.into();
        self.played.push(Played {
            gateway: self.platform.as_str(),
            expected: expected::of(self.platform, &answer)
                .unwrap_or("no row")
                .to_owned(),
            answer,
            observed,
        });
    }

    /// What is taken, and what a repetition of the same attempt comes to.
    async fn taken(&mut self) -> anyhow::Result<()> {
        let first = self.send(false).await?;
        self.note("taken", shown::verdict(&first));
        self.attempts -= 1;
        let again = self.send(false).await?;
        let count = self.gateways.taken(self.platform).len();
        self.note("taken, and again", format!("{count} taken"));
        anyhow::ensure!(count == 2 || first == again, "a repetition has another id");
        Ok(())
    }

    /// Each documented error, and that messages are taken after it.
    async fn refused(&mut self) -> anyhow::Result<()> {
        for error in self.platform.documented() {
            self.gateways.refuse(self.platform, &error.name, 1);
            let verdict = self.send(false).await?;
            self.note(error.name, shown::verdict(&verdict));
        }
        self.gateways.recover(self.platform);
        let verdict = self.send(false).await?;
        self.note("taken after all that", shown::verdict(&verdict));
        Ok(())
    }

    /// Somebody who blocks, somebody whom nobody knows, and wrong credentials: the platform finds out by itself.
    async fn people(&mut self) -> anyhow::Result<()> {
        let verdict = self.send(true).await?;
        self.note("wrong credentials", shown::verdict(&verdict));
        for spelling in [PHONE, PHONE.trim_start_matches('+'), CHAT] {
            self.gateways.block(self.platform, spelling);
        }
        let verdict = self.send(false).await?;
        self.note("somebody who blocks", shown::verdict(&verdict));
        for spelling in [PHONE, PHONE.trim_start_matches('+'), CHAT] {
            self.gateways.forget(self.platform, spelling);
        }
        let verdict = self.send(false).await?;
        self.note("somebody unknown", shown::verdict(&verdict));
        Ok(())
    }

    async fn checks(&mut self) -> anyhow::Result<()> {
        for (answer, is_stranger) in [("check", false), ("check, wrong credentials", true)] {
            let provider = if is_stranger {
                &self.stranger
            } else {
                &self.provider
            };
            let request = provider
                .check()
                .ok_or_else(|| anyhow::anyhow!("there is no check"))??;
            let answered = self.client.send(request, Protocol::Any).await?;
            let health = provider.health(&Answer {
                status: answered.status,
                headers: &answered.headers,
                body: &answered.body,
            });
            let health = health.unwrap_or(Health::Good);
            self.note(answer, shown::health(health));
        }
        Ok(())
    }

    /// What the platform reports, signed as it signs, and the same with another byte.
    fn reports(&mut self) -> anyhow::Result<()> {
        let id = "1234".to_owned();
        let (chat, parameter) = (CHAT.to_owned(), "aZ0-_".to_owned());
        for (name, happening) in [
            ("delivered", Happening::Delivered { id: id.clone() }),
            ("read", Happening::Read { id: id.clone() }),
            ("failed", Happening::Failed { id }),
            (
                "started",
                Happening::Started {
                    parameter,
                    chat: chat.clone(),
                },
            ),
            ("blocked", Happening::Blocked { chat: chat.clone() }),
            ("unblocked", Happening::Unblocked { chat }),
            ("handshake", Happening::Handshake),
        ] {
            let Some(hook) = self.gateways.hook(self.platform, &happening) else {
                continue;
            };
            let now = SystemClock.now();
            let observed = shown::received(&self.provider, &hook, now)?;
            self.note(format!("report: {name}"), observed);
            let refused = shown::received(&self.stranger, &hook, now)?;
            anyhow::ensure!(
                refused == "refused: 401 Unauthorized",
                "{name} is believed by whoever has another secret: {refused}"
            );
        }
        Ok(())
    }

    async fn send(&mut self, is_stranger: bool) -> anyhow::Result<vestnik_gateway::Verdict> {
        self.attempts += 1;
        let now = SystemClock.now();
        let provider = if is_stranger {
            &self.stranger
        } else {
            &self.provider
        };
        let message = Message {
            attempt: attempt(self.attempts)?,
            to: match provider.descriptor().recipient() {
                RecipientKind::Phone => To::Phone(&self.phone),
                RecipientKind::Chat => To::Chat(&self.chat),
            },
            title: Some("Код"),
            body: "Ваш код: 4821\n\"<&>\"",
            link: None,
            locale: Some("ru"),
            callback: None,
            expires_at: now + SignedDuration::from_mins(5),
        };
        let request = provider.request(&message, now)?;
        let answered = self.client.send(request, Protocol::Any).await?;
        let answer = Answer {
            status: answered.status,
            headers: &answered.headers,
            body: &answered.body,
        };
        Ok(provider.outcome(&answer, now).verdict)
    }
}

fn attempt(number: u128) -> anyhow::Result<AttemptId> {
    let uuid = 0x0192_f0c1_0000_7000_8000_0000_0000_0000 + number;
    Ok(format!("att_{uuid:032x}").parse()?)
}

fn provider(
    platform: Platform,
    origin: &str,
    settings: &serde_json::Value,
) -> anyhow::Result<Provider> {
    let account = serde_json::json!({"providers": [{
        "name": "main", "gateway": platform.as_str(), "settings": settings, "origin": origin,
    }]});
    let account = Account::parse(&account.to_string())?;
    let provider = account.providers().first().cloned();
    provider.ok_or_else(|| anyhow::anyhow!("the account has no provider"))
}

/// The same settings of somebody else: every secret is another one.
fn with_other_secrets(mut settings: serde_json::Value) -> serde_json::Value {
    let secrets = [
        "token",
        "webhook_secret",
        "api_id",
        "key",
        "key_secret",
        "webhook_password",
        "app_secret",
        "verify_token",
    ];
    for name in secrets {
        if settings.get(name).is_some() {
            settings[name] = "another-secret".into();
        }
    }
    settings
}

/// What a hook is, to the crate.
fn headers(hook: &Hook) -> impl Iterator<Item = (&'static str, &str)> {
    hook.headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
}

type Now = Timestamp;
