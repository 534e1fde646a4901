//! Letters: made of what a dispatch began, handed to the SMTP server of the App, read as outcomes.
//!
//! A repetition has the `Message-ID` of the first letter: both are of the delivery, and the key that signs
//! it is derived from a secret that outlives restarts and restored backups.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_lc_rs::hmac;
use jiff::SignedDuration;
use vestnik_clock::{Clock, Now};
use vestnik_mail::{
    Account, Envelope, Letter, Mailer, Outcome as Handed, Patience, Sender, TagKey, UnsubscribeUrl,
    Verdict,
};
use vestnik_model::{
    AppId, Channel, Reason, TrafficType, email::EmailAddress, route, view::ProviderFinding,
};
use vestnik_outbound::{Reach, Writing};
use vestnik_push::driver::{Admission, Breaker, Probe, Sign, Why};
use vestnik_rules::{
    address::hash_email,
    attempt::Outcome,
    cascade::Target,
    identity::delivery_id,
    patience::{LETTER_ANSWERED_WITHIN, LETTER_WRITTEN_WITHIN, unsent},
    provider,
    reason::{Retry, consequences},
};
use vestnik_store::{
    Store, StoreError,
    dispatch::{Begun, Recipient, Tried},
    recipients::Reader,
    tenants::StoredProvider,
};

use super::{
    account::{REFUSED_PAUSE, Unusable},
    turn::starts,
};
use crate::credential::{LinkKey, Unsubscription};

/// The longest that one letter takes.
pub(crate) const ONE_LETTER: Duration =
    Duration::from_secs(Patience::WRITTEN.as_secs() + Patience::VERDICT.as_secs());
// The rules give a letter the time that its sender takes.
const _: () = assert!(
    LETTER_WRITTEN_WITHIN.as_secs().unsigned_abs() == Patience::WRITTEN.as_secs()
        && LETTER_ANSWERED_WITHIN.as_secs().unsigned_abs() == Patience::VERDICT.as_secs()
);
/// How long a letter that is held back waits at least. A probe may take minutes, and what waits for it must not
/// be begun and held again every few seconds.
const LEAST_HOLD: Duration = Duration::from_secs(30);
/// The most Apps whose connections to SMTP servers are kept.
const MAX_POSTS: usize = 1_000;
/// What the key of an App's marks is derived with, beside the App's id.
const MARKS: &[u8] = b"vestnik marks of letters\0";

/// What a sender of letters works with.
pub(crate) struct Posting {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    /// What may be connected to.
    pub(crate) reach: Reach,
    /// The secret that keys of marks are derived from.
    pub(crate) secret: [u8; 32],
    /// The key of links to unsubscribe.
    pub(crate) links: LinkKey,
    /// Where readers of letters reach the server; without it, letters have no link.
    pub(crate) public_url: Option<String>,
}

/// Sends letters. Cheap to clone.
#[derive(Clone)]
pub(crate) struct MailSender {
    posting: Arc<Posting>,
    posts: Arc<Mutex<HashMap<AppId, Known>>>,
}

/// An account as text, and what sends by it; no text of what cannot be read.
struct Known {
    text: Option<String>,
    post: Result<Arc<Post>, Unusable>,
}

/// What sends the letters of an App.
#[derive(Debug)]
pub(crate) struct Post {
    app: AppId,
    mailer: Mailer,
    sender: Sender,
    /// A server that is away must not take the App's places from its pushes.
    breaker: Mutex<Breaker>,
}

impl fmt::Debug for MailSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailSender").finish_non_exhaustive()
    }
}

impl MailSender {
    pub(crate) fn new(posting: Posting) -> Self {
        Self {
            posting: Arc::new(posting),
            posts: Arc::default(),
        }
    }

    /// Whether the SMTP server of an account takes its login. Nothing is sent.
    pub(crate) async fn check(&self, account: &Account) -> ProviderFinding {
        let relay = account.relay();
        let refused = |reason: Reason, said| ProviderFinding {
            place: relay.place.to_string(),
            is_good: false,
            reason: Some(reason.into()),
            said,
        };
        let Ok(mailer) = Mailer::new(relay.clone(), self.posting.reach.clone()) else {
            return refused(Reason::ConfigNoRoute, None);
        };
        match mailer.check().await {
            Ok(_) => ProviderFinding {
                place: relay.place.to_string(),
                is_good: true,
                reason: None,
                said: None,
            },
            Err(outcome) => {
                let Handed { verdict, said } = outcome;
                let reason = verdict.reason().unwrap_or(Reason::Unknown);
                refused(reason, said.map(|said| said.to_string()))
            }
        }
    }

    /// The key of the marks in an App's letters, by which a bounce is matched with its letter.
    pub(crate) fn marks(&self, app: &AppId) -> TagKey {
        TagKey::new(&mark_key(&self.posting.secret, app))
    }

    /// Who unsubscribes by a link, and from what; `None` if it is none of ours.
    pub(crate) fn unsubscription(&self, link: &str) -> Option<Unsubscription> {
        self.posting.links.open(link)
    }

    /// The link by which somebody unsubscribes; `None` if a name is too long for one.
    pub(crate) fn link(&self, of: &Unsubscription) -> Option<String> {
        self.posting.links.seal(of)
    }

    /// Where the reader of a letter unsubscribes: from its category, or from everything if it has none. What
    /// somebody asked for to log in with has no such link.
    fn unsubscribe(&self, app: &AppId, begun: &Begun) -> Option<UnsubscribeUrl> {
        let base = self.posting.public_url.as_deref()?;
        if begun.notification.traffic_type == TrafficType::Authentication {
            return None;
        }
        let Recipient::Mailbox { number, .. } = begun.recipient else {
            return None;
        };
        let reader = Reader {
            app: app.clone(),
            user: begun.user.clone(),
            number,
        };
        let link = self.link(&Unsubscription {
            reader,
            category: begun.notification.category.clone(),
        })?;
        let path = route::with(route::UNSUBSCRIBE, &link);
        // A name that is too long for a header has none.
        UnsubscribeUrl::parse(&format!("{}{path}", base.trim_end_matches('/'))).ok()
    }

    /// What forgets the account of an App. Letters on their way end with what they began with.
    pub(crate) fn forgetter(&self) -> impl Fn(&AppId, Channel) + Send + Sync + use<> {
        let posts = Arc::clone(&self.posts);
        move |app, channel| {
            if channel == Channel::Email {
                let mut posts = posts.lock().unwrap_or_else(PoisonError::into_inner);
                posts.remove(app);
            }
        }
    }

    /// Whether it keeps the account of an App.
    #[cfg(test)]
    pub(crate) fn knows(&self, app: &AppId) -> bool {
        let posts = self.posts.lock().unwrap_or_else(PoisonError::into_inner);
        posts.contains_key(app)
    }

    /// What sends the letters of an App, or why nothing does.
    ///
    /// # Errors
    /// [`StoreError`] if the account cannot be loaded.
    pub(super) async fn post(
        &self,
        app: &AppId,
    ) -> Result<Result<Arc<Post>, Unusable>, StoreError> {
        let store = &self.posting.store;
        Ok(match store.provider(app.clone(), Channel::Email).await? {
            Some(StoredProvider::Readable(provider)) => self.known(app, Some(provider.account)),
            Some(StoredProvider::Unreadable) => self.known(app, None),
            None => Err(Unusable::NoRoute),
        })
    }

    /// The same text is the same account: its connections are used again.
    fn known(&self, app: &AppId, text: Option<String>) -> Result<Arc<Post>, Unusable> {
        let mut posts = self.posts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = posts.get(app)
            && known.text == text
        {
            return known.post.clone();
        }
        let post = self.made(app, text.as_deref()).map(Arc::new);
        if posts.len() >= MAX_POSTS {
            posts.clear();
        }
        let known = Known {
            text,
            post: post.clone(),
        };
        posts.insert(app.clone(), known);
        post
    }

    fn made(&self, app: &AppId, text: Option<&str>) -> Result<Post, Unusable> {
        let text = text.ok_or(Unusable::Unreadable).inspect_err(|_| {
            tracing::error!(%app, "the stored SMTP account cannot be read: letters wait for another one");
        })?;
        let account = Account::parse(text).map_err(|error| {
            tracing::error!(%app, %error, "the stored SMTP account cannot be used: letters wait for another one");
            Unusable::Unreadable
        })?;
        let mailer = Mailer::new(account.relay().clone(), self.posting.reach.clone());
        let mailer = mailer.map_err(|error| {
            tracing::warn!(%app, %error, "an SMTP server cannot be used");
            Unusable::NoRoute
        })?;
        let sender = account.sender(self.marks(app));
        Ok(Post {
            app: app.clone(),
            mailer,
            sender,
            breaker: Mutex::default(),
        })
    }

    /// A try that is sent now, for which there is no answer yet.
    pub(super) fn unanswered(&self, begun: &Begun, address: &EmailAddress) -> Tried {
        Tried {
            sends: begun.sends,
            user: begun.user.clone(),
            target: Target::Mailbox,
            address: hash_email(address),
            lease_until: begun.lease_until,
            began_at: self.posting.clock.now(),
            outcome: Outcome::Unproven,
            collapses: false,
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
        post: Result<&Post, Unusable>,
        (begun, address): (&Begun, &EmailAddress),
        writing: &Writing,
    ) -> Tried {
        let tried = self.unanswered(begun, address);
        let post = match post {
            Ok(post) => post,
            Err(unusable) => return unusable.ends(tried),
        };
        let unsubscribe = self.unsubscribe(&post.app, begun);
        let letter = Letter {
            delivery: delivery_id(begun.notification.id, &begun.user),
            to: address,
            notification: &begun.notification,
            unsubscribe: unsubscribe.as_ref(),
        };
        let envelope = match Envelope::of(&letter, &post.sender, tried.began_at) {
            Ok(envelope) => envelope,
            Err(error) => {
                tracing::warn!(attempt = %begun.attempt, %error, "a letter cannot be written");
                let outcome = rejected(Reason::Unknown);
                return Tried { outcome, ..tried };
            }
        };
        let probe = match post.admit(&*self.posting.clock) {
            Ok(probe) => probe,
            Err(outcome) => return Tried { outcome, ..tried },
        };
        let by = (&*self.posting.store, &*self.posting.clock);
        let begins = starts(by, (&post.app, begun), &tried);
        let sent = post.mailer.send_in_turn(&envelope, writing, begins);
        let Some(handed) = sent.await else {
            if let Some(probe) = probe {
                post.breaker().give_back(probe);
            }
            let outcome = unsent();
            return Tried { outcome, ..tried };
        };
        post.on(&handed, probe, &*self.posting.clock);
        Tried {
            outcome: outcome(handed.verdict),
            sign: shown(handed.verdict),
            said: handed.said.map(|said| said.to_string()),
            ..tried
        }
    }
}

impl Post {
    /// Whether a letter may go; as the probe, if the server was away.
    fn admit(&self, clock: &dyn Clock) -> Result<Option<Probe>, Outcome> {
        match self.breaker().admit(None, &Now::read(clock)) {
            Admission::Go(probe) => Ok(probe),
            Admission::Hold { why, after } => Err(Outcome::Held {
                reason: match why {
                    Why::Failing => Reason::ProviderUnavailable,
                    Why::Refusing => Reason::ConfigProviderAuth,
                },
                after: SignedDuration::try_from(after.max(LEAST_HOLD)).ok(),
            }),
        }
    }

    fn on(&self, handed: &Handed, probe: Option<Probe>, clock: &dyn Clock) {
        match sign(handed) {
            Some(sign) => self.breaker().on(sign, probe, &Now::read(clock)),
            None => {
                if let Some(probe) = probe {
                    self.breaker().give_back(probe);
                }
            }
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an outcome tells of the server; nothing if the time was over before the letter went.
fn sign(handed: &Handed) -> Option<Sign> {
    let code = handed.said.and_then(|said| said.code);
    let is_of_letter = handed.said.is_some() && code != Some(421);
    match handed.verdict {
        Verdict::Retry {
            reason: Reason::ProviderTimeout,
            ..
        } => None,
        Verdict::Retry { .. } if is_of_letter => Some(Sign::Alive),
        // A silent server keeps its few connections for minutes, too few of them to open the breaker: those that
        // wait for one do. If it is only slow, the next letter that it takes closes it.
        Verdict::Retry { .. } | Verdict::Busy | Verdict::Unproven { .. } => {
            Some(Sign::Bad(Why::Failing))
        }
        Verdict::Refused {
            reason: Reason::ConfigProviderAuth,
        } => Some(Sign::Bad(Why::Refusing)),
        Verdict::Accepted
        | Verdict::Throttled { .. }
        | Verdict::Dead { .. }
        | Verdict::Rejected { .. }
        | Verdict::Refused { .. } => Some(Sign::Alive),
    }
}

/// What a letter shows of the account. What a server does not let this sender write to somebody, it may let them
/// write to others.
const fn shown(verdict: Verdict) -> Option<provider::Sign> {
    match verdict {
        Verdict::Accepted => Some(provider::Sign::Taken),
        Verdict::Refused {
            reason: reason @ (Reason::ConfigProviderAuth | Reason::ConfigNoRoute),
        } => Some(provider::Sign::Refused(reason)),
        Verdict::Refused { .. }
        | Verdict::Retry { .. }
        | Verdict::Busy
        | Verdict::Throttled { .. }
        | Verdict::Dead { .. }
        | Verdict::Rejected { .. }
        | Verdict::Unproven { .. } => None,
    }
}

/// The key of the marks in an App's letters: one that other Apps cannot make marks with.
fn mark_key(secret: &[u8; 32], app: &AppId) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let tag = hmac::sign(&key, &[MARKS, app.as_str().as_bytes()].concat());
    let mut mark_key = [0; 32];
    mark_key.copy_from_slice(tag.as_ref());
    mark_key
}

const fn rejected(reason: Reason) -> Outcome {
    Outcome::Rejected { reason }
}

/// What a verdict means for the attempt.
fn outcome(verdict: Verdict) -> Outcome {
    let pause = |after| SignedDuration::try_from(after).unwrap_or(SignedDuration::MAX);
    match verdict {
        Verdict::Accepted => Outcome::Accepted,
        Verdict::Retry { reason, after } => Outcome::Retry {
            reason,
            after: after.map(pause),
        },
        Verdict::Busy => Outcome::Held {
            reason: Reason::ProviderUnavailable,
            after: Some(pause(LEAST_HOLD)),
        },
        Verdict::Throttled { after } => Outcome::Retry {
            reason: Reason::ProviderThrottled,
            after: Some(pause(after)),
        },
        Verdict::Dead { reason } => Outcome::Dead {
            reason,
            since: None,
        },
        Verdict::Rejected { reason } => rejected(reason),
        Verdict::Refused { reason } => match consequences(reason).retry {
            // What the account lacks for this letter it lacks for the next one too.
            Retry::Never => rejected(reason),
            Retry::Later
            | Retry::Once
            | Retry::AfterRenewal
            | Retry::OtherEnvironment
            | Retry::WithoutContent
            | Retry::WithNewKey => Outcome::Retry {
                reason,
                after: Some(REFUSED_PAUSE),
            },
        },
        Verdict::Unproven { reason: _ } => Outcome::Unproven,
    }
}

#[cfg(test)]
mod tests;
