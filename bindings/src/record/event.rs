//! What happened, told once.

use vestnik_core as core;

use super::texts;

/// What happened, told once. What is state is in the [`Snapshot`](crate::Snapshot) instead.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Event {
    /// These notifications of the history are new or changed.
    Changed {
        /// Their ids.
        ids: Vec<String>,
    },
    /// So much of the history changed that it is best read again.
    Reread,
    /// Take these off the screen: they were read, deleted or recalled.
    Withdraw {
        /// Their ids.
        ids: Vec<String>,
    },
    /// The content of these changed: draw those that are on the screen again, under the same
    /// identifier and without a sound.
    Redraw {
        /// Their ids.
        ids: Vec<String>,
    },
    /// The history belongs to another user now, or to nobody: take everything off the screen, and
    /// forget what was read of it.
    Forgotten,
    /// The history's file was damaged. What could be read was carried over, the rest comes from the
    /// server.
    HistoryRebuilt {
        /// Where the damaged file lies.
        aside: String,
    },
    /// What the user does not want is another than before, or the server was told: ask `preferences`.
    PreferencesChanged {
        /// Why the server refused a change that was made here, as `request.invalid`. The change is dropped.
        refused: Option<String>,
    },
}

impl Event {
    /// None for an event that this version has no word for.
    pub(crate) fn known(event: core::Event) -> Option<Self> {
        Some(match event {
            core::Event::Changed(ids) => Self::Changed { ids: texts(&ids) },
            core::Event::Reread => Self::Reread,
            core::Event::Withdraw(ids) => Self::Withdraw { ids: texts(&ids) },
            core::Event::Redraw(ids) => Self::Redraw { ids: texts(&ids) },
            core::Event::Forgotten => Self::Forgotten,
            core::Event::HistoryRebuilt { aside } => Self::HistoryRebuilt {
                aside: aside.display().to_string(),
            },
            core::Event::Preferences { refused } => Self::PreferencesChanged {
                refused: refused.map(|code| code.as_str().to_owned()),
            },
            _ => return None,
        })
    }
}
