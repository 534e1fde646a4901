//! A keystore that can be locked and lost.

use std::sync::atomic::{AtomicBool, Ordering};

use secrecy::SecretString;
use vestnik_inbox::{MemorySecrets, SecretError, SecretStore};

/// A system's keystore.
#[derive(Debug, Default)]
pub(crate) struct Keystore {
    secrets: MemorySecrets,
    is_locked: AtomicBool,
}

impl Keystore {
    pub(crate) fn lock(&self, is_locked: bool) {
        self.is_locked.store(is_locked, Ordering::SeqCst);
    }

    /// What is kept under a name, also while nobody can read it.
    pub(crate) fn kept(&self, name: &str) -> Option<SecretString> {
        self.secrets.get(name).ok().flatten()
    }

    fn open(&self) -> Result<&MemorySecrets, SecretError> {
        if self.is_locked.load(Ordering::SeqCst) {
            let source = "the keystore of the model is locked".into();
            return Err(SecretError::Unavailable { source });
        }
        Ok(&self.secrets)
    }
}

impl SecretStore for Keystore {
    fn get(&self, name: &str) -> Result<Option<SecretString>, SecretError> {
        self.open()?.get(name)
    }

    fn set(&self, name: &str, secret: &SecretString) -> Result<(), SecretError> {
        self.open()?.set(name, secret)
    }

    fn delete(&self, name: &str) -> Result<(), SecretError> {
        self.open()?.delete(name)
    }
}
