//! What the app knows of its core.
//!
//! The types here are the desktop's own, so that tests can play a core: those of `vestnik-core` grow
//! and cannot be made outside of it.

use jiff::Timestamp;
use vestnik_core::{Phase, Place, Standing, Trouble};
use vestnik_model::{ClickKind, Notification, NotificationId, UserId};

/// The state of a core.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    /// Whose device this is.
    pub(crate) standing: Standing,
    /// How the connection is.
    pub(crate) phase: Phase,
    /// What stands between the device and its server.
    pub(crate) trouble: Option<Trouble>,
    /// When it is tried again.
    pub(crate) retry_at: Option<Timestamp>,
    /// How many notifications are unread.
    pub(crate) unread: u64,
    /// Whether a logout waits for the server's confirmation.
    pub(crate) is_logout_pending: bool,
}

impl State {
    /// The user whose notifications are on this device.
    pub(crate) fn user(&self) -> Option<&UserId> {
        match &self.standing {
            Standing::LoggingIn { user } | Standing::LoggedIn { user } => Some(user),
            Standing::NeedsIdentity { user, .. } => user.as_ref(),
            Standing::Nobody | Standing::LoggingOut => None,
        }
    }
}

/// What happens in a core.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// These rows are new, changed, or gone.
    Changed(Vec<NotificationId>),
    /// More rows changed than are listed.
    Reread,
    /// These toasts have to leave the screen.
    Withdraw(Vec<NotificationId>),
    /// These toasts, where they are on the screen, have other contents now.
    Redraw(Vec<NotificationId>),
    /// The history is another user's or nobody's.
    Forgotten,
    /// The history was damaged and is read from the server again.
    HistoryRebuilt,
    /// What the user does not want is another than before.
    Preferences {
        /// Whether that is because the server refused a change that was made here.
        is_refused: bool,
    },
}

/// Which part of the history is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageRequest {
    /// Only what is older than this place.
    pub(crate) before: Option<Place>,
    /// The most rows.
    pub(crate) limit: u32,
    /// The words that title and text must have.
    pub(crate) search: Option<String>,
}

/// A part of the history, newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Page {
    /// The rows.
    pub(crate) rows: Vec<Row>,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<Place>,
}

/// A row of the history.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// The notification.
    pub(crate) notification: Notification,
    /// Whether it was read.
    pub(crate) is_read: bool,
    /// When it was read.
    pub(crate) read_at: Option<Timestamp>,
    /// When it came.
    pub(crate) received_at: Timestamp,
}

/// Whether a click leads to the browser. A deep link leads to a screen of the sender's own app, and
/// this app has none of those.
pub(crate) const fn opens_in_browser(kind: ClickKind) -> bool {
    match kind {
        ClickKind::Link | ClickKind::Webview => true,
        ClickKind::App => false,
    }
}
