//! Secrets in the system's keyring: the Secret Service of freedesktop.org, the Keychain of macOS, the
//! Credential Manager of Windows.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
};

use keyring_core::{CredentialStore, Entry, Error};
use vestnik_core::{
    SecretError, SecretStore,
    inbox::secret::{ExposeSecret as _, SecretString},
};

use super::platform;

/// Under what the keyring files the entries of this app.
const SERVICE: &str = "org.vestnik.desktop";

/// How many calls may wait for the keyring.
const QUEUE: usize = 16;

/// A call to the keyring.
type Job = Box<dyn FnOnce(&CredentialStore) + Send>;

/// Secrets in the system's keyring.
///
/// An entry is named by the secret and by the data folder that it belongs to, so that two
/// installations of one person do not share it. The keyring has a thread of its own: it waits for the
/// session bus in its own way, which tokio allows on none of its threads, and a call takes as long as
/// the person needs to answer the keyring's own question.
pub(crate) struct KeyringSecrets {
    jobs: mpsc::SyncSender<Job>,
    data_dir: PathBuf,
}

impl KeyringSecrets {
    /// Opens the keyring for the installation in a data folder.
    pub(super) fn open(data_dir: &Path) -> Result<Self, SecretError> {
        Self::with(platform::store, data_dir)
    }

    fn with(
        open: impl FnOnce() -> keyring_core::Result<Arc<CredentialStore>> + Send + 'static,
        data_dir: &Path,
    ) -> Result<Self, SecretError> {
        let (jobs, waiting) = mpsc::sync_channel::<Job>(QUEUE);
        let (told, opened) = mpsc::sync_channel(1);
        let serve = move || {
            let keyring = match open() {
                Ok(keyring) => keyring,
                Err(error) => return drop(told.send(Err(unavailable(error)))),
            };
            drop(told.send(Ok(())));
            for job in waiting {
                job(&*keyring);
            }
        };
        let named = thread::Builder::new().name("keyring".to_owned());
        named
            .spawn(serve)
            .map_err(|error| SecretError::Unavailable {
                source: error.into(),
            })?;
        opened.recv().unwrap_or_else(|_| Err(gone()))?;
        Ok(Self {
            jobs,
            data_dir: data_dir.to_owned(),
        })
    }

    /// Does something with a secret's entry, on the keyring's thread.
    fn call<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(Entry) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, CallError> {
        let user = format!("{name} of {}", self.data_dir.display());
        let (reply, answer) = mpsc::sync_channel(1);
        let job = move |keyring: &CredentialStore| {
            let done = keyring.build(SERVICE, &user, None).and_then(work);
            // The caller waits for it.
            drop(reply.send(done));
        };
        self.jobs.send(Box::new(job)).map_err(|_| CallError::Gone)?;
        answer
            .recv()
            .map_err(|_| CallError::Gone)?
            .map_err(CallError::Keyring)
    }
}

/// Why a call to the keyring failed.
enum CallError {
    /// Its thread has ended.
    Gone,
    /// The keyring refuses.
    Keyring(Error),
}

impl From<CallError> for SecretError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Gone => gone(),
            CallError::Keyring(Error::BadEncoding(_) | Error::BadDataFormat(..)) => {
                Self::Unreadable
            }
            CallError::Keyring(error) => unavailable(error),
        }
    }
}

impl fmt::Debug for KeyringSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyringSecrets")
            .field("data_dir", &self.data_dir)
            .finish_non_exhaustive()
    }
}

impl SecretStore for KeyringSecrets {
    fn get(&self, name: &str) -> Result<Option<SecretString>, SecretError> {
        match self.call(name, |entry| entry.get_password()) {
            Ok(secret) => Ok(Some(secret.into())),
            Err(CallError::Keyring(Error::NoEntry)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn set(&self, name: &str, secret: &SecretString) -> Result<(), SecretError> {
        let secret = secret.clone();
        let set = move |entry: Entry| entry.set_password(secret.expose_secret());
        Ok(self.call(name, set)?)
    }

    fn delete(&self, name: &str) -> Result<(), SecretError> {
        match self.call(name, |entry| entry.delete_credential()) {
            Ok(()) | Err(CallError::Keyring(Error::NoEntry)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn gone() -> SecretError {
    SecretError::Unavailable {
        source: "the keyring's thread has ended".into(),
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
        let over = |folder| {
            let keyring = Arc::clone(&keyring);
            KeyringSecrets::with(|| Ok(keyring), Path::new(folder)).unwrap()
        };
        let (secrets, other) = (over("/data/one"), over("/data/two"));
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

    #[test]
    fn a_keyring_that_cannot_be_opened_is_an_error() {
        let open = || Err(Error::NoDefaultStore);
        let opened = KeyringSecrets::with(open, Path::new("/data"));
        assert!(matches!(opened, Err(SecretError::Unavailable { .. })));
    }
}
