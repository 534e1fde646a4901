//! What a push is opened with.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use vestnik_envelope::KeyRing;
use vestnik_model::{InstallationId, UserId};
use zeroize::Zeroizing;

use crate::{
    Stamp, StoreError,
    secret::{ENVELOPE, SecretError, SecretStore},
};

/// What a push is opened with: the keys of an installation, and whose history is on the device.
///
/// They lie in the secret store as one text. `Debug` shows nothing of the private keys and of the user.
#[derive(Clone)]
pub struct PushKeys {
    pub(super) installation: InstallationId,
    pub(super) user: Option<UserId>,
    pub(super) ring: KeyRing,
}

/// The text, as JSON.
#[derive(Serialize, Deserialize)]
struct Kept {
    installation: InstallationId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<UserId>,
    /// In base64url.
    keys: Zeroizing<String>,
}

impl PushKeys {
    /// The keys of a new installation.
    pub(crate) fn new(installation: InstallationId, stamp: &Stamp) -> Self {
        Self {
            installation,
            user: None,
            ring: KeyRing::new(stamp.server_now(), stamp.drawn("envelope")),
        }
    }

    /// Reads the text of the secret store, as an extension does that shares it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let Kept {
            installation,
            user,
            keys,
        } = serde_json::from_str(text).ok()?;
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(&*keys).ok()?);
        Some(Self {
            installation,
            user,
            ring: KeyRing::parse(&bytes).ok()?,
        })
    }

    /// The text that is kept.
    #[must_use]
    pub fn to_text(&self) -> SecretString {
        let kept = Kept {
            installation: self.installation,
            user: self.user.clone(),
            keys: Zeroizing::new(URL_SAFE_NO_PAD.encode(&*self.ring.to_bytes())),
        };
        // A struct of texts always has a JSON.
        serde_json::to_string(&kept).unwrap_or_default().into()
    }

    /// The public key, as the server is told of it.
    #[must_use]
    pub fn public_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.ring.public_key().as_bytes())
    }

    /// The keys that are kept for an installation. What is there and cannot be read, or is another
    /// installation's, is as good as absent.
    pub(crate) fn read(
        secrets: &dyn SecretStore,
        installation: InstallationId,
    ) -> Result<Option<Self>, StoreError> {
        let text = match secrets.get(ENVELOPE) {
            Ok(text) => text,
            Err(SecretError::Unreadable) => None,
            Err(error @ SecretError::Unavailable { .. }) => return Err(error.into()),
        };
        let keys = text.and_then(|text| Self::parse(text.expose_secret()));
        Ok(keys.filter(|keys| keys.installation == installation))
    }

    pub(crate) fn write(&self, secrets: &dyn SecretStore) -> Result<(), StoreError> {
        Ok(secrets.set(ENVELOPE, &self.to_text())?)
    }

    pub(crate) fn is_of(&self, user: Option<&UserId>) -> bool {
        self.user.as_ref() == user
    }

    /// The same keys for whoever has the device now.
    pub(crate) fn given_to(&self, user: Option<&UserId>) -> Self {
        Self {
            user: user.cloned(),
            ..self.clone()
        }
    }

    /// The keys as they are to be from now on, if that is not how they are.
    pub(crate) fn renewed(&self, stamp: &Stamp) -> Option<Self> {
        let mut keys = self.clone();
        let is_renewed = keys.ring.renew(stamp.server_now(), stamp.drawn("envelope"));
        is_renewed.then_some(keys)
    }
}

impl fmt::Debug for PushKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushKeys")
            .field("installation", &self.installation)
            .field("ring", &self.ring)
            .finish_non_exhaustive()
    }
}
