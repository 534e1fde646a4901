//! Whose certificates are trusted.

use std::sync::Arc;

use rustls::{
    ClientConfig,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use rustls_platform_verifier::Verifier;

/// Whose certificates are trusted: the system's roots, and further ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trust {
    further: Vec<CertificateDer<'static>>,
}

/// Why there is no trust.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// A text has no certificate in PEM.
    #[error("must be certificates in PEM that begin with -----BEGIN CERTIFICATE-----")]
    Pem,
    /// The TLS library does not work with the certificates.
    #[error("the certificates cannot be used")]
    Unusable(#[from] rustls::Error),
}

impl Trust {
    /// The most bytes of further certificates.
    pub const MAX_PEM_BYTES: usize = 64 * 1_024;

    /// The roots of the operating system.
    #[must_use]
    pub const fn system() -> Self {
        Self {
            further: Vec::new(),
        }
    }

    /// Trusts the certificates of a PEM text besides.
    ///
    /// # Errors
    /// [`TrustError::Pem`] if there is none, or one that cannot be read.
    pub fn and(mut self, pem: &str) -> Result<Self, TrustError> {
        if pem.len() > Self::MAX_PEM_BYTES {
            return Err(TrustError::Pem);
        }
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
        let certificates = read.map_err(|_| TrustError::Pem)?;
        if certificates.is_empty() {
            return Err(TrustError::Pem);
        }
        self.further.extend(certificates);
        Ok(self)
    }

    /// The further certificates, for a driver with a TLS configuration of its own.
    #[must_use]
    pub fn into_certificates(self) -> Vec<CertificateDer<'static>> {
        self.further
    }

    /// A TLS configuration that offers the protocols, the best first.
    pub(crate) fn tls(&self, protocols: &[&[u8]]) -> Result<ClientConfig, TrustError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let further = self.further.iter().cloned();
        let verifier = Verifier::new_with_extra_roots(further, provider)?;
        let mut config = builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_refused() {
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        let cut = "-----BEGIN CERTIFICATE-----\nAAAA\n";
        let long = "x".repeat(Trust::MAX_PEM_BYTES + 1);
        for pem in ["", "x", key, cut, &long] {
            assert!(matches!(Trust::system().and(pem), Err(TrustError::Pem)));
        }
    }
}
