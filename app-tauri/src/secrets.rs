//! Where the secrets of this installation lie: in the system's keyring, or, where none can be had, in
//! private files that are not encrypted.
//!
//! The place is decided at each start and by what is found there. Secrets in files move into a
//! keyring as soon as one can be had. An installation whose secrets are in a keyring that cannot be
//! had is not started with another identity unless the person wants that: they would have to sign in
//! again.

use std::{path::Path, sync::Arc};

use tokio::task::spawn_blocking;
use vestnik_core::{FileSecrets, SecretStore};

use crate::view::{SecretsView, SetupProblem};

mod choice;
mod keyring;
#[cfg(target_os = "linux")]
mod linux;
mod moving;
#[cfg(not(target_os = "linux"))]
mod other;

use choice::{Choice, Found, choose};
pub(crate) use choice::{Keyring, Place};
use keyring::KeyringSecrets;
#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(not(target_os = "linux"))]
use other as platform;

/// The folder of the files, in the app's data folder.
const FOLDER: &str = "secrets";

/// The file of secrets without which there is no installation.
const INSTALLATION: &str = "installation";

/// The database without which there was no start before.
const DEVICE: &str = "device.sqlite";

/// The secrets of this installation, and where they lie.
#[derive(Debug)]
pub(crate) struct Secrets {
    /// The secrets.
    pub(crate) store: Arc<dyn SecretStore>,
    /// Where they lie.
    pub(crate) place: Place,
}

/// Opens the secrets of the installation in a data folder.
///
/// # Errors
/// If they are in a keyring that cannot be had, unless `without_keyring` is set.
pub(crate) async fn open(data_dir: &Path, without_keyring: bool) -> Result<Secrets, SetupProblem> {
    let keyring = platform::look().await;
    let found = Found {
        keyring,
        has_files: data_dir.join(FOLDER).join(INSTALLATION).is_file(),
        was_started: data_dir.join(DEVICE).is_file(),
        without_keyring,
    };
    let choice = choose(found)?;
    let data_dir = data_dir.to_owned();
    let opened = spawn_blocking(move || carry_out(&choice, &data_dir)).await;
    opened.unwrap_or_else(|error| {
        Err(SetupProblem::Failed {
            detail: error.to_string(),
        })
    })
}

fn carry_out(choice: &Choice, data_dir: &Path) -> Result<Secrets, SetupProblem> {
    let folder = data_dir.join(FOLDER);
    match *choice {
        Choice::Files(place) => Ok(Secrets {
            store: Arc::new(FileSecrets::new(folder)),
            place,
        }),
        Choice::Keyring { moves_files } => {
            let keyring = KeyringSecrets::open(data_dir).map_err(|error| {
                tracing::warn!(%error, "the keyring cannot be opened");
                SetupProblem::KeyringAbsent
            })?;
            if moves_files && let Err(error) = moving::into(&keyring, &folder) {
                tracing::warn!(%error, "secrets stay in files");
                return Ok(Secrets {
                    store: Arc::new(FileSecrets::new(folder)),
                    place: Place::Files(Keyring::Locked),
                });
            }
            Ok(Secrets {
                store: Arc::new(keyring),
                place: Place::Keyring,
            })
        }
    }
}

impl From<Place> for SecretsView {
    fn from(place: Place) -> Self {
        match place {
            Place::Keyring => Self::Keyring,
            Place::Files(Keyring::Absent) => Self::FilesWithoutKeyring,
            Place::Files(Keyring::Locked | Keyring::Ready) => Self::FilesKeyringLocked,
        }
    }
}
