//! The certificate authority of a simulator, and the certificate of its listeners.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs::default_provider,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

use crate::credentials::CredentialsError;

/// A certificate authority.
#[derive(Debug)]
pub(crate) struct Authority {
    certificate: String,
    key: KeyPair,
}

/// The certificate and the key of the listeners.
#[derive(Debug)]
pub(crate) struct Identity {
    certificate: Certificate,
    key: KeyPair,
}

impl Authority {
    pub(crate) fn generate() -> Result<Self, CredentialsError> {
        let key = KeyPair::generate().map_err(CredentialsError::Certificate)?;
        let certificate = own_params()?.self_signed(&key);
        Ok(Self {
            certificate: certificate.map_err(CredentialsError::Certificate)?.pem(),
            key,
        })
    }

    pub(crate) fn read(certificate: &str, key: &str) -> Result<Self, CredentialsError> {
        let key = KeyPair::from_pem(key).map_err(|_| CredentialsError::Read("ca_key"))?;
        Ok(Self {
            certificate: certificate.to_owned(),
            key,
        })
    }

    pub(crate) fn certificate_pem(&self) -> String {
        self.certificate.clone()
    }

    pub(crate) fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// Makes a certificate for the listeners.
    pub(crate) fn issue(&self, host: &str) -> Result<Identity, CredentialsError> {
        let failed = CredentialsError::Certificate;
        let mut names = ["localhost", "127.0.0.1", "::1"]
            .map(str::to_owned)
            .to_vec();
        if !names.iter().any(|name| name == host) {
            names.push(host.to_owned());
        }
        let mut params = params(names)?;
        params.distinguished_name.push(DnType::CommonName, host);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(failed)?;
        let issuer = Issuer::new(own_params()?, &self.key);
        let certificate = params.signed_by(&key, &issuer).map_err(failed)?;
        Ok(Identity { certificate, key })
    }
}

impl Identity {
    /// The TLS of a listener that speaks these protocols.
    pub(crate) fn tls(&self, protocols: &[&str]) -> Result<Arc<ServerConfig>, rustls::Error> {
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![self.certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key),
            )?;
        config.alpn_protocols = protocols
            .iter()
            .map(|protocol| protocol.as_bytes().to_vec())
            .collect();
        Ok(Arc::new(config))
    }
}

/// The same for every authority: only the key differs.
fn own_params() -> Result<CertificateParams, CredentialsError> {
    let mut params = params(Vec::new())?;
    params
        .distinguished_name
        .push(DnType::CommonName, "Vestnik simulator CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

/// Valid at any time that a test's clock may show.
fn params(names: Vec<String>) -> Result<CertificateParams, CredentialsError> {
    let mut params = CertificateParams::new(names).map_err(CredentialsError::Certificate)?;
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    params.distinguished_name = rcgen::DistinguishedName::new();
    Ok(params)
}
