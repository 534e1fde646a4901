//! The keyrings of macOS and Windows: they are always there, and unlocked with the person's session.

use std::sync::Arc;

use keyring_core::{CredentialStore, Result};

use super::Keyring;

/// Looks at the keyring without asking the person anything.
#[expect(clippy::unused_async, reason = "other systems have to be asked")]
pub(super) async fn look() -> Keyring {
    Keyring::Ready
}

/// The keyring.
#[cfg(target_os = "macos")]
pub(super) fn store() -> Result<Arc<CredentialStore>> {
    let store: Arc<CredentialStore> = apple_native_keyring_store::keychain::Store::new()?;
    Ok(store)
}

/// The keyring.
#[cfg(windows)]
pub(super) fn store() -> Result<Arc<CredentialStore>> {
    let store: Arc<CredentialStore> = windows_native_keyring_store::Store::new()?;
    Ok(store)
}
