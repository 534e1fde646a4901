//! Whether the app is configured and its core runs.

use serde::Serialize;
use ts_rs::TS;

/// Whether the app is configured and its core runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Phase {
    /// The core runs.
    Ready,
    /// The core is being started.
    Starting,
    /// The core cannot run until the person has done something.
    #[serde(rename_all = "camelCase")]
    Setup {
        /// The configuration file that was looked for.
        config_path: String,
        /// What stands in the way.
        problem: SetupProblem,
    },
}

/// What stands in the way of running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum SetupProblem {
    /// Settings that have no default are not set.
    Missing {
        /// Their names, as the configuration file spells them.
        settings: Vec<String>,
    },
    /// A setting has a value that cannot be used.
    InvalidSetting {
        /// Its name, as the configuration file spells it.
        setting: String,
        /// What is wrong with it, in English.
        detail: String,
    },
    /// The configuration file cannot be read.
    UnreadableFile {
        /// What is wrong with it, in English.
        detail: String,
    },
    /// Another program uses this app's data.
    InUse,
    /// The data was written by a newer version of the app.
    TooNew,
    /// The disk is full.
    DiskFull,
    /// The data is damaged and was not recovered.
    Damaged,
    /// The secrets of this installation are in the system's keyring, which is locked.
    KeyringLocked,
    /// The secrets of this installation are in the system's keyring, which does not run.
    KeyringAbsent,
    /// The core did not start, or stopped, for another reason.
    Failed {
        /// The error, in English.
        detail: String,
    },
}
