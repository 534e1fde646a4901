//! REST and the hub over the network.

use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::{Method, Url};
use serde::Serialize;
use vestnik_model::{
    InstallationId, InstallationReport, TokenRequest, TokenResponse,
    preference::{PreferencesPatch, StoredOptOuts},
    route,
};

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
    /// The server's address has a user or a password in it: it would be sent with every request, and lie
    /// in configurations and logs.
    #[error("the server's address must not have a user or a password")]
    Credentials,
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
        if !server.username().is_empty() || server.password().is_some() {
            return Err(NetworkSettingError::Credentials);
        }
        let hub = hub::Opening::new(endpoint(server, route::HUB), timeout, options)?;
        let http = Http::new(server.clone(), timeout, options)
            .map_err(|error| NetworkSettingError::Tls(error.into()))?;
        Ok(Self { http, hub })
    }

    /// What a call about it answers that the user does not want.
    async fn opt_outs<B: Serialize + Sync>(
        &self,
        call: Call<'_, B>,
    ) -> Result<StoredOptOuts, CallFailure> {
        let asked = self.http.address(route::PREFERENCES);
        let answer = self.http.call(call).await?;
        let foreign = answer.foreign(&asked);
        StoredOptOuts::read(&answer.into_body(&asked)?).map_err(|_| foreign)
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
        report: InstallationReport,
    ) -> BoxFuture<'_, Result<(), CallFailure>> {
        Box::pin(async move {
            let path = route::with(route::INSTALLATION, &id.to_string());
            let call = Call {
                method: Method::PUT,
                path: &path,
                token: Some(&token),
                body: Some(&report),
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

    fn preferences(&self, token: Secret) -> BoxFuture<'_, Result<StoredOptOuts, CallFailure>> {
        Box::pin(async move {
            let call = Call {
                method: Method::GET,
                path: route::PREFERENCES,
                token: Some(&token),
                body: None::<&()>,
            };
            self.opt_outs(call).await
        })
    }

    fn change_preferences(
        &self,
        token: Secret,
        patch: PreferencesPatch,
    ) -> BoxFuture<'_, Result<StoredOptOuts, CallFailure>> {
        Box::pin(async move {
            let call = Call {
                method: Method::PATCH,
                path: route::PREFERENCES,
                token: Some(&token),
                body: Some(&patch),
            };
            self.opt_outs(call).await
        })
    }

    fn connect(&self, token: Secret) -> BoxFuture<'_, Result<HubConnection, CallFailure>> {
        Box::pin(async move { self.hub.open(&token).await })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(server: &str) -> Option<NetworkSettingError> {
        let (server, options) = (server.parse().unwrap(), NetworkOptions::default());
        NetworkTransport::new(&server, Duration::from_secs(1), &options).err()
    }

    #[test]
    fn what_is_printed_of_a_transport_has_no_secret() {
        let options = NetworkOptions {
            proxy: Some("http://anna:hunter2@proxy.example/".parse().unwrap()),
            roots: Vec::new(),
        };
        let server = "https://push.example/".parse().unwrap();
        let transport = NetworkTransport::new(&server, Duration::from_secs(1), &options).unwrap();
        let printed = format!("{transport:?} {transport:#?}");
        assert!(!printed.contains("hunter2"), "{printed}");
        // As the header in which the proxy gets it (RFC 7617).
        assert!(!printed.contains("YW5uYTpodW50ZXIy"), "{printed}");
    }

    #[test]
    fn an_address_without_secrets_is_taken() {
        use NetworkSettingError::{Credentials, Scheme};
        assert!(refusal("https://push.example/p/").is_none());
        assert!(matches!(refusal("ftp://push.example/"), Some(Scheme)));
        for server in [
            "https://anna@push.example/",
            "https://:hunter2@push.example/",
        ] {
            assert!(matches!(refusal(server), Some(Credentials)), "{server}");
        }
    }
}
