//! Whether credentials work, without a push to anyone.

use std::sync::Arc;

use jiff::SignedDuration;
use uuid::Uuid;
use vestnik_clock::Clock as _;
use vestnik_model::{AttemptId, NotificationId, Reason, TrafficType};

use super::{
    account::{Driver, Inner},
    road::{Load, Road, unanswered},
    send::{over, read},
    station::Station,
};
use crate::{
    account::{Account, Credentials},
    address::{Address, ApnsAddress, Environment, FcmAddress, HmsAddress, RustoreAddress},
    outcome::{Connection, Outcome, Said, Verdict},
    push::{Content, Push, Urgency},
};

/// An address that no app has: well-formed enough to be looked for, and never found.
const NOBODY_AT_FCM: &str = "vestnik-provider-check:no-such-registration";
const NOBODY_AT_ANDROID: &str = "vestnik-provider-check-no-such-token";
const NOBODY_AT_APNS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What was found about an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// One for each place that was asked, in the order of asking.
    pub findings: Vec<Finding>,
}

impl Check {
    /// Whether the account can be used: some place takes its credentials. A key of APNs may be for one
    /// environment only.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.health == Health::Good)
    }
}

/// What was found at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The place: an origin, or `key` for what needs no service.
    pub place: String,
    /// What was found.
    pub health: Health,
    /// What the service said, if it said anything.
    pub said: Option<Said>,
}

/// Whether credentials work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// They do.
    Good,
    /// The service does not take them, or not for this app.
    Refused(Reason),
    /// The service cannot say now.
    Unknown(Reason),
}

impl Driver {
    /// Asks the account's service about its credentials, with a push to an address that nobody has. FCM
    /// and Huawei are asked to check it only; for Web Push, which has no service to ask, the key is tried.
    pub async fn check(&self, account: &Arc<Account>) -> Check {
        let findings = match self.inner.station(account) {
            Ok(station) => self.inner.findings(account, &station).await,
            Err(error) => {
                tracing::warn!(%error, "an account's certificates cannot be used");
                let health = Health::Refused(Reason::ConfigNoRoute);
                vec![key(health)]
            }
        };
        Check { findings }
    }
}

impl Inner {
    async fn findings(
        self: &Arc<Self>,
        account: &Arc<Account>,
        station: &Arc<Station>,
    ) -> Vec<Finding> {
        let environments: &[Environment] = match &account.credentials {
            Credentials::WebPush(credentials) => {
                let signed = credentials
                    .key
                    .token(&crate::fcm::production(), self.clock.now());
                return vec![key(match signed {
                    Ok(_) => Health::Good,
                    Err(_) => Health::Refused(Reason::ConfigProviderAuth),
                })];
            }
            Credentials::Fcm(_) | Credentials::Hms(_) | Credentials::Rustore(_) => {
                &[Environment::Production]
            }
            Credentials::Apns(_) => &[Environment::Production, Environment::Sandbox],
        };
        let mut findings = Vec::new();
        let hosts = match &account.credentials {
            Credentials::Rustore(rustore) => rustore.reserves() + 1,
            Credentials::Fcm(_)
            | Credentials::Apns(_)
            | Credentials::WebPush(_)
            | Credentials::Hms(_) => 1,
        };
        for environment in environments {
            for host in 0..hosts {
                let place = (*environment, host);
                findings.extend(self.finding(account, station, place).await);
            }
        }
        findings
    }

    async fn finding(
        self: &Arc<Self>,
        account: &Arc<Account>,
        station: &Arc<Station>,
        (environment, host): (Environment, usize),
    ) -> Option<Finding> {
        let address = nobody(account)?;
        let road = Road::of(account, &address)?;
        let push = self.probe();
        let load = Load {
            account,
            station,
            push: &push,
            environment,
            key: 0,
            host,
            refused: None,
            validate_only: true,
        };
        let (verdict, said) = match self.request(road, load).await {
            Err(verdict) => (verdict, None),
            Ok(made) => match station.client.send(made.request, road.protocol()).await {
                Err(error) => {
                    tracing::warn!(%error, "a check has no answer");
                    (unanswered(&error, road), None)
                }
                Ok(answer) => {
                    let Outcome { verdict, said } = read(road, &answer, self.clock.now());
                    if over(&verdict) == Connection::New {
                        station.client.retire(&answer);
                    }
                    (verdict, Some(said))
                }
            },
        };
        Some(Finding {
            place: road.origin(environment, host).to_string(),
            health: health(&verdict),
            said,
        })
    }

    fn probe(&self) -> Push {
        let now = self.clock.now();
        let id = Uuid::from_u128(0);
        Push {
            attempt: AttemptId::from_uuid(id),
            notification: NotificationId::from_uuid(id),
            expires_at: now
                .saturating_add(SignedDuration::from_mins(1))
                .unwrap_or(now),
            urgency: Urgency::Normal,
            traffic_type: TrafficType::Service,
            category: None,
            collapse: None,
            content: Content::Hint { alert: None },
        }
    }
}

fn nobody(account: &Account) -> Option<Address> {
    match account.credentials {
        Credentials::Fcm(_) => FcmAddress::token(NOBODY_AT_FCM).ok().map(Address::Fcm),
        Credentials::Apns(_) => ApnsAddress::parse(NOBODY_AT_APNS, None)
            .ok()
            .map(Address::Apns),
        Credentials::Hms(_) => HmsAddress::parse(NOBODY_AT_ANDROID).ok().map(Address::Hms),
        Credentials::Rustore(_) => RustoreAddress::parse(NOBODY_AT_ANDROID)
            .ok()
            .map(Address::Rustore),
        Credentials::WebPush(_) => None,
    }
}

/// What the answer to a push that nobody gets says of the credentials: what is refused for its address
/// has passed them.
const fn health(verdict: &Verdict) -> Health {
    match verdict {
        Verdict::Accepted { .. }
        | Verdict::Dead { .. }
        | Verdict::WrongEnvironment
        | Verdict::Suspect { .. } => Health::Good,
        Verdict::Refused { reason, .. } => Health::Refused(*reason),
        Verdict::Retry { reason, .. } | Verdict::Rejected { reason } => Health::Unknown(*reason),
        Verdict::Throttled { .. } => Health::Unknown(Reason::ProviderThrottled),
        Verdict::Unproven => Health::Unknown(Reason::ProviderUnproven),
    }
}

fn key(health: Health) -> Finding {
    Finding {
        place: "key".to_owned(),
        health,
        said: None,
    }
}
