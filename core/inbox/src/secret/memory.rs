//! Secrets in memory, for tests.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use secrecy::{ExposeSecret as _, SecretString};

use super::{SecretError, SecretStore};

/// Secrets in memory, for tests: they end with the value.
#[derive(Default)]
pub struct MemorySecrets(Mutex<BTreeMap<String, String>>);

impl MemorySecrets {
    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<String, String>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl SecretStore for MemorySecrets {
    fn get(&self, name: &str) -> Result<Option<SecretString>, SecretError> {
        Ok(self.with(|all| all.get(name).map(|text| SecretString::from(text.clone()))))
    }

    fn set(&self, name: &str, secret: &SecretString) -> Result<(), SecretError> {
        let text = secret.expose_secret().to_owned();
        self.with(|all| all.insert(name.to_owned(), text));
        Ok(())
    }

    fn delete(&self, name: &str) -> Result<(), SecretError> {
        self.with(|all| all.remove(name));
        Ok(())
    }
}

/// Shows the names only.
impl fmt::Debug for MemorySecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with(|all| f.debug_set().entries(all.keys()).finish())
    }
}
