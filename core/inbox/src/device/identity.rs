//! The identity of an installation, as it lies in the secret store.

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Builder;
use vestnik_model::{InstallationId, InstallationSecret, UserId};

use super::{
    logout::{MAX_LOGOUTS, has_token},
    table::generation,
};
use crate::{
    Stamp, StoreError,
    rule::identity::{InStore, OpeningMark, RestoreMark},
    secret::{INSTALLATION, REFRESH, SecretError, SecretStore, logout_name},
};

/// By what the server knows this installation. Debug shows nothing of the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The installation's id.
    pub id: InstallationId,
    /// What it proves itself by, the same at every login.
    pub secret: InstallationSecret,
}

/// The identity and what is beside it, as JSON in the secret store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) identity: Identity,
    pub(super) mark: OpeningMark,
    pub(super) former: Option<OpeningMark>,
    /// The generation of the session at the last opening.
    #[serde(default)]
    pub(super) generation: u64,
    /// The generations of logouts that may be pending, so that they outlive the device's file.
    #[serde(default)]
    pub(super) logouts: Vec<u64>,
}

impl Kept {
    /// A new installation.
    pub(super) fn new(stamp: &Stamp) -> Self {
        Self {
            identity: Identity {
                id: new_id(stamp.now, &stamp.drawn("installation")),
                secret: InstallationSecret::from_bytes(stamp.drawn("secret")),
            },
            mark: new_mark(stamp),
            former: None,
            generation: 0,
            logouts: Vec::new(),
        }
    }

    /// Reads it from the secret store. What is there and cannot be read is as good as absent.
    pub(super) fn read(secrets: &dyn SecretStore) -> Result<Option<Self>, StoreError> {
        let kept: Option<Self> = read(secrets, INSTALLATION)?;
        Ok(kept.map(|kept| Self {
            generation: generation(kept.generation),
            logouts: kept.logouts.into_iter().map(generation).collect(),
            ..kept
        }))
    }

    pub(super) fn write(&self, secrets: &dyn SecretStore) -> Result<(), StoreError> {
        write(secrets, INSTALLATION, self)
    }

    /// A new installation in the place of this one, whose session is kept as a logout that the server has to be told
    /// of. Doing it again comes to the same.
    pub(super) fn replaced(
        mut self,
        session: Option<KeptSession>,
        secrets: &dyn SecretStore,
        stamp: &Stamp,
    ) -> Result<Self, StoreError> {
        if let Some(session) = session {
            let dropped = self.add_logout(secrets, session.generation)?;
            // A logout that was begun may have a newer token.
            let is_kept = has_token(secrets, session.generation)?;
            if !is_kept && !dropped.contains(&session.generation) {
                secrets.set(&logout_name(session.generation), &session.token.into())?;
            }
        }
        Ok(Self {
            generation: self.generation,
            logouts: self.logouts,
            ..Self::new(stamp)
        })
    }

    /// Adds a logout; gives those that are kept no longer, whose tokens are deleted.
    pub(super) fn add_logout(
        &mut self,
        secrets: &dyn SecretStore,
        generation: u64,
    ) -> Result<Vec<u64>, StoreError> {
        self.logouts.push(generation);
        self.logouts.sort_unstable();
        self.logouts.dedup();
        let over = self.logouts.len().saturating_sub(MAX_LOGOUTS);
        let dropped: Vec<u64> = self.logouts.drain(..over).collect();
        for generation in &dropped {
            secrets.delete(&logout_name(*generation))?;
        }
        Ok(dropped)
    }

    pub(super) const fn in_store(&self) -> InStore {
        InStore {
            installation: self.identity.id,
            mark: self.mark,
            former: self.former,
        }
    }
}

/// A session, as JSON in the secret store. The token lies beside whose it is, so that no end of the
/// process and no file that was set back gives one user's token another's name.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptSession {
    pub(super) user: UserId,
    pub(super) generation: u64,
    pub(super) token: String,
}

impl KeptSession {
    pub(super) fn read(secrets: &dyn SecretStore) -> Result<Option<Self>, StoreError> {
        let kept: Option<Self> = read(secrets, REFRESH)?;
        Ok(kept.map(|kept| Self {
            generation: generation(kept.generation),
            ..kept
        }))
    }

    pub(super) fn write(&self, secrets: &dyn SecretStore) -> Result<(), StoreError> {
        write(secrets, REFRESH, self)
    }
}

fn read<T: DeserializeOwned>(
    secrets: &dyn SecretStore,
    name: &str,
) -> Result<Option<T>, StoreError> {
    let text = match secrets.get(name) {
        Ok(text) => text,
        Err(SecretError::Unreadable) => None,
        Err(error @ SecretError::Unavailable { .. }) => return Err(error.into()),
    };
    let read = text.map(|text| serde_json::from_str(text.expose_secret()));
    Ok(read.and_then(Result::ok))
}

fn write<T: Serialize>(secrets: &dyn SecretStore, name: &str, value: &T) -> Result<(), StoreError> {
    let text = serde_json::to_string(value).map_err(|_| SecretError::Unreadable)?;
    Ok(secrets.set(name, &SecretString::from(text))?)
}

/// The mark of an opening.
pub(super) fn new_mark(stamp: &Stamp) -> OpeningMark {
    let mut mark = [0; 16];
    mark.copy_from_slice(&stamp.drawn("mark")[..16]);
    mark
}

/// The mark of a time that the files are found to be set back.
pub(super) fn new_restore(stamp: &Stamp) -> RestoreMark {
    let mut mark = [0; 16];
    mark.copy_from_slice(&stamp.drawn("restore")[..16]);
    RestoreMark::new(mark)
}

fn new_id(now: Timestamp, random: &[u8; 32]) -> InstallationId {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
    let mut bytes = [0; 10];
    bytes.copy_from_slice(&random[..10]);
    InstallationId::from_uuid(Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
}
