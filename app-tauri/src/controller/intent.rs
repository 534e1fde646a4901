//! What can be asked of the app.

use tokio::sync::{mpsc, oneshot};
use vestnik_model::NotificationId;

use crate::{
    toast::ToastEvent,
    view::{CommandError, HistoryRequest, HistoryView, NotificationView, Preferences},
};

/// Where an answer goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, CommandError>>;

/// What can be asked of the app.
#[derive(Debug)]
pub(crate) enum Intent {
    /// A window listens now.
    Attached,
    /// The window is wanted.
    ShowWindow,
    /// Something became of a toast.
    Toast(ToastEvent),
    /// A page of the history is wanted.
    History {
        /// Which one.
        request: HistoryRequest,
        /// For the page.
        reply: Reply<HistoryView>,
    },
    /// One row of the history is wanted.
    Row {
        /// Which one.
        id: NotificationId,
        /// For the row, if there is one.
        reply: Reply<Option<NotificationView>>,
    },
    /// The person opened a notification in the window.
    Open {
        /// Which one.
        id: NotificationId,
        /// For the outcome.
        reply: Reply<()>,
    },
    /// The person wants everything read.
    MarkAllRead {
        /// For the number of rows that changed.
        reply: Reply<usize>,
    },
    /// The person follows a notification's link.
    FollowLink {
        /// Which notification's.
        id: NotificationId,
        /// For the outcome.
        reply: Reply<()>,
    },
    /// The person does not want to wait for the next try to connect.
    RetryNow {
        /// For the outcome.
        reply: Reply<()>,
    },
    /// The person changed a preference.
    SavePreferences {
        /// All of them.
        preferences: Preferences,
        /// For the outcome.
        reply: Reply<()>,
    },
    /// The person says that the configuration is complete now.
    ReloadConfiguration {
        /// For the outcome.
        reply: Reply<()>,
    },
    /// The person ends the app.
    Quit,
}

/// The controller's door: what commands, tray and toasts hold.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    intents: mpsc::Sender<Intent>,
}

/// How many intents may wait. People and one window do not ask faster.
const QUEUE: usize = 256;

impl Desk {
    /// Makes a door and the end that the controller listens at.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Intent>) {
        let (intents, inbox) = mpsc::channel(QUEUE);
        (Self { intents }, inbox)
    }

    /// Asks for something and waits for the answer.
    pub(crate) async fn ask<T>(
        &self,
        intent: impl FnOnce(Reply<T>) -> Intent,
    ) -> Result<T, CommandError> {
        let (reply, answer) = oneshot::channel();
        self.send(intent(reply)).await;
        answer.await.unwrap_or_else(|_| Err(CommandError::closed()))
    }

    /// Tells something and waits until there is room for it.
    pub(crate) async fn send(&self, intent: Intent) {
        if self.intents.send(intent).await.is_err() {
            tracing::debug!("the controller has ended");
        }
    }

    /// Tells something from where nobody may wait, as in a click on the tray.
    pub(crate) fn tell(&self, intent: Intent) {
        if let Err(error) = self.intents.try_send(intent) {
            tracing::warn!(%error, "the controller is too busy");
        }
    }
}
