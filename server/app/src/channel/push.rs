//! Pushes: made of what a dispatch began, sent by the driver, read as outcomes.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::SignedDuration;
use vestnik_clock::Clock;
use vestnik_model::{
    AppId, AttemptId, Channel, InstallationId, Notification, Open, PushAddress, Reason, TrafficType,
};
use vestnik_outbound::{Limits, Writing};
use vestnik_push::{
    Account, Address, CollapseKey, Content, Driver, Push, Sent, Service, Urgency, Verdict,
    driver::Hold, outcome::Scope,
};
use vestnik_rules::{
    address::hash,
    attempt::Outcome,
    cascade::{Target, channel_of},
    provider::Sign,
    reason::{Retry, consequences},
};
use vestnik_store::{
    Store, StoreError,
    dispatch::{Begun, Sends, Tried},
    tenants::StoredProvider,
};

use super::{
    account::{REFUSED_PAUSE, Unusable},
    content::{Letter, content, hint, withdrawal},
};

/// How long a request waits for a connection: for room, name, TCP and TLS together.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a service may take to answer (Firebase, "Scale FCM sends": at least 10 seconds).
const ANSWER: Duration = Duration::from_secs(10);
/// How long the rest of an answer is waited for.
const BODY: Duration = Duration::from_secs(2);
/// The longest that one request takes.
pub(crate) const ONE_REQUEST: Duration =
    Duration::from_secs(CONNECT.as_secs() + ANSWER.as_secs() + BODY.as_secs());
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

/// An account with the text that it was read from; none of what cannot be read.
#[derive(Clone)]
struct Parsed {
    text: Option<String>,
    account: Result<Arc<Account>, Unusable>,
}

/// A try at an installation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parcel<'a> {
    pub(super) begun: &'a Begun,
    pub(super) installation: InstallationId,
    pub(super) address: &'a PushAddress,
    pub(super) envelope_key: Option<&'a str>,
    pub(super) locale: Option<&'a str>,
}

/// The accounts of an App at push services, as they were when a part began. One that cannot be used stops
/// the pushes to its service, and no others.
#[derive(Debug)]
pub(super) struct Accounts(BTreeMap<Channel, Result<Arc<Account>, Unusable>>);

impl Accounts {
    fn at(&self, channel: Channel) -> Result<&Arc<Account>, Unusable> {
        let account = self.0.get(&channel).map(Result::as_ref);
        account
            .unwrap_or(Err(&Unusable::NoRoute))
            .map_err(|unusable| *unusable)
    }
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

    /// The accounts of an App.
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be loaded.
    pub(super) async fn accounts(&self, app: &AppId) -> Result<Accounts, StoreError> {
        let mut accounts = BTreeMap::new();
        for channel in Channel::BUILT_IN {
            let Some(service) = service(channel) else {
                continue;
            };
            let provider = self.store.provider(app.clone(), channel).await?;
            let account = provider.map(|stored| self.parsed(app, (channel, service), stored));
            accounts.extend(account.map(|account| (channel, account)));
        }
        Ok(Accounts(accounts))
    }

    /// What forgets the credentials of an App at a service. Tries on their way end with what they began with.
    pub(crate) fn forgetter(&self) -> impl Fn(&AppId, Channel) + Send + Sync + use<> {
        let accounts = Arc::clone(&self.accounts);
        move |app, channel| {
            let mut accounts = accounts.lock().unwrap_or_else(PoisonError::into_inner);
            accounts.remove(&(app.clone(), channel));
        }
    }

    /// A try that is sent now, for which there is no answer yet.
    pub(super) fn unanswered(&self, parcel: &Parcel<'_>) -> Tried {
        Tried {
            user: parcel.begun.user.clone(),
            sends: parcel.begun.sends,
            target: Target::Device {
                installation: parcel.installation,
                channel: channel_at(parcel.address),
            },
            address: hash(parcel.address),
            lease_until: parcel.begun.lease_until,
            began_at: self.clock.now(),
            outcome: Outcome::Unproven,
            collapses: true,
            moved: None,
            message: None,
            said: None,
            cost: None,
            passed_over: Vec::new(),
            sign: None,
        }
    }

    /// Makes one try.
    pub(super) async fn send(
        &self,
        accounts: &Accounts,
        parcel: &Parcel<'_>,
        writing: &Writing,
    ) -> Tried {
        let tried = self.unanswered(parcel);
        let account = match accounts.at(channel_at(parcel.address)) {
            Ok(account) => account,
            Err(unusable) => return unusable.ends(tried),
        };
        let environment = parcel.address.environment.as_ref().and_then(Open::known);
        let Ok(address) = Address::parse(parcel.address, environment) else {
            // It never was an address of this service.
            let outcome = Outcome::Dead {
                reason: Reason::TokenDead,
                since: None,
            };
            return Tried { outcome, ..tried };
        };
        let to = (account, &address);
        let sent = match parcel.begun.sends {
            Sends::Notification => self.push(to, parcel, writing).await,
            Sends::Withdrawal => match self.withdraw(to, parcel, writing).await {
                Some(sent) => sent,
                // The key that the device reported is none.
                None => {
                    let outcome = rejected(Reason::DecryptUnknownKey);
                    return Tried { outcome, ..tried };
                }
            },
        };
        Tried {
            said: sent.said.as_ref().map(ToString::to_string),
            outcome: outcome(&sent),
            sign: sign(&sent),
            moved: sent.moved,
            ..tried
        }
    }

    /// Sends what takes the notification off the screen.
    async fn withdraw(
        &self,
        to: (&Arc<Account>, &Address),
        parcel: &Parcel<'_>,
        writing: &Writing,
    ) -> Option<Sent> {
        let content = withdrawal(&letter(parcel), self.clock.random())?;
        let push = of(parcel, content);
        Some(self.driver.send_noted(to, &push, writing).await)
    }

    /// Sends the notification, and only a hint if the service refuses what it contains.
    async fn push(
        &self,
        to: (&Arc<Account>, &Address),
        parcel: &Parcel<'_>,
        writing: &Writing,
    ) -> Sent {
        let push = of(parcel, content(&letter(parcel), self.clock.random()));
        let sent = self.driver.send_noted(to, &push, writing).await;
        let is_sealed = matches!(push.content, Content::Sealed { .. });
        if !is_sealed || !is_for_its_content(&sent.verdict) {
            return sent;
        }
        let push = of(parcel, hint(parcel.locale));
        self.driver.send_noted(to, &push, writing).await
    }

    /// The same text is the same account, which is read once.
    fn parsed(
        &self,
        app: &AppId,
        (channel, service): (Channel, Service),
        stored: StoredProvider,
    ) -> Result<Arc<Account>, Unusable> {
        let text = match stored {
            StoredProvider::Readable(provider) => Some(provider.account),
            StoredProvider::Unreadable => None,
        };
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (app.clone(), channel);
        if let Some(known) = accounts.get(&name)
            && known.text == text
        {
            return known.account.clone();
        }
        let account = read(app, service, text.as_deref());
        if accounts.len() >= MAX_ACCOUNTS {
            accounts.clear();
        }
        let parsed = Parsed {
            text,
            account: account.clone(),
        };
        accounts.insert(name, parsed);
        account
    }
}

/// Reads an account, whose text is absent if it cannot be opened.
fn read(app: &AppId, service: Service, text: Option<&str>) -> Result<Arc<Account>, Unusable> {
    let service_name = service.as_str();
    let Some(text) = text else {
        tracing::error!(%app, service = service_name, "stored credentials cannot be read: pushes wait for others");
        return Err(Unusable::Unreadable);
    };
    Account::parse(service, text)
        .map(Arc::new)
        .map_err(|error| {
            tracing::error!(%app, service = service_name, %error, "stored credentials cannot be used: pushes wait for others");
            Unusable::Unreadable
        })
}

/// What decides what the push of a try carries.
fn letter<'a>(parcel: &'a Parcel<'_>) -> Letter<'a> {
    Letter {
        notification: &parcel.begun.notification,
        user: &parcel.begun.user,
        installation: parcel.installation,
        key: parcel.envelope_key,
        locale: parcel.locale,
    }
}

/// The push of a try.
fn of(parcel: &Parcel<'_>, content: Content) -> Push {
    let Begun {
        attempt,
        notification,
        ..
    } = parcel.begun;
    push_of(*attempt, notification, parcel.installation, content)
}

/// The push of an attempt at an installation.
pub(super) fn push_of(
    attempt: AttemptId,
    notification: &Notification,
    installation: InstallationId,
    content: Content,
) -> Push {
    let urgency = match notification.priority {
        Open::Known(priority) => Urgency::from(priority),
        Open::Unknown(_) => Urgency::Normal,
    };
    Push {
        attempt,
        notification: notification.id,
        expires_at: notification.expires_at,
        urgency,
        traffic_type: match notification.traffic_type {
            Open::Known(traffic) => traffic,
            Open::Unknown(_) => TrafficType::default(),
        },
        category: notification.category.clone(),
        // A repetition takes the place of the first push.
        collapse: Some(CollapseKey::derive(
            installation.uuid().as_bytes(),
            &notification.id.to_string(),
        )),
        content,
    }
}

/// The bounds of a push service's connections.
pub(crate) fn limits() -> Limits {
    Limits {
        connect: CONNECT,
        answer: ANSWER,
        body: BODY,
        ..Limits::default()
    }
}

/// Whether a push was refused for what it contains, or may have been: the same without its content
/// shows which of the two is wrong.
fn is_for_its_content(verdict: &Verdict) -> bool {
    let (Verdict::Rejected { reason } | Verdict::Suspect { reason }) = verdict else {
        return false;
    };
    consequences(*reason).retry == Retry::WithoutContent
}

/// The channel of an address.
fn channel_at(address: &PushAddress) -> Channel {
    let kind = address.kind.known();
    kind.and_then(channel_of).unwrap_or(Channel::Hub)
}

/// The push service of a channel.
pub(crate) const fn service(channel: Channel) -> Option<Service> {
    match channel {
        Channel::Fcm => Some(Service::Fcm),
        Channel::Rustore => Some(Service::Rustore),
        Channel::Hms => Some(Service::Hms),
        Channel::Apns => Some(Service::Apns),
        Channel::Webpush => Some(Service::WebPush),
        Channel::Hub | Channel::Email | Channel::Webhook | Channel::Gateway(_) => None,
    }
}

const fn rejected(reason: Reason) -> Outcome {
    Outcome::Rejected { reason }
}

/// What a push came to means for its attempt.
fn outcome(sent: &Sent) -> Outcome {
    let pause = |after: Option<Duration>| {
        after.map(|after| SignedDuration::try_from(after).unwrap_or(SignedDuration::MAX))
    };
    let again = |reason, after| {
        if sent.was_tried() {
            return Outcome::Retry { reason, after };
        }
        let held = sent.held.and_then(|hold| pause(hold.after()));
        let after = held.or(after);
        Outcome::Held { reason, after }
    };
    match sent.verdict {
        Verdict::Accepted { id: _ } => Outcome::Accepted,
        Verdict::Retry {
            reason,
            after,
            over: _,
        } => again(reason, pause(after)),
        Verdict::Throttled {
            scope: _,
            after,
            over: _,
        } => again(Reason::ProviderThrottled, pause(after)),
        Verdict::Dead { reason, since } => Outcome::Dead { reason, since },
        Verdict::WrongEnvironment => Outcome::Dead {
            reason: Reason::TokenWrongEnv,
            since: None,
        },
        Verdict::Suspect { reason } | Verdict::Rejected { reason } => rejected(reason),
        Verdict::Refused {
            reason,
            scope: _,
            remedy: _,
        } => match consequences(reason).retry {
            // What the account lacks for this address it lacks the next time too.
            Retry::Never => rejected(reason),
            Retry::Later
            | Retry::Once
            | Retry::AfterRenewal
            | Retry::OtherEnvironment
            | Retry::WithoutContent
            | Retry::WithNewKey => again(reason, Some(REFUSED_PAUSE)),
        },
        Verdict::Unproven => Outcome::Unproven,
    }
}

/// What a push shows of the credentials that it was sent with. One that a breaker held back shows nothing of the
/// service, and what is refused of an address may be taken of others.
fn sign(sent: &Sent) -> Option<Sign> {
    if !sent.was_tried() && matches!(sent.held, Some(Hold::Breaker { .. })) {
        return None;
    }
    match sent.verdict {
        Verdict::Accepted { .. } => Some(Sign::Taken),
        Verdict::Refused {
            reason,
            scope: Scope::Sender,
            remedy: _,
        } => Some(Sign::Refused(reason)),
        Verdict::Refused {
            scope: Scope::Address | Scope::Unsaid,
            ..
        }
        | Verdict::Retry { .. }
        | Verdict::Throttled { .. }
        | Verdict::Dead { .. }
        | Verdict::WrongEnvironment
        | Verdict::Suspect { .. }
        | Verdict::Rejected { .. }
        | Verdict::Unproven => None,
    }
}

#[cfg(test)]
mod tests {
    use vestnik_push::{driver::Why, outcome::Remedy};

    use super::*;

    #[test]
    fn only_what_is_said_of_every_push_is_a_sign() {
        let refused = |scope| Verdict::Refused {
            reason: Reason::ConfigProviderAuth,
            scope,
            remedy: Remedy::Operator,
        };
        let sent = |verdict, held, tries| Sent {
            verdict,
            said: None,
            tries,
            moved: None,
            held,
        };
        let of_all = Some(Sign::Refused(Reason::ConfigProviderAuth));
        assert_eq!(sign(&sent(refused(Scope::Sender), None, 1)), of_all);
        assert_eq!(sign(&sent(refused(Scope::Address), None, 1)), None);
        assert_eq!(sign(&sent(refused(Scope::Unsaid), None, 1)), None);
        let held = Hold::Breaker {
            why: Why::Refusing,
            after: Duration::from_secs(30),
        };
        assert_eq!(sign(&sent(refused(Scope::Sender), Some(held), 0)), None);
        // The token service refuses the account, or another token cannot be had yet after a refusal.
        let without_token = Some(Hold::Token { after: None });
        for tries in [0, 1] {
            let sent = sent(refused(Scope::Sender), without_token, tries);
            assert_eq!(sign(&sent), of_all);
        }
        let taken = sent(Verdict::Accepted { id: None }, None, 1);
        assert_eq!(sign(&taken), Some(Sign::Taken));
        assert_eq!(sign(&sent(Verdict::Unproven, None, 1)), None);
    }

    #[test]
    fn a_push_that_may_be_refused_for_its_content_is_sent_without_it() {
        let reason = Reason::ProviderRejected;
        assert!(is_for_its_content(&Verdict::Suspect { reason }));
        assert!(is_for_its_content(&Verdict::Rejected { reason }));
        let reason = Reason::TokenDead;
        assert!(!is_for_its_content(&Verdict::Rejected { reason }));
        assert!(!is_for_its_content(&Verdict::Unproven));
    }
}
