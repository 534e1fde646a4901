//! What the files of a device are opened with.

use std::{path::PathBuf, sync::Arc};

use vestnik_inbox::SecretStore;

/// What becomes of a user's history when they log out or another user logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FormerHistory {
    /// Its content is deleted and the file written anew, so that nothing of it is left. The identifiers
    /// of what was shown stay, so that a user who comes back is shown nothing twice.
    #[default]
    Wipe,
    /// The file stays as it is, and is opened when that user logs in again. For devices that several
    /// people share and that are encrypted as a whole.
    Seal,
}

/// What the files of a device are opened with.
#[derive(Debug, Clone)]
pub struct FileOptions {
    /// The app's data folder. It is made if it is not there.
    pub folder: PathBuf,
    /// Where a notification extension leaves what it was given.
    pub spool: PathBuf,
    /// Where secrets lie.
    pub secrets: Arc<dyn SecretStore>,
    /// What becomes of a former user's history.
    pub former: FormerHistory,
    /// How many notifications a history keeps.
    pub history_rows: u32,
    /// The version of the app: when it changes, entries that an older version could not read are tried
    /// again.
    pub reader: String,
}
