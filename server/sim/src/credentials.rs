//! The keys of a simulator: what Google, Apple and a certificate authority would hand out.

use std::fmt;

use aws_lc_rs::{
    digest::{SHA256, digest},
    encoding::{AsDer as _, Pkcs8V1Der},
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::{authority::Authority, hex, pem};

const PRIVATE_KEY: &str = "PRIVATE KEY";

/// Why credentials cannot be made or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// A key could not be made.
    #[error("a key could not be made")]
    Make,
    /// A key of an earlier start cannot be read: which.
    #[error("{0} cannot be read")]
    Read(&'static str),
    /// There are as many keys as there may be.
    #[error("there are {0} signing keys already, which is the most")]
    TooMany(usize),
    /// The certificate could not be made.
    #[error("the certificate could not be made")]
    Certificate(#[source] rcgen::Error),
}

/// The keys that the simulator's accounts have. `Debug` shows none.
///
/// They are worth nothing outside of this simulator. Those who start it again with the same have senders
/// that need no new configuration.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// The Firebase project.
    pub project_id: String,
    /// The service account.
    pub client_email: String,
    /// The id of the service account's key.
    pub private_key_id: String,
    /// The service account's RSA key, PKCS#8 in PEM.
    pub service_account_key: String,
    /// The Apple developer team.
    pub team_id: String,
    /// The id of the APNs signing key.
    pub key_id: String,
    /// The APNs signing key, PKCS#8 in PEM: what the `.p8` file has.
    pub apns_key: String,
    /// The app.
    pub bundle: String,
    /// The certificate authority's certificate, in PEM.
    pub ca_certificate: String,
    /// The certificate authority's key, PKCS#8 in PEM.
    pub ca_key: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("project_id", &self.project_id)
            .field("team_id", &self.team_id)
            .field("bundle", &self.bundle)
            .finish_non_exhaustive()
    }
}

/// A further signing key of the APNs team: what Apple hands out once. `Debug` does not show it.
#[derive(Clone, Serialize)]
pub struct ApnsKey {
    /// The id, `kid` of the provider token.
    pub key_id: String,
    /// The key, PKCS#8 in PEM.
    pub key: String,
}

impl fmt::Debug for ApnsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApnsKey")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

impl ApnsKey {
    /// Makes a key, and gives its public half, an uncompressed point.
    pub(crate) fn generate() -> Result<(Self, Vec<u8>), CredentialsError> {
        let make = |_| CredentialsError::Make;
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(make)?;
        let private = pair.to_pkcs8v1().map_err(make)?;
        let public = pair.public_key().as_ref().to_vec();
        // Apple's ids have ten characters; this one follows from the key.
        let digest = digest(&SHA256, &public);
        let key_id = hex::encode(&digest.as_ref()[..5]).to_uppercase();
        let key = pem::encode(PRIVATE_KEY, private.as_ref());
        Ok((Self { key_id, key }, public))
    }
}

impl Credentials {
    /// Makes new keys.
    ///
    /// # Errors
    /// [`CredentialsError`].
    pub fn generate() -> Result<Self, CredentialsError> {
        let make = |_| CredentialsError::Make;
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).map_err(make)?;
        let rsa: Pkcs8V1Der<'_> = rsa.as_der().map_err(make)?;
        let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(make)?;
        let ec = ec.to_pkcs8v1().map_err(make)?;
        let authority = Authority::generate()?;
        let service_account_key = pem::encode(PRIVATE_KEY, rsa.as_ref());
        let digest = digest(&SHA256, rsa.as_ref());
        Ok(Self {
            project_id: "vestnik-sim".to_owned(),
            client_email: "sender@vestnik-sim.iam.gserviceaccount.com".to_owned(),
            private_key_id: hex::encode(&digest.as_ref()[..20]),
            service_account_key,
            team_id: "SIMTEAM000".to_owned(),
            key_id: "SIMKEY0000".to_owned(),
            apns_key: pem::encode(PRIVATE_KEY, ec.as_ref()),
            bundle: "dev.vestnik.sim".to_owned(),
            ca_certificate: authority.certificate_pem(),
            ca_key: authority.key_pem(),
        })
    }

    /// The public key of the service account, as an `RSAPublicKey`.
    pub(crate) fn service_account_public(&self) -> Result<Vec<u8>, CredentialsError> {
        let key = pem::decode(PRIVATE_KEY, &self.service_account_key);
        let key = key.and_then(|key| RsaKeyPair::from_pkcs8(&key).ok());
        let key = key.ok_or(CredentialsError::Read("service_account_key"))?;
        Ok(key.public_key().as_ref().to_vec())
    }

    /// The public key of the APNs signing key, an uncompressed point.
    pub(crate) fn apns_public(&self) -> Result<Vec<u8>, CredentialsError> {
        let read = |key: Vec<u8>| EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key);
        let key = pem::decode(PRIVATE_KEY, &self.apns_key).and_then(|key| read(key).ok());
        let key = key.ok_or(CredentialsError::Read("apns_key"))?;
        Ok(key.public_key().as_ref().to_vec())
    }

    /// The id of the app at Huawei, which is that of its OAuth client.
    pub(crate) fn hms_app_id(&self) -> &'static str {
        "104577000"
    }

    /// The project at Huawei.
    pub(crate) fn hms_project_id(&self) -> &'static str {
        "388421841222199000"
    }

    /// The service account at Huawei, whose key is that of Google's.
    pub(crate) fn hms_sub_account(&self) -> &'static str {
        "103520000"
    }

    /// The secret of the OAuth client at Huawei. It follows from the keys, so that those of an earlier start
    /// have one.
    pub(crate) fn hms_client_secret(&self) -> String {
        self.derived("hms")
    }

    /// The secret that Huawei's receipts are signed with: as one that its console made, in base64.
    pub(crate) fn hms_receipt_secret(&self) -> String {
        STANDARD.encode(self.derived("hms receipts"))
    }

    /// The project at `RuStore`.
    pub(crate) fn rustore_project_id(&self) -> &'static str {
        "vestnik_sim-rustore"
    }

    /// The service token of the project at `RuStore`; it follows from the keys too.
    pub(crate) fn rustore_token(&self) -> String {
        self.derived("rustore")
    }

    fn derived(&self, name: &str) -> String {
        let text = format!("{name}\n{}", self.service_account_key);
        hex::encode(digest(&SHA256, text.as_bytes()).as_ref())
    }

    pub(crate) fn authority(&self) -> Result<Authority, CredentialsError> {
        Authority::read(&self.ca_certificate, &self.ca_key)
    }
}
