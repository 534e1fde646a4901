//! Everything that the simulator knows. It decides; it has no socket, clock or task.

use http::StatusCode;
use jiff::Timestamp;

use crate::{
    apns::{self, ProviderKey, ProviderTokens, Team},
    counters::Counters,
    device::{Address, Death, Device, DeviceView, SubscriptionKeys, SubscriptionView},
    fault::{Asked, Fault, Faults, When},
    fcm::{self, Bearers, FcmProject},
    fleet::{Defaults, Fleet},
    hms::{self, HmsApp},
    incoming::Incoming,
    journal::{Journal, Subject},
    reply::Reply,
    ring::Bound,
    rustore::{self, RustoreProject},
    service::{Door, Service},
    web_push,
};

/// The path of the token endpoint.
pub(crate) const TOKEN_PATH: &str = "/token";

/// The most signing keys of the APNs team.
const MOST_KEYS: usize = 20;

/// The accounts that senders use, as the services keep them.
#[derive(Debug, Clone)]
pub(crate) struct Accounts {
    pub(crate) project: FcmProject,
    pub(crate) team: Team,
    /// The origin of Web Push endpoints.
    pub(crate) origin: String,
    pub(crate) hms: HmsApp,
    pub(crate) rustore: RustoreProject,
}

/// The state of all services.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) fleet: Fleet,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) counters: Counters,
    bearers: Bearers,
    hms_bearers: Bearers,
    provider_tokens: ProviderTokens,
    accounts: Accounts,
}

/// What the driver does with a request.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// The answer; absent, the connection is cut.
    pub(crate) reply: Option<Reply>,
    /// The connection takes no further requests.
    pub(crate) is_last: bool,
    /// How many milliseconds the answer waits.
    pub(crate) delay: u64,
}

/// The time and the random bytes of one request.
pub(crate) type Moment = (Timestamp, [u8; 32]);

impl World {
    pub(crate) fn new(accounts: Accounts, defaults: Defaults, journal: Bound) -> Self {
        Self {
            fleet: Fleet::new(defaults),
            faults: Faults::default(),
            journal: Journal::new(journal),
            counters: Counters::default(),
            bearers: Bearers::default(),
            hms_bearers: Bearers::default(),
            provider_tokens: ProviderTokens::default(),
            accounts,
        }
    }

    /// Works on a request.
    pub(crate) fn handle(&mut self, request: &Incoming, moment: Moment) -> Verdict {
        let (now, _) = moment;
        let subject = self.subject(request);
        let number = self.journal.note(request, &subject, now);
        let device = subject.device.as_deref();
        let decided = self.faults.decide(subject.service, device, now);
        let rule = decided.as_ref().map(|(rule, _)| *rule);
        let verdict = match decided {
            None => self.answer(request, moment).into(),
            Some((_, fault)) => self.afflicted(fault, &subject, request, moment),
        };
        self.journal.answered(number, rule, verdict.reply.as_ref());
        self.counters.count(subject.service, verdict.reply.as_ref());
        verdict
    }

    /// Forgets what belongs to a connection that is closed.
    pub(crate) fn closed(&mut self, connection: u64) {
        self.provider_tokens.closed(connection);
    }

    /// Forgets devices, events, requests, counts and rules. Numbers of devices are not used again.
    pub(crate) fn reset(&mut self) {
        self.fleet.clear();
        self.faults = Faults::default();
        self.journal.clear();
        self.counters = Counters::default();
    }

    /// Adds a signing key to the APNs team. The refusal is how many there may be.
    pub(crate) fn add_apns_key(&mut self, key: ProviderKey) -> Result<(), usize> {
        let keys = &mut self.accounts.team.keys;
        if keys.len() >= MOST_KEYS {
            return Err(MOST_KEYS);
        }
        keys.push(key);
        Ok(())
    }

    /// Takes a signing key from the APNs team. Says whether there was one.
    pub(crate) fn revoke_apns_key(&mut self, id: &str) -> bool {
        let keys = &mut self.accounts.team.keys;
        let before = keys.len();
        keys.retain(|key| key.id != id);
        keys.len() < before
    }

    /// Makes every access token worthless.
    pub(crate) fn revoke_bearers(&mut self) {
        self.bearers.revoke_all();
        self.hms_bearers.revoke_all();
    }

    /// A device as the admin API shows it.
    pub(crate) fn view(&self, device: &Device) -> DeviceView {
        let mut view = DeviceView {
            id: device.id.clone(),
            name: device.name.clone(),
            kind: device.kind,
            token: None,
            environment: None,
            bundle: None,
            subscription: None,
            online: device.is_online,
            death: device.death,
            stored: device.mailbox.len(),
        };
        match &device.address {
            Address::Fcm { token, .. }
            | Address::Hms { token, .. }
            | Address::Rustore { token } => view.token = Some(token.clone()),
            Address::Apns {
                token,
                bundle,
                environment,
            } => {
                view.token = Some(token.clone());
                view.bundle = Some(bundle.clone());
                view.environment = Some(*environment);
            }
            Address::WebPush(subscription) => {
                let endpoint = format!("{}/push/{}", self.accounts.origin, subscription.id);
                let (p256dh, auth) = (subscription.p256dh(), subscription.auth());
                let keys = SubscriptionKeys { p256dh, auth };
                view.subscription = Some(SubscriptionView { endpoint, keys });
            }
        }
        view
    }

    fn subject(&self, request: &Incoming) -> Subject {
        let (service, device) = match request.door {
            Door::Fcm if is_for_token(request) => (Service::FcmToken, None),
            Door::Fcm => (Service::Fcm, fcm::device_of(&self.fleet, request)),
            Door::Apns(_) => (Service::Apns, apns::device_of(&self.fleet, request)),
            Door::WebPush => (Service::WebPush, web_push::device_of(&self.fleet, request)),
            Door::Hms if hms::is_for_token(request) => (Service::HmsToken, None),
            Door::Hms => (Service::Hms, hms::device_of(&self.fleet, request)),
            Door::Rustore => (Service::Rustore, rustore::device_of(&self.fleet, request)),
        };
        let device = device.map(|device| device.id.clone());
        Subject { service, device }
    }

    /// What the service answers.
    fn answer(&mut self, request: &Incoming, moment: Moment) -> Reply {
        let accounts = &self.accounts;
        match request.door {
            Door::Fcm if is_for_token(request) => {
                self.bearers
                    .grant(&accounts.project.account, request, moment)
            }
            Door::Fcm => {
                let state = (&self.bearers, &mut self.fleet);
                fcm::send(&accounts.project, state, request, moment)
            }
            Door::Apns(environment) => {
                let state = (&mut self.provider_tokens, &mut self.fleet);
                apns::send(&accounts.team, state, (request, environment), moment)
            }
            Door::WebPush => web_push::send(&accounts.origin, &mut self.fleet, request, moment),
            Door::Hms if hms::is_for_token(request) => {
                hms::grant(&accounts.hms, &mut self.hms_bearers, request, moment)
            }
            Door::Hms => {
                let state = (&self.hms_bearers, &mut self.fleet);
                hms::send(&accounts.hms, state, request, moment)
            }
            Door::Rustore => rustore::send(&accounts.rustore, &mut self.fleet, request, moment),
        }
    }

    fn afflicted(
        &mut self,
        fault: Fault,
        subject: &Subject,
        request: &Incoming,
        moment: Moment,
    ) -> Verdict {
        let (now, _) = moment;
        match fault {
            Fault::Throttle { retry_after } => {
                let asked = Asked {
                    retry_after,
                    ..Asked::default()
                };
                refused(subject.service, StatusCode::TOO_MANY_REQUESTS, &asked, now).into()
            }
            Fault::Status {
                code,
                reason,
                field,
                retry_after,
            } => {
                let code = StatusCode::from_u16(code).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
                let asked = Asked {
                    reason: reason.as_deref(),
                    field: field.as_deref(),
                    retry_after,
                };
                refused(subject.service, code, &asked, now).into()
            }
            Fault::Reset { when } => {
                match when {
                    When::BeforeAcceptance => {}
                    When::AfterAcceptance => {
                        self.answer(request, moment);
                    }
                }
                Verdict {
                    reply: None,
                    is_last: true,
                    delay: 0,
                }
            }
            Fault::Goaway => Verdict {
                is_last: true,
                ..self.answer(request, moment).into()
            },
            Fault::Slow { ms } => Verdict {
                delay: ms,
                ..self.answer(request, moment).into()
            },
            Fault::DeadAt { time, ending } => {
                if let Some(device) = &subject.device {
                    let death = Death { at: time, ending };
                    // The device was found a moment ago.
                    let _ = self.fleet.kill(device, death, now);
                }
                self.answer(request, moment).into()
            }
            Fault::Duplicate => {
                let before = self.fleet.last_event();
                let reply = self.answer(request, moment);
                self.fleet.repeat(before, now);
                reply.into()
            }
        }
    }
}

impl From<Reply> for Verdict {
    fn from(reply: Reply) -> Self {
        Self {
            reply: Some(reply),
            is_last: false,
            delay: 0,
        }
    }
}

fn is_for_token(request: &Incoming) -> bool {
    request.path == TOKEN_PATH
}

/// The answer of a rule, in the service's words.
fn refused(service: Service, code: StatusCode, asked: &Asked<'_>, now: Timestamp) -> Reply {
    let reply = match service {
        Service::FcmToken => fcm::token_fault(code, asked),
        Service::Fcm => fcm::fault(code, asked),
        Service::Apns => apns::fault(code, asked.reason, now).retry_after(asked.retry_after),
        Service::WebPush => web_push::fault(code, asked.reason, asked.retry_after),
        Service::HmsToken => hms::token_fault(code, asked),
        Service::Hms => hms::fault(code, asked),
        Service::Rustore => rustore::fault(code, asked),
    };
    reply.noting("a fault rule gave this answer")
}
