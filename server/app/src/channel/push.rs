//! Pushes: made of what a dispatch began, sent by the driver, read as outcomes.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use vestnik_clock::Clock;
use vestnik_model::{AppId, Channel, Open, PushEnvironment, Reason, open::Word as _};
use vestnik_push::{
    Account, Address, CollapseKey, Content, Driver, Push, Sent, Service, Urgency, Verdict,
    address::Environment,
};
use vestnik_rules::{
    attempt::Outcome,
    cascade::{Target, channel_of},
    reason::{Retry, consequences},
};
use vestnik_store::{
    Store, StoreError,
    dispatch::{Begun, Recipient, Tried},
    tenants::Provider,
};

use super::content::{Letter, content, hint};

/// How long a push waits when the service refuses the App's credentials: an operator has to do
/// something.
const REFUSED_PAUSE: SignedDuration = SignedDuration::from_mins(5);
/// The most accounts that are kept parsed.
const MAX_ACCOUNTS: usize = 1_000;

/// Sends pushes. Cheap to clone.
#[derive(Clone)]
pub(crate) struct PushSender {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    driver: Driver,
    accounts: Arc<Mutex<HashMap<(AppId, Channel), Parsed>>>,
}

/// An account, and when its credentials were set.
#[derive(Clone)]
struct Parsed {
    set_at: Timestamp,
    account: Option<Arc<Account>>,
}

impl fmt::Debug for PushSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushSender").finish_non_exhaustive()
    }
}

impl PushSender {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, driver: Driver) -> Self {
        Self {
            store,
            clock,
            driver,
            accounts: Arc::default(),
        }
    }

    /// Makes one try.
    ///
    /// # Errors
    /// [`StoreError`] if the credentials cannot be loaded: the try is left to the end of its lease.
    pub(crate) async fn send(&self, app: &AppId, begun: Begun) -> Result<Tried, StoreError> {
        let Recipient::Device {
            installation,
            address,
            envelope_key: _,
            locale: _,
        } = &begun.recipient;
        let kind = address.kind.known();
        let channel = kind.and_then(channel_of).unwrap_or(Channel::Hub);
        let tried = Tried {
            user: begun.user.clone(),
            target: Target::Device {
                installation: *installation,
                channel,
            },
            lease_until: begun.lease_until,
            began_at: self.clock.now(),
            outcome: rejected(Reason::ConfigNoRoute),
            said: None,
        };
        let Some(account) = self.account(app, channel).await? else {
            return Ok(tried);
        };
        let environment = address.environment.as_ref().and_then(Open::known);
        let Ok(address) = Address::parse(address, environment.map(environment_of)) else {
            // It never was an address of this service.
            let outcome = Outcome::Dead {
                reason: Reason::TokenDead,
                since: None,
            };
            return Ok(Tried { outcome, ..tried });
        };
        let sent = self.push(&account, &address, &begun).await;
        Ok(Tried {
            said: sent.said.as_ref().map(ToString::to_string),
            outcome: outcome(&sent.verdict),
            ..tried
        })
    }

    /// Sends the notification, and only a hint if the service refuses what it contains.
    async fn push(&self, account: &Arc<Account>, address: &Address, begun: &Begun) -> Sent {
        let Recipient::Device {
            installation,
            envelope_key,
            locale,
            ..
        } = &begun.recipient;
        let letter = Letter {
            notification: &begun.notification,
            user: &begun.user,
            installation: *installation,
            key: envelope_key.as_deref(),
            locale: locale.as_deref(),
        };
        let push = self.letter(begun, content(&letter, self.clock.random()));
        let sent = self.driver.send(account, address, &push).await;
        let is_sealed = matches!(push.content, Content::Sealed { .. });
        if !is_sealed || !is_for_its_content(&sent.verdict) {
            return sent;
        }
        let push = self.letter(begun, hint(locale.as_deref()));
        self.driver.send(account, address, &push).await
    }

    fn letter(&self, begun: &Begun, content: Content) -> Push {
        let notification = &begun.notification;
        let Recipient::Device { installation, .. } = &begun.recipient;
        let urgency = match notification.priority {
            Open::Known(priority) => Urgency::from(priority),
            Open::Unknown(_) => Urgency::Normal,
        };
        Push {
            attempt: begun.attempt,
            notification: notification.id,
            expires_at: notification.expires_at,
            urgency,
            // A repetition takes the place of the first push.
            collapse: Some(CollapseKey::derive(
                installation.uuid().as_bytes(),
                &notification.id.to_string(),
            )),
            content,
        }
    }

    /// The App's account at a service; none if there are no credentials, or none that can be read.
    async fn account(
        &self,
        app: &AppId,
        channel: Channel,
    ) -> Result<Option<Arc<Account>>, StoreError> {
        let Some(service) = service(channel) else {
            return Ok(None);
        };
        let provider = self.store.provider(app.clone(), channel).await?;
        Ok(provider.and_then(|provider| self.parsed(app, service, &provider)))
    }

    fn parsed(&self, app: &AppId, service: Service, provider: &Provider) -> Option<Arc<Account>> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (app.clone(), provider.channel);
        if let Some(known) = accounts.get(&name)
            && known.set_at == provider.set_at
        {
            return known.account.clone();
        }
        let account = Account::parse(service, &provider.account);
        if let Err(error) = &account {
            tracing::warn!(%app, service = service.as_str(), %error, "credentials cannot be used");
        }
        if accounts.len() >= MAX_ACCOUNTS {
            accounts.clear();
        }
        let parsed = Parsed {
            set_at: provider.set_at,
            account: account.ok().map(Arc::new),
        };
        accounts.insert(name, parsed.clone());
        parsed.account
    }
}

/// Whether a push was refused for what it contains.
fn is_for_its_content(verdict: &Verdict) -> bool {
    let Verdict::Rejected { reason } = verdict else {
        return false;
    };
    consequences(*reason).retry == Retry::WithoutContent
}

/// Where a device token of APNs is valid, as the device says.
const fn environment_of(environment: PushEnvironment) -> Environment {
    match environment {
        PushEnvironment::Production => Environment::Production,
        PushEnvironment::Sandbox => Environment::Sandbox,
    }
}

/// The push service of a channel.
pub(crate) const fn service(channel: Channel) -> Option<Service> {
    match channel {
        Channel::Fcm => Some(Service::Fcm),
        Channel::Apns => Some(Service::Apns),
        Channel::Webpush => Some(Service::WebPush),
        Channel::Hub | Channel::Email => None,
    }
}

const fn rejected(reason: Reason) -> Outcome {
    Outcome::Rejected { reason }
}

/// What a verdict means for the attempt.
fn outcome(verdict: &Verdict) -> Outcome {
    let pause = |after: Option<std::time::Duration>| {
        after.map(|after| SignedDuration::try_from(after).unwrap_or(SignedDuration::MAX))
    };
    match *verdict {
        Verdict::Accepted { id: _ } => Outcome::Accepted,
        Verdict::Retry {
            reason,
            after,
            over: _,
        } => Outcome::Retry {
            reason,
            after: pause(after),
        },
        Verdict::Throttled {
            scope: _,
            after,
            over: _,
        } => Outcome::Retry {
            reason: Reason::ProviderThrottled,
            after: pause(after),
        },
        Verdict::Dead { reason, since } => Outcome::Dead { reason, since },
        Verdict::WrongEnvironment => Outcome::Dead {
            reason: Reason::TokenWrongEnv,
            since: None,
        },
        Verdict::Suspect { reason } | Verdict::Rejected { reason } => rejected(reason),
        Verdict::Refused { reason, remedy: _ } => Outcome::Retry {
            reason,
            after: Some(REFUSED_PAUSE),
        },
        Verdict::Unproven => Outcome::Unproven,
    }
}
