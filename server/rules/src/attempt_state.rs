//! How far an attempt is.

use jiff::Timestamp;
use vestnik_model::{AttemptStatus, open::Word};

/// How far an attempt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// A try waits for its turn at a mail server or at the App's backend: nothing of it was written.
    Begun,
    /// A try is on its way.
    Sending,
    /// The next try waits for its time.
    Retrying,
    /// The service, or the connection, took it.
    Sent,
    /// It will not be taken.
    Failed,
}

impl State {
    /// The word as it is written in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Sending => "sending",
            Self::Retrying => "retrying",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

impl Word for State {
    const WORDS: &'static [Self] = &[
        Self::Begun,
        Self::Sending,
        Self::Retrying,
        Self::Sent,
        Self::Failed,
    ];

    fn as_str(&self) -> &str {
        Self::as_str(*self)
    }
}

impl State {
    /// What a sender sees of an attempt in this state, of which the installation reported so much.
    #[must_use]
    pub const fn seen(
        self,
        delivered_at: Option<Timestamp>,
        read_at: Option<Timestamp>,
    ) -> AttemptStatus {
        match (read_at, delivered_at, self) {
            (Some(_), _, _) => AttemptStatus::Read,
            (None, Some(_), _) => AttemptStatus::Delivered,
            (None, None, Self::Begun | Self::Sending) => AttemptStatus::Sending,
            (None, None, Self::Retrying) => AttemptStatus::Retrying,
            (None, None, Self::Sent) => AttemptStatus::Sent,
            (None, None, Self::Failed) => AttemptStatus::Failed,
        }
    }
}
