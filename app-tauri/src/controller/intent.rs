//! What can be asked of the app.

use tokio::sync::{mpsc, oneshot};
use vestnik_core::Secret;
use vestnik_model::NotificationId;

use crate::{
    toast::ToastEvent,
    view::{
        CodeView, CommandError, ConsentView, HistoryRequest, HistoryView, NotificationView,
        OptOutRequest, Preferences,
    },
    wake::MachineEvent,
};

/// Where an answer goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, CommandError>>;

/// Where a sign-in code comes from.
#[derive(Debug)]
pub(crate) enum SignInSource {
    /// The person pasted it.
    Code(Secret),
    /// It is in the configuration.
    Configured,
}

/// What can be asked of the app.
#[derive(Debug)]
pub(crate) enum Intent {
    /// A window is attached.
    Attached,
    /// The window is wanted.
    ShowWindow,
    /// The window came to the front, or left it.
    Focus(bool),
    /// Something became of a toast.
    Toast(ToastEvent),
    /// Something happened to the machine.
    Machine(MachineEvent),
    /// Whether there is a tray.
    Tray(bool),
    /// The app was started with this argument, or handed this link.
    Link(String),
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
        /// For the number of notifications that were unread.
        reply: Reply<u64>,
    },
    /// The person follows a notification's link.
    FollowLink {
        /// Which notification's.
        id: NotificationId,
        /// For the outcome.
        reply: Reply<()>,
    },
    /// The person pressed a notification's button that asks for no text.
    Press {
        /// Which notification's.
        id: NotificationId,
        /// The button's id.
        action: String,
        /// For the outcome.
        reply: Reply<()>,
    },
    /// The person answered a notification with a text.
    Answer {
        /// Which one.
        id: NotificationId,
        /// The id of the button that asked for it.
        action: String,
        /// What they wrote.
        text: String,
        /// For the outcome.
        reply: Reply<()>,
    },
    /// The person does not want to wait for the next try to connect.
    RetryNow {
        /// For the outcome.
        reply: Reply<()>,
    },
    /// The person wants to know what a sign-in code says.
    ReadCode {
        /// Which code.
        source: SignInSource,
        /// For what it says.
        reply: Reply<CodeView>,
    },
    /// The person signs in.
    SignIn {
        /// By which code.
        source: SignInSource,
        /// Whether another user's notifications may leave this device for it.
        replaces: bool,
        /// For the outcome.
        reply: Reply<()>,
    },
    /// The person signs out.
    SignOut {
        /// For the outcome.
        reply: Reply<()>,
    },
    /// What the user does not want is wanted.
    Consent {
        /// For what they do not want.
        reply: Reply<ConsentView>,
    },
    /// The person opts out of something, or in again.
    OptOut {
        /// Of what.
        what: OptOutRequest,
        /// Whether they do not want it.
        is_off: bool,
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
    /// The person wants the app to be started at their login, or not.
    StartAtLogin {
        /// Whether they do.
        starts: bool,
        /// For the outcome.
        reply: Reply<()>,
    },
    /// The person says that what stood in the way of running is done.
    ReloadConfiguration {
        /// Whether to begin anew without the secrets in the keyring.
        without_keyring: bool,
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
    /// Makes a door and the end that the controller takes intents from.
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

    /// Sends something and waits until there is room for it.
    pub(crate) async fn send(&self, intent: Intent) {
        if self.intents.send(intent).await.is_err() {
            tracing::debug!("the controller has ended");
        }
    }

    /// Sends something from where nobody may wait, as in a click on the tray.
    pub(crate) fn tell(&self, intent: Intent) {
        if let Err(error) = self.intents.try_send(intent) {
            tracing::warn!(%error, "the controller is too busy");
        }
    }
}
