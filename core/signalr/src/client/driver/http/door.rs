use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode, header};
use reqwest::{Client, Response, Url};

use crate::{
    client::driver::{
        error::{ConnectError, retry_after},
        negotiate::unreachable,
        token::{BearerToken, TokenSource},
    },
    protocol::TransferFormat,
};

/// How long a request may take as a whole, as in the official clients; a poll takes 90 s.
const PATIENCE: Duration = Duration::from_secs(100);

/// Where the requests of one connection go, and by which token.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) http: Client,
    /// With the connection's token.
    pub(crate) url: Url,
    pub(crate) bearer: Option<BearerToken>,
    pub(crate) source: Option<TokenSource>,
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
    /// Gives the answer if it is well. A token that is not accepted is renewed once.
    pub(super) async fn request(&mut self, errand: Errand) -> Result<Response, ConnectError> {
        let mut response = self.try_request(&errand).await?;
        if response.status() == StatusCode::UNAUTHORIZED
            && let Some(source) = &self.source
        {
            self.bearer = Some(source.token().await?);
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
        let url = self.url.clone();
        let mut request = self.http.request(errand.method.clone(), url);
        if let Some((name, value)) = &errand.header {
            request = request.header(name, *value);
        }
        if let Some(bearer) = &self.bearer {
            request = request.header(header::AUTHORIZATION, bearer.header());
        }
        if errand.method == Method::POST {
            request = request.body(errand.body.clone());
        }
        if let Some(patience) = errand.patience {
            request = request.timeout(patience);
        }
        request.send().await.map_err(unreachable)
    }
}
