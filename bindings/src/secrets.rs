//! The app's secret store, called on a thread of its own.

use std::{
    fmt,
    sync::{Arc, mpsc},
    time::Duration,
};

use vestnik_inbox::{
    SecretError,
    secret::{ExposeSecret as _, SecretString},
};

use crate::{error::VestnikError, gate::Foreign};

/// How long a call of the app's store may take. The device's storage waits for it.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many calls wait behind one that takes too long.
const WAITING: usize = 8;

/// Keeps secrets where the system keeps them: Android's Keystore, Apple's Keychain.
///
/// What was set is durable when `set` returns. It must stay on this device, whatever is restored or
/// copied: that is how a copied installation is noticed. Absent and unavailable are not the same: a
/// locked store throws `SecretStoreError.Unavailable`.
#[uniffi::export(foreign)]
pub trait SecretStore: Send + Sync {
    /// The secret of a name, if there is one.
    ///
    /// # Errors
    /// [`SecretStoreError`].
    fn get(&self, name: String) -> Result<Option<String>, SecretStoreError>;

    /// Keeps a secret in the place of the former.
    ///
    /// # Errors
    /// [`SecretStoreError`]; the former secret stays then.
    fn set(&self, name: String, secret: String) -> Result<(), SecretStoreError>;

    /// Forgets a secret. There need not be one.
    ///
    /// # Errors
    /// [`SecretStoreError`].
    fn delete(&self, name: String) -> Result<(), SecretStoreError>;
}

/// Why a secret store did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum SecretStoreError {
    /// It is locked or cannot be reached now; it may be later.
    #[error("{detail}")]
    Unavailable {
        /// Why, without a secret.
        detail: String,
    },
    /// What is there is no secret of ours.
    #[error("the secret cannot be read")]
    Unreadable,
}

/// What the app's code throws unexpectedly is not repeated: it may have a secret in it.
impl From<uniffi::UnexpectedUniFFICallbackError> for SecretStoreError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable {
            detail: "the app's secret store failed unexpectedly".to_owned(),
        }
    }
}

type Call = Box<dyn FnOnce(&Foreign<dyn SecretStore>) + Send>;

/// Hands calls to the app's store. One that takes too long fails here, and may still be done there;
/// the calls are done in their order.
pub(crate) struct ForeignSecrets {
    calls: mpsc::SyncSender<Call>,
    patience: Duration,
}

impl fmt::Debug for ForeignSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignSecrets").finish_non_exhaustive()
    }
}

impl ForeignSecrets {
    /// Starts the thread, which ends with this.
    ///
    /// # Errors
    /// [`VestnikError::Internal`] if the system gives no thread.
    pub(crate) fn new(store: Arc<dyn SecretStore>) -> Result<Self, VestnikError> {
        Self::with_patience(store, PATIENCE)
    }

    fn with_patience(
        store: Arc<dyn SecretStore>,
        patience: Duration,
    ) -> Result<Self, VestnikError> {
        let (calls, called) = mpsc::sync_channel::<Call>(WAITING);
        let store = Foreign::new(store);
        std::thread::Builder::new()
            .name("vestnik-secrets".to_owned())
            .spawn(move || {
                for call in called {
                    call(&store);
                }
            })
            .map_err(VestnikError::internal)?;
        Ok(Self { calls, patience })
    }

    fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn SecretStore) -> Result<T, SecretStoreError> + Send + 'static,
    ) -> Result<T, SecretError> {
        let (answer, answered) = mpsc::sync_channel(1);
        let call: Call = Box::new(move |store| {
            // Whoever asked may have given up.
            answer
                .try_send(store.call(|store| call(store)))
                .unwrap_or_default();
        });
        self.calls
            .try_send(call)
            .map_err(|_| unavailable("the app's secret store is stuck"))?;
        match answered.recv_timeout(self.patience) {
            Ok(Some(Ok(value))) => Ok(value),
            Ok(Some(Err(SecretStoreError::Unreadable))) => Err(SecretError::Unreadable),
            Ok(Some(Err(error @ SecretStoreError::Unavailable { .. }))) => Err(unavailable(error)),
            Ok(None) => Err(unavailable("the program ends")),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                Err(unavailable("the app's secret store does not answer"))
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                Err(unavailable("the app's secret store ended"))
            }
        }
    }
}

fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SecretError {
    SecretError::Unavailable {
        source: source.into(),
    }
}

impl vestnik_inbox::SecretStore for ForeignSecrets {
    fn get(&self, name: &str) -> Result<Option<SecretString>, SecretError> {
        let name = name.to_owned();
        let secret = self.call(move |store| store.get(name))?;
        Ok(secret.map(Into::into))
    }

    fn set(&self, name: &str, secret: &SecretString) -> Result<(), SecretError> {
        let (name, secret) = (name.to_owned(), secret.clone());
        self.call(move |store| store.set(name, secret.expose_secret().to_owned()))
    }

    fn delete(&self, name: &str) -> Result<(), SecretError> {
        let name = name.to_owned();
        self.call(move |store| store.delete(name))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use vestnik_inbox::{MemorySecrets, SecretStore as _};

    use super::*;

    /// Waits for a word before each call.
    struct Slow {
        go: Mutex<mpsc::Receiver<()>>,
        secrets: MemorySecrets,
    }

    impl Slow {
        fn wait(&self) {
            self.go.lock().unwrap().recv().unwrap();
        }
    }

    impl SecretStore for Slow {
        fn get(&self, name: String) -> Result<Option<String>, SecretStoreError> {
            self.wait();
            let secret = self
                .secrets
                .get(&name)
                .map_err(|_| SecretStoreError::Unreadable)?;
            Ok(secret.map(|secret| secret.expose_secret().to_owned()))
        }

        fn set(&self, name: String, secret: String) -> Result<(), SecretStoreError> {
            self.wait();
            let kept = self.secrets.set(&name, &secret.into());
            kept.map_err(|_| SecretStoreError::Unreadable)
        }

        fn delete(&self, _name: String) -> Result<(), SecretStoreError> {
            panic!("a test's own panic")
        }
    }

    fn slow(patience: Duration) -> (mpsc::Sender<()>, ForeignSecrets) {
        let (go, gone) = mpsc::channel();
        let slow = Slow {
            go: Mutex::new(gone),
            secrets: MemorySecrets::default(),
        };
        let secrets = ForeignSecrets::with_patience(Arc::new(slow), patience);
        (go, secrets.unwrap())
    }

    #[test]
    fn secrets_are_kept_by_the_app() {
        let (go, secrets) = slow(Duration::MAX);
        for _ in 0..2 {
            go.send(()).unwrap();
        }
        secrets.set("refresh", &"vr_1".into()).unwrap();
        let secret = secrets.get("refresh").unwrap().unwrap();
        assert_eq!(secret.expose_secret(), "vr_1");
    }

    #[test]
    fn a_store_that_is_stuck_is_not_waited_for_and_then_goes_on_in_order() {
        let (go, secrets) = slow(Duration::ZERO);
        for secret in ["vr_1", "vr_2"] {
            assert!(matches!(
                secrets.set("refresh", &secret.into()),
                Err(SecretError::Unavailable { .. })
            ));
        }
        for _ in 0..WAITING + 2 {
            assert!(secrets.get("refresh").is_err());
        }
        let patient = ForeignSecrets {
            calls: secrets.calls.clone(),
            patience: Duration::MAX,
        };
        for _ in 0..2 * WAITING + 4 {
            go.send(()).unwrap();
        }
        // The queue is full until the store has gone on.
        let secret = loop {
            if let Ok(secret) = patient.get("refresh") {
                break secret.unwrap();
            }
            std::thread::yield_now();
        };
        assert_eq!(secret.expose_secret(), "vr_2");
    }

    #[test]
    fn a_store_that_ends_its_thread_is_unavailable() {
        let (_go, secrets) = slow(Duration::MAX);
        assert!(secrets.delete("refresh").is_err());
        assert!(secrets.get("refresh").is_err());
    }
}
