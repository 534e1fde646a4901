//! Where secrets lie: the seam to the system's keystore.
//!
//! A device has few secrets, each under a name: `installation` (the identity of the installation),
//! `refresh` (the session: its refresh token and whose it is), `envelope` (the keys that pushes are opened
//! with), and `logout-<generation>` (the refresh token of a logout which the server has not confirmed). None
//! of them is in a database. The names are stable: a shell may be updated without the core, and an extension
//! reads `envelope` by itself.
//!
//! A shell gives the core what its system has: the Keychain (with an item that does not leave the
//! device, `…ThisDeviceOnly`), the Android Keystore, the keyring of a desktop. That the secrets stay
//! on the device while files may be copied or set back is what
//! [`Standing`](crate::Standing) is decided by.

mod file;
mod memory;

use std::fmt::Debug;

pub use file::FileSecrets;
pub use memory::MemorySecrets;
pub use secrecy::{ExposeSecret, SecretString};

/// The name of the identity of the installation.
pub const INSTALLATION: &str = "installation";
/// The name of the keys that pushes are opened with: the text of [`PushKeys`](crate::push::PushKeys). A system
/// that has an extension beside the app lets it read this one, and no other.
pub const ENVELOPE: &str = "envelope";
/// The name of the session: its refresh token and whose it is.
pub const REFRESH: &str = "refresh";

/// The name of the refresh token of a logout.
#[must_use]
pub fn logout_name(generation: u64) -> String {
    format!("logout-{generation}")
}

/// Keeps secrets, each under a name of ASCII letters, digits and `-`.
///
/// An implementation is synchronous: it is called by the thread that owns the device's database. What
/// was set is durable when [`set`](Self::set) returns.
pub trait SecretStore: Debug + Send + Sync {
    /// The secret of a name, if there is one.
    ///
    /// # Errors
    /// [`SecretError`] if that cannot be told. Absent and unavailable are not the same: a locked
    /// keyring is an error.
    fn get(&self, name: &str) -> Result<Option<SecretString>, SecretError>;

    /// Keeps a secret in the place of the former.
    ///
    /// # Errors
    /// [`SecretError`]; the former secret stays then.
    fn set(&self, name: &str, secret: &SecretString) -> Result<(), SecretError>;

    /// Forgets a secret. There need not be one.
    ///
    /// # Errors
    /// [`SecretError`].
    fn delete(&self, name: &str) -> Result<(), SecretError>;
}

/// Why a secret store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It is locked or cannot be reached now; it may be later.
    #[error("the secret store is not available")]
    Unavailable {
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What it gave is not a secret of ours, or it refuses the name.
    #[error("the secret cannot be read")]
    Unreadable,
}
