use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, StatusCode, header};
use reqwest::{Client, RequestBuilder, Response, Url};

use crate::{
    client::driver::{
        error::{ConnectError, retry_after},
        negotiate::{client, unreachable},
        options::ConnectOptions,
        token::{BearerToken, TokenSource},
    },
    protocol::TransferFormat,
};

/// How long a request may take as a whole, as in the official clients; a poll takes 90 s.
const PATIENCE: Duration = Duration::from_secs(100);

/// How long a request's connection is kept for the next one.
const IDLE: Duration = Duration::from_secs(60);

/// Where the requests of one connection go, and by which token.
#[derive(Clone)]
pub(crate) struct Door {
    options: Arc<ConnectOptions>,
    /// With the connection's token.
    url: Url,
    source: Option<TokenSource>,
    /// The same for all clones.
    means: Arc<Mutex<Means>>,
}

/// What may be another in the middle of a connection.
struct Means {
    http: Client,
    bearer: Option<BearerToken>,
}

/// One request.
pub(super) struct Errand {
    method: Method,
    header: Option<(header::HeaderName, &'static str)>,
    body: Bytes,
    /// Absent for an answer that never ends.
    patience: Option<Duration>,
}

impl Errand {
    pub(super) const fn events() -> Self {
        Self {
            method: Method::GET,
            header: Some((header::ACCEPT, "text/event-stream")),
            body: Bytes::new(),
            patience: None,
        }
    }

    pub(super) const fn poll() -> Self {
        Self {
            method: Method::GET,
            header: None,
            body: Bytes::new(),
            patience: Some(PATIENCE),
        }
    }

    pub(super) const fn send(body: Bytes, format: TransferFormat) -> Self {
        let content_type = match format {
            TransferFormat::Text => "text/plain;charset=UTF-8",
            TransferFormat::Binary => "application/octet-stream",
        };
        Self {
            method: Method::POST,
            header: Some((header::CONTENT_TYPE, content_type)),
            body,
            patience: Some(PATIENCE),
        }
    }

    /// Sends nothing, to see whether it arrives.
    pub(super) const fn knock() -> Self {
        Self {
            method: Method::POST,
            header: Some((header::CONTENT_LENGTH, "0")),
            body: Bytes::new(),
            patience: Some(PATIENCE),
        }
    }

    pub(super) const fn leave() -> Self {
        Self {
            method: Method::DELETE,
            header: None,
            body: Bytes::new(),
            patience: Some(PATIENCE),
        }
    }
}

impl Door {
    pub(crate) async fn new(
        options: &ConnectOptions,
        url: &Url,
        source: Option<&TokenSource>,
    ) -> Result<Self, ConnectError> {
        let bearer = match source {
            Some(source) => Some(source.token().await?),
            None => None,
        };
        let http = client(options, IDLE)?;
        Ok(Self {
            options: Arc::new(options.clone()),
            url: url.clone(),
            source: source.cloned(),
            means: Arc::new(Mutex::new(Means { http, bearer })),
        })
    }

    /// Makes requests from here on over connections of their own: those that are kept may be of
    /// another network.
    pub(super) fn renew(&self) {
        match client(&self.options, IDLE) {
            Ok(http) => self.means().http = http,
            Err(error) => tracing::debug!(%error, "the old connections are kept"),
        }
    }

    fn means(&self) -> MutexGuard<'_, Means> {
        // No code under this lock can panic half-way through a change.
        self.means.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the answer if it is well. A token that is not accepted is renewed once.
    pub(super) async fn request(&self, errand: Errand) -> Result<Response, ConnectError> {
        let mut response = self.try_request(&errand).await?;
        if response.status() == StatusCode::UNAUTHORIZED
            && let Some(source) = &self.source
        {
            let bearer = source.token().await?;
            self.means().bearer = Some(bearer);
            response = self.try_request(&errand).await?;
        }
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let retry_after = retry_after(response.headers());
        Err(ConnectError::from_status(status.as_u16(), retry_after))
    }

    async fn try_request(&self, errand: &Errand) -> Result<Response, ConnectError> {
        let request = self.begin(errand);
        request.send().await.map_err(unreachable)
    }

    fn begin(&self, errand: &Errand) -> RequestBuilder {
        let means = self.means();
        let mut request = means.http.request(errand.method.clone(), self.url.clone());
        if let Some((name, value)) = &errand.header {
            request = request.header(name, *value);
        }
        if let Some(bearer) = &means.bearer {
            request = request.header(header::AUTHORIZATION, bearer.header());
        }
        if errand.method == Method::POST {
            request = request.body(errand.body.clone());
        }
        if let Some(patience) = errand.patience {
            request = request.timeout(patience);
        }
        request
    }
}
