//! REST and the hub over the network.

use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::{Method, Url};
use vestnik_model::{
    InstallationId, InstallationState, Problem, ProblemCode, TokenRequest, TokenResponse, route,
};

use super::{
    CallFailure, ConnectFailure, HubConnection, Transport, endpoint::endpoint, http::Http, hub,
};

/// REST and the hub over the network.
#[derive(Debug)]
pub struct NetworkTransport {
    http: Http,
    hub: Url,
    timeout: Duration,
}

impl NetworkTransport {
    /// A transport to a server.
    ///
    /// # Errors
    /// [`CallFailure::Refused`] when the address cannot be one of a server.
    pub fn new(server: &Url, timeout: Duration) -> Result<Self, CallFailure> {
        let wrong = |detail: String| {
            CallFailure::Refused(Problem::new(ProblemCode::RequestInvalid, detail))
        };
        if !matches!(server.scheme(), "http" | "https") {
            return Err(wrong(
                "the server's address must be http or https".to_owned(),
            ));
        }
        let hub = endpoint(server, route::HUB);
        let http = Http::new(server.clone(), timeout).map_err(|error| wrong(error.to_string()))?;
        Ok(Self { http, hub, timeout })
    }
}

impl Transport for NetworkTransport {
    fn token(&self, request: TokenRequest) -> BoxFuture<'_, Result<TokenResponse, CallFailure>> {
        Box::pin(async move {
            let body = self
                .http
                .call((Method::POST, route::TOKEN), None, Some(&request))
                .await?;
            serde_json::from_slice(&body).map_err(|_| super::http::unreachable())
        })
    }

    fn put_installation(
        &self,
        token: String,
        id: InstallationId,
        state: InstallationState,
    ) -> BoxFuture<'_, Result<(), CallFailure>> {
        Box::pin(async move {
            let path = route::with(route::INSTALLATION, &id.to_string());
            self.http
                .call((Method::PUT, &path), Some(&token), Some(&state))
                .await
                .map(drop)
        })
    }

    fn delete_installation(
        &self,
        token: String,
        id: InstallationId,
    ) -> BoxFuture<'_, Result<(), CallFailure>> {
        Box::pin(async move {
            let path = route::with(route::INSTALLATION, &id.to_string());
            self.http
                .call((Method::DELETE, &path), Some(&token), None::<&()>)
                .await
                .map(drop)
        })
    }

    fn connect(&self, token: String) -> BoxFuture<'_, Result<HubConnection, ConnectFailure>> {
        Box::pin(async move { hub::open(self.hub.clone(), &token, self.timeout).await })
    }
}
