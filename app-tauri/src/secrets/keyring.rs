//! Secrets in the system's keyring: the Secret Service of freedesktop.org, the Keychain of macOS, the
//! Credential Manager of Windows.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use keyring_core::{CredentialStore, Entry, Error};
use vestnik_core::{
    SecretError, SecretStore,
    inbox::secret::{ExposeSecret as _, SecretString},
};

use super::platform;

/// Under what the keyring files the entries of this app.
const SERVICE: &str = "org.vestnik.desktop";

/// Secrets in the system's keyring.
///
/// An entry is named by the secret and by the data folder that it belongs to, so that two
/// installations of one person do not share it. A call can take as long as the person needs to
/// answer the keyring's own question; it is never made on a task.
#[derive(Debug)]
pub(crate) struct KeyringSecrets {
    keyring: Arc<CredentialStore>,
    data_dir: PathBuf,
}

impl KeyringSecrets {
    /// Opens the keyring for the installation in a data folder.
    pub(super) fn open(data_dir: &Path) -> Result<Self, Error> {
        Ok(Self::over(platform::store()?, data_dir))
    }

    pub(super) fn over(keyring: Arc<CredentialStore>, data_dir: &Path) -> Self {
        Self {
            keyring,
            data_dir: data_dir.to_owned(),
        }
    }

    fn entry(&self, name: &str) -> Result<Entry, SecretError> {
        let user = format!("{name} of {}", self.data_dir.display());
        self.keyring
            .build(SERVICE, &user, None)
            .map_err(unavailable)
    }
}

impl SecretStore for KeyringSecrets {
    fn get(&self, name: &str) -> Result<Option<SecretString>, SecretError> {
        match self.entry(name)?.get_password() {
            Ok(secret) => Ok(Some(secret.into())),
            Err(Error::NoEntry) => Ok(None),
            Err(Error::BadEncoding(_) | Error::BadDataFormat(..)) => Err(SecretError::Unreadable),
            Err(error) => Err(unavailable(error)),
        }
    }

    fn set(&self, name: &str, secret: &SecretString) -> Result<(), SecretError> {
        self.entry(name)?
            .set_password(secret.expose_secret())
            .map_err(unavailable)
    }

    fn delete(&self, name: &str) -> Result<(), SecretError> {
        match self.entry(name)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(unavailable(error)),
        }
    }
}

fn unavailable(error: Error) -> SecretError {
    SecretError::Unavailable {
        source: error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_stay_until_they_are_deleted_and_folders_do_not_share_them() {
        let keyring: Arc<CredentialStore> = keyring_core::mock::Store::new().unwrap();
        let secrets = KeyringSecrets::over(Arc::clone(&keyring), Path::new("/data/one"));
        let other = KeyringSecrets::over(keyring, Path::new("/data/two"));
        let get = |store: &KeyringSecrets| {
            let secret = store.get("refresh").unwrap();
            secret.map(|secret| secret.expose_secret().to_owned())
        };
        assert_eq!(get(&secrets), None);
        secrets.set("refresh", &"vr_1".into()).unwrap();
        secrets.set("refresh", &"vr_2".into()).unwrap();
        assert_eq!(get(&secrets).as_deref(), Some("vr_2"));
        assert_eq!(get(&other), None);
        secrets.delete("refresh").unwrap();
        secrets.delete("refresh").unwrap();
        assert_eq!(get(&secrets), None);
    }
}
