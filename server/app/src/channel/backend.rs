//! Deliveries that an App's own backend makes: it is asked by a signed request, whose answer is read as an
//! outcome.
//!
//! A repetition has the `webhook-id` and the body of the first request: both are of the attempt. A backend that
//! drops what it has makes no second delivery of it.

pub(crate) mod account;
mod checks;
mod request;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::Uri;
use jiff::SignedDuration;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};
use vestnik_clock::{Clock, new_uuid_v7};
use vestnik_model::{AppId, Channel, Open, Reason, view::ProviderFinding};
use vestnik_outbound::{
    Answer, Client, Limits, Place, Protocol, Reach, SendError, SystemResolver, Trust, TrustError,
    Writing, retry_after,
};
use vestnik_rules::{
    attempt::Outcome, backend::answered, cascade::Target as To, patience::unsent, webhook::Target,
};
use vestnik_store::{
    Store, StoreError,
    dispatch::{Begun, Tried},
    tenants::StoredProvider,
};

use self::checks::Checks;
use super::{
    account::Unusable,
    gate::Gate,
    outcome::{busy, reason, shown, unanswered},
    signed::check_address,
    turn::starts,
};
use crate::refusal::{Refusal, chain};

const LIMITS: Limits = Limits {
    origins: 256,
    connections: 16,
    streams: 100,
    // What a backend says besides its status is not looked at.
    answer_bytes: 4 * 1_024,
    connect: Duration::from_secs(5),
    answer: Duration::from_secs(10),
    body: Duration::from_secs(1),
    idle: Duration::from_secs(60),
};
/// Those of checks, to which deliveries lose no connection.
const CHECK_LIMITS: Limits = Limits {
    origins: 32,
    connections: 2,
    streams: 4,
    idle: Duration::from_secs(1),
    ..LIMITS
};
/// How long a request waits for one of the [`LIMITS.connections`](Limits) that its App has at the backend.
const PLACE: Duration = Duration::from_secs(3);
/// The longest that one request takes.
pub(crate) const ONE_DELIVERY: Duration = Duration::from_secs(
    PLACE.as_secs() + LIMITS.connect.as_secs() + LIMITS.answer.as_secs() + LIMITS.body.as_secs(),
);
/// The most Apps whose accounts are kept read.
const MAX_BACKENDS: usize = 1_000;

/// Asks backends. Cheap to clone.
#[derive(Clone)]
pub(crate) struct BackendSender {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// What the client of each App is made of.
    client: Client,
    /// Sends checks only.
    checking: Client,
    checks: Checks,
    reach: Arc<Reach>,
    backends: Arc<Mutex<HashMap<AppId, Known>>>,
}

/// An account as text, and what it is; no text of what cannot be read.
struct Known {
    text: Option<String>,
    backend: Result<Arc<Backend>, Unusable>,
}

/// The backend of an App.
#[derive(Debug)]
pub(crate) struct Backend {
    app: AppId,
    target: Target,
    /// With connections of its own: a backend that is slow holds up no other App's, also on the same host.
    client: Client,
    /// As many requests as there are connections have their turn.
    places: Semaphore,
    /// One that is away must not take the App's places from its pushes.
    gate: Gate,
}

impl fmt::Debug for BackendSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackendSender").finish_non_exhaustive()
    }
}

impl BackendSender {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        reach: Reach,
    ) -> Result<Self, TrustError> {
        let resolver = SystemResolver::shared();
        let trust = Trust::system();
        let client = Client::with_resolver(reach.clone(), &trust, LIMITS, resolver)?;
        let checking = Client::new(reach.clone(), &trust, CHECK_LIMITS)?;
        Ok(Self {
            store,
            clock,
            client,
            checking,
            checks: Checks::default(),
            reach: Arc::new(reach),
            backends: Arc::default(),
        })
    }

    /// Checks an address as far as it can be without resolving its host.
    ///
    /// # Errors
    /// Why nothing can be sent to it, for the administrator who wrote it.
    pub(crate) fn check_address(&self, url: &str) -> Result<(), String> {
        check_address(&self.reach, url)
    }

    /// Whether the backend of an App takes requests that are signed as these are. It delivers nothing.
    ///
    /// # Errors
    /// [`Refusal`] if the App has as many checks under way as it may.
    pub(crate) async fn check(
        &self,
        app: &AppId,
        target: &Target,
    ) -> Result<ProviderFinding, Refusal> {
        let _under_way = self.checks.begin(app)?;
        Ok(self.asked(target).await)
    }

    async fn asked(&self, target: &Target) -> ProviderFinding {
        let place = place(&target.url).map_or_else(String::new, |place| place.to_string());
        let now = self.clock.now();
        let id = format!("test_{}", new_uuid_v7(&*self.clock).simple());
        let Ok(request) = request::test(target, id, now) else {
            return finding(place, Some(Reason::ConfigNoRoute), None);
        };
        match self.checking.send(request, Protocol::Any).await {
            Ok(answer) => {
                let outcome = self.outcome(&answer);
                finding(place, reason(&outcome), Some(said(&answer)))
            }
            Err(error) => finding(place, reason(&unanswered(&error)), None),
        }
    }

    /// The backend of an App, or why there is none.
    ///
    /// # Errors
    /// [`StoreError`] if the account cannot be loaded.
    pub(super) async fn backend(
        &self,
        app: &AppId,
    ) -> Result<Result<Arc<Backend>, Unusable>, StoreError> {
        let provider = self.store.provider(app.clone(), Channel::Webhook);
        Ok(match provider.await? {
            Some(StoredProvider::Readable(provider)) => self.known(app, Some(provider.account)),
            Some(StoredProvider::Unreadable) => self.known(app, None),
            None => Err(Unusable::NoRoute),
        })
    }

    /// The same text is the same account: what is known of its backend stays known.
    fn known(&self, app: &AppId, text: Option<String>) -> Result<Arc<Backend>, Unusable> {
        let mut backends = self.backends.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = backends.get(app)
            && known.text == text
        {
            return known.backend.clone();
        }
        let target = read(app, text.as_deref());
        let backend = target.map(|target| Arc::new(Backend::new(app, target, self.client.apart())));
        if backends.len() >= MAX_BACKENDS {
            backends.clear();
        }
        let known = Known {
            text,
            backend: backend.clone(),
        };
        backends.insert(app.clone(), known);
        backend
    }

    /// What forgets the account of an App. Requests on their way end with what they began with.
    pub(crate) fn forgetter(&self) -> impl Fn(&AppId, Channel) + Send + Sync + use<> {
        let backends = Arc::clone(&self.backends);
        move |app, channel| {
            if channel == Channel::Webhook {
                let mut backends = backends.lock().unwrap_or_else(PoisonError::into_inner);
                backends.remove(app);
            }
        }
    }

    /// A try that is sent now, for which there is no answer yet.
    pub(super) fn unanswered(&self, begun: &Begun) -> Tried {
        Tried {
            sends: begun.sends,
            user: begun.user.clone(),
            target: To::Backend,
            // A backend has no address that could die.
            address: [0; 32],
            lease_until: begun.lease_until,
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
        backend: Result<&Backend, Unusable>,
        begun: &Begun,
        writing: &Writing,
    ) -> Tried {
        let tried = self.unanswered(begun);
        let backend = match backend {
            Ok(backend) => backend,
            Err(unusable) => return unusable.ends(tried),
        };
        let Some(_place) = backend.place().await else {
            let outcome = busy();
            return Tried { outcome, ..tried };
        };
        let probe = match backend.gate.admit(&*self.clock) {
            Ok(probe) => probe,
            Err(outcome) => return Tried { outcome, ..tried },
        };
        let by = (&*self.store, &*self.clock);
        if !starts(by, (&backend.app, begun), &tried).await {
            backend.gate.on(&unsent(), probe, &*self.clock);
            let outcome = unsent();
            return Tried { outcome, ..tried };
        }
        let answered = self.ask(backend, begun, writing).await;
        let (outcome, said) = match answered {
            Ok(answer) => (self.outcome(&answer), Some(said(&answer))),
            Err(Failure::Send(error)) => {
                // The error names no path and no part of the address.
                tracing::debug!(error = chain(&error), "a backend did not answer");
                (unanswered(&error), None)
            }
            Err(Failure::Unwritable) => {
                tracing::error!(attempt = %begun.attempt, "a request to a backend cannot be written");
                let tried = Unusable::Unreadable.ends(tried);
                backend.gate.on(&tried.outcome, probe, &*self.clock);
                return tried;
            }
        };
        backend.gate.on(&outcome, probe, &*self.clock);
        Tried {
            sign: shown(&outcome),
            outcome,
            said,
            ..tried
        }
    }

    /// Asks once. What the connection broke under before it was sent is sent over another one.
    async fn ask(
        &self,
        backend: &Backend,
        begun: &Begun,
        writing: &Writing,
    ) -> Result<Answer, Failure> {
        let once = async || {
            let request = request::deliver(&backend.target, begun, self.clock.now());
            let request = request.map_err(|_| Failure::Unwritable)?;
            let sent = backend.client.send_noted(request, Protocol::Any, writing);
            sent.await.map_err(Failure::Send)
        };
        match once().await {
            Err(Failure::Send(error)) if error.needs_connection() => {
                writing.take_back();
                once().await
            }
            asked => asked,
        }
    }

    fn outcome(&self, answer: &Answer) -> Outcome {
        let wait = retry_after(&answer.headers, self.clock.now());
        let wait = wait.and_then(|wait| SignedDuration::try_from(wait).ok());
        answered(answer.status.as_u16(), wait)
    }
}

enum Failure {
    Unwritable,
    Send(SendError),
}

impl Backend {
    fn new(app: &AppId, target: Target, client: Client) -> Self {
        Self {
            app: app.clone(),
            target,
            client,
            places: Semaphore::new(LIMITS.connections),
            gate: Gate::default(),
        }
    }

    /// One of the places of the App, if one is free before the time is over. Nobody closes them.
    async fn place(&self) -> Option<SemaphorePermit<'_>> {
        timeout(PLACE, self.places.acquire()).await.ok()?.ok()
    }
}

/// Reads a stored account, whose text is absent if it cannot be opened.
fn read(app: &AppId, text: Option<&str>) -> Result<Target, Unusable> {
    let target = text.and_then(|text| serde_json::from_str(text).ok());
    target.ok_or(Unusable::Unreadable).inspect_err(|_| {
        tracing::error!(%app, "the stored account of the backend cannot be read: requests wait for another one");
    })
}

fn place(url: &str) -> Option<Place> {
    let uri: Uri = url.parse().ok()?;
    Place::of(&uri).ok()
}

fn said(answer: &Answer) -> String {
    answer.status.as_u16().to_string()
}

fn finding(place: String, reason: Option<Reason>, said: Option<String>) -> ProviderFinding {
    ProviderFinding {
        place,
        is_good: reason.is_none(),
        reason: reason.map(Open::Known),
        said,
    }
}

#[cfg(test)]
mod tests;
