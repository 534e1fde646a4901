//! The listeners, and what a test holds.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::State as Extracted,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use vestnik_clock::{Clock, SystemClock};

use super::{
    hook::{Happening, Hook},
    platform::Platform,
    request::{Asked, Reply},
    state::{State, Taken},
};
use crate::form;

/// The running platforms, each at an address of its own, over plain HTTP on loopback. They stop when this is
/// dropped.
#[derive(Debug)]
pub struct Gateways {
    places: BTreeMap<Platform, (SocketAddr, Arc<Place>)>,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

#[derive(Debug)]
struct Place {
    platform: Platform,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl Gateways {
    /// Starts every platform.
    ///
    /// # Errors
    /// A port cannot be listened on.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(Arc::new(SystemClock)).await
    }

    /// Starts every platform by a clock.
    ///
    /// # Errors
    /// A port cannot be listened on.
    pub async fn start_with(clock: Arc<dyn Clock>) -> io::Result<Self> {
        Self::start_at((Ipv4Addr::LOCALHOST.into(), 0), clock).await
    }

    /// Starts every platform at an address: the first at the port that is given, each further one at the next;
    /// with port 0 each gets one that is free.
    ///
    /// # Errors
    /// A port cannot be listened on.
    pub async fn start_at(
        (address, first): (IpAddr, u16),
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        let mut gateways = Self {
            places: BTreeMap::new(),
            shutdown: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let mut port = first;
        for platform in Platform::ALL {
            let listener = TcpListener::bind((address, port)).await?;
            if first != 0 {
                port = port.checked_add(1).ok_or(io::ErrorKind::AddrNotAvailable)?;
            }
            let address = listener.local_addr()?;
            let place = Arc::new(Place {
                platform,
                state: Mutex::new(State::new(platform.settings(), clock.now())),
                clock: Arc::clone(&clock),
            });
            let router = Router::new()
                .fallback(answer)
                .with_state(Arc::clone(&place));
            let stopped = gateways.shutdown.clone().cancelled_owned();
            gateways.tasks.spawn(async move {
                let served = axum::serve(listener, router).with_graceful_shutdown(stopped);
                if let Err(error) = served.await {
                    tracing::warn!(%error, "a gateway stopped");
                }
            });
            gateways.places.insert(platform, (address, place));
        }
        Ok(gateways)
    }

    /// Where a platform is.
    #[must_use]
    pub fn origin(&self, platform: Platform) -> String {
        let address = self
            .places
            .get(&platform)
            .map(|(address, _)| address.to_string());
        format!("http://{}", address.unwrap_or_default())
    }

    /// What an operator enters for a platform.
    #[must_use]
    pub fn settings(&self, platform: Platform) -> Value {
        platform.settings()
    }

    /// What a platform took, in order: the last 100,000 messages. A repetition that it collapsed is not in it.
    #[must_use]
    pub fn taken(&self, platform: Platform) -> Vec<Taken> {
        self.with(platform, |state| state.taken.iter().cloned().collect())
            .unwrap_or_default()
    }

    /// Forgets what a platform took.
    pub fn clear(&self, platform: Platform) {
        self.with(platform, State::clear);
    }

    /// Has the next `times` messages refused by a documented error. Says whether the platform documents it.
    pub fn refuse(&self, platform: Platform, name: &str, times: u32) -> bool {
        let is_documented = platform.documented().iter().any(|error| error.name == name);
        if is_documented {
            self.with(platform, |state| {
                state.refusal = Some((name.to_owned(), times));
            });
        }
        is_documented
    }

    /// Has messages taken again.
    pub fn recover(&self, platform: Platform) {
        self.with(platform, |state| state.refusal = None);
    }

    /// A person, as the platform writes their address, lets nothing in.
    pub fn block(&self, platform: Platform, person: &str) {
        self.with(platform, |state| state.blocking.insert(person.to_owned()));
    }

    /// Nobody has this address.
    pub fn forget(&self, platform: Platform, person: &str) {
        self.with(platform, |state| state.unknown.insert(person.to_owned()));
    }

    /// Somebody has this address, and lets messages in.
    pub fn welcome(&self, platform: Platform, person: &str) {
        self.with(platform, |state| {
            state.blocking.remove(person);
            state.unknown.remove(person);
        });
    }

    /// The request by which a platform reports something, with its proof; none if it never reports this.
    #[must_use]
    pub fn hook(&self, platform: Platform, happening: &Happening) -> Option<Hook> {
        self.with(platform, |state| platform.hook(happening, state))?
    }

    fn with<T>(&self, platform: Platform, work: impl FnOnce(&mut State) -> T) -> Option<T> {
        let (_, place) = self.places.get(&platform)?;
        Some(work(&mut place.lock()))
    }
}

impl Drop for Gateways {
    fn drop(&mut self) {
        self.shutdown.cancel();
        self.tasks.close();
    }
}

impl Place {
    fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.now = self.clock.now();
        state
    }
}

async fn answer(
    Extracted(place): Extracted<Arc<Place>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = Asked {
        method,
        path: uri.path().to_owned(),
        query: form::parse(uri.query().unwrap_or_default().as_bytes()),
        headers,
        body: body.to_vec(),
    };
    let Reply { status, body } = place.platform.answer(&asked, &mut place.lock());
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
