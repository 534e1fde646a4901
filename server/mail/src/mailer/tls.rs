//! TLS to a relay.

use std::{io, sync::Arc, time::Duration};

use rustls::{ClientConfig, pki_types::ServerName};
use rustls_platform_verifier::Verifier;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};
use vestnik_model::Reason;

use super::RelayError;
use crate::{outcome::Verdict, relay::Relay};

/// What TLS to one relay needs.
#[derive(Clone)]
pub(super) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Tls {
    pub(super) fn new(relay: &Relay) -> Result<Self, RelayError> {
        let name = relay.place.host().to_owned();
        let name = ServerName::try_from(name).map_err(|_| RelayError::Host)?;
        let config = config(relay).map_err(RelayError::Roots)?;
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Self { connector, name })
    }

    /// Establishes TLS.
    pub(super) async fn encrypt(
        &self,
        socket: TcpStream,
        patience: Duration,
    ) -> Result<TlsStream<TcpStream>, Verdict> {
        let handshake = self.connector.connect(self.name.clone(), socket);
        match timeout(patience, handshake).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(verdict(&error)),
            Err(_) => Err(Verdict::Retry {
                reason: Reason::ProviderTimeout,
                after: None,
            }),
        }
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

fn config(relay: &Relay) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        Verifier::new_with_extra_roots(relay.roots.iter().cloned(), Arc::clone(&provider))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

/// A certificate that is not trusted is the operator's to mend; anything else may pass.
fn verdict(error: &io::Error) -> Verdict {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(rustls::Error::InvalidCertificate(_)) => Verdict::Refused {
            reason: Reason::ConfigProviderAuth,
        },
        _ => Verdict::Retry {
            reason: Reason::ProviderUnavailable,
            after: None,
        },
    }
}
