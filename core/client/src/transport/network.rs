//! REST and the hub over the network.

use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::{Method, Url};
use vestnik_model::{InstallationId, InstallationState, TokenRequest, TokenResponse, route};

use super::{
    HubConnection, NetworkOptions, Transport,
    endpoint::endpoint,
    http::{Call, Http},
    hub,
};
use crate::machine::{CallFailure, Secret};

/// REST and the hub over the network.
#[derive(Debug)]
pub struct NetworkTransport {
    http: Http,
    hub: hub::Opening,
}

/// An address or a setting with which no server can be reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkSettingError {
    /// The server's address is neither `http` nor `https`.
    #[error("the server's address must be http or https")]
    Scheme,
    /// The proxy cannot be one.
    #[error("the proxy's address must be http, with a host")]
    Proxy,
    /// A certificate cannot be read, or the system's certificates cannot.
    #[error("a certificate or the system's TLS cannot be used")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl NetworkTransport {
    /// A transport to a server. No call takes longer than `timeout`.
    ///
    /// # Errors
    /// [`NetworkSettingError`].
    pub fn new(
        server: &Url,
        timeout: Duration,
        options: &NetworkOptions,
    ) -> Result<Self, NetworkSettingError> {
        if !matches!(server.scheme(), "http" | "https") {
            return Err(NetworkSettingError::Scheme);
        }
        let hub = hub::Opening::new(endpoint(server, route::HUB), timeout, options)?;
        let http = Http::new(server.clone(), timeout, options)
            .map_err(|error| NetworkSettingError::Tls(error.into()))?;
        Ok(Self { http, hub })
    }
}

impl Transport for NetworkTransport {
    fn token(&self, request: TokenRequest) -> BoxFuture<'_, Result<TokenResponse, CallFailure>> {
        Box::pin(async move {
            let call = Call {
                method: Method::POST,
                path: route::TOKEN,
                token: None,
                body: Some(&request),
            };
            let asked = self.http.address(route::TOKEN);
            let answer = self.http.call(call).await?;
            let foreign = answer.foreign(&asked);
            let body = answer.into_body(&asked)?;
            serde_json::from_slice(&body).map_err(|_| foreign)
        })
    }

    fn put_installation(
        &self,
        token: Secret,
        id: InstallationId,
        state: InstallationState,
    ) -> BoxFuture<'_, Result<(), CallFailure>> {
        Box::pin(async move {
            let path = route::with(route::INSTALLATION, &id.to_string());
            let call = Call {
                method: Method::PUT,
                path: &path,
                token: Some(&token),
                body: Some(&state),
            };
            let answer = self.http.call(call).await?;
            answer.into_nothing(&self.http.address(&path))
        })
    }

    fn delete_installation(
        &self,
        token: Secret,
        id: InstallationId,
    ) -> BoxFuture<'_, Result<(), CallFailure>> {
        Box::pin(async move {
            let path = route::with(route::INSTALLATION, &id.to_string());
            let call = Call {
                method: Method::DELETE,
                path: &path,
                token: Some(&token),
                body: None::<&()>,
            };
            let answer = self.http.call(call).await?;
            answer.into_nothing(&self.http.address(&path))
        })
    }

    fn connect(&self, token: Secret) -> BoxFuture<'_, Result<HubConnection, CallFailure>> {
        Box::pin(async move { self.hub.open(&token).await })
    }
}
