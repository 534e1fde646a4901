//! The shell: it takes tickets, draws, and settles.

use std::collections::BTreeMap;

use vestnik_inbox::Taken;
use vestnik_model::UserId;

/// How a shell treats its tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    /// It draws and says so.
    Draws,
    /// The system refuses.
    Fails,
    /// It drops tickets.
    Drops,
    /// The app's own settings suppress.
    Suppresses,
    /// The process ends after it has drawn and before it has said so.
    DiesAfter,
    /// The process ends before it has drawn.
    DiesBefore,
    /// It takes minutes.
    Dawdles,
}

impl Habit {
    pub(crate) const ALL: [Self; 7] = [
        Self::Draws,
        Self::Fails,
        Self::Drops,
        Self::Suppresses,
        Self::DiesAfter,
        Self::DiesBefore,
        Self::Dawdles,
    ];
}

/// The tickets of a process.
#[derive(Debug, Default)]
pub(crate) struct Shell {
    /// Whether it waits for the answer to "what is to be drawn?".
    pub(crate) is_asking: bool,
    /// Something may have become due while it waited.
    pub(crate) is_told: bool,
    pub(crate) shows: BTreeMap<u64, Show>,
}

/// A ticket.
#[derive(Debug, Clone)]
pub(crate) struct Show {
    pub(crate) owner: UserId,
    pub(crate) taken: Taken,
    /// How often the storage had hidden what was forgotten when it was taken.
    pub(crate) hidden: u64,
    /// How much was drawn before it was taken.
    pub(crate) drawn_before: usize,
}
