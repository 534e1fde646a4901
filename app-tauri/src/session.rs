//! The running core, as the controller uses it.
//!
//! [`core`] is the real one. Tests play another.

use futures_util::stream::BoxStream;
use jiff::SignedDuration;
use tokio::sync::watch;
use vestnik_core::{Error, Login, LoginError, Preferences, Secret, Suppression};
use vestnik_model::{NotificationId, Permission, UserId, preference::OptOutChange};

use crate::{
    identity::IdentityOrigin,
    model::{Event, Page, PageRequest, Row, State},
    secrets::Place as SecretsPlace,
    view::{ServerView, SetupProblem},
};

mod core;
mod launch;

pub(crate) use launch::CoreLauncher;

/// A running core. A handle: cloning it is cheap.
pub(crate) trait Session: Clone + Send + Sync + 'static {
    /// Its show tickets.
    type Ticket: Ticket;

    /// Reads a page of the history, newest first.
    fn history(&self, page: PageRequest) -> impl Future<Output = Result<Page, Error>> + Send;

    /// Reads one row of the history.
    fn row(&self, id: NotificationId) -> impl Future<Output = Result<Option<Row>, Error>> + Send;

    /// The person opened a notification, which reads it; gives whether it is in the history.
    fn clicked(&self, id: NotificationId) -> impl Future<Output = Result<bool, Error>> + Send;

    /// The person put a toast away.
    fn dismissed(&self, id: NotificationId) -> impl Future<Output = Result<(), Error>> + Send;

    /// A notification's button was pressed. Gives whether the notification is there.
    fn actioned(
        &self,
        id: NotificationId,
        action: String,
    ) -> impl Future<Output = Result<bool, Error>> + Send;

    /// The person answered a notification with a text. Gives whether the notification is there.
    fn reply(
        &self,
        id: NotificationId,
        action: String,
        text: String,
    ) -> impl Future<Output = Result<bool, Error>> + Send;

    /// Marks everything read; gives how many notifications were unread.
    fn mark_all_read(&self) -> impl Future<Output = Result<u64, Error>> + Send;

    /// Signs a user in by an identity token.
    fn log_in(
        &self,
        user: UserId,
        identity: Secret,
    ) -> impl Future<Output = Result<Login, LoginError>> + Send;

    /// Signs the user out; resolves when nothing of theirs is on this device.
    fn log_out(&self) -> impl Future<Output = Result<(), Error>> + Send;

    /// What the user does not want, as the device knows it; has it ask the server.
    fn preferences(&self) -> impl Future<Output = Result<Preferences, Error>> + Send;

    /// Changes what the user does not want; resolves when that is durable.
    fn change_opt_outs(
        &self,
        change: OptOutChange,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Whether notifications may be shown.
    fn permit(&self, permission: Permission) -> impl Future<Output = Result<(), Error>> + Send;

    /// The machine is about to sleep.
    fn suspend(&self);

    /// The machine woke up.
    fn resume(&self);

    /// Another attempt to connect is promising.
    fn network_changed(&self);

    /// The person looks at the app.
    fn foregrounded(&self);

    /// Ends the core after what is in hand is written.
    fn stop(self) -> impl Future<Output = ()> + Send;
}

/// A notification that is to be shown, once. A ticket that is dropped comes back.
pub(crate) trait Ticket: Send + 'static {
    /// What to show.
    fn row(&self) -> Row;

    /// How long it has been on this device, whatever the system's clock says.
    fn age(&self) -> SignedDuration;

    /// Whether its user is gone: it must not be shown.
    fn is_void(&self) -> bool;

    /// The system took it.
    fn shown(self) -> impl Future<Output = Result<(), Error>> + Send;

    /// The system did not take it, for a reason in a word; the core tries again.
    fn failed(self, reason: &'static str) -> impl Future<Output = Result<(), Error>> + Send;

    /// It is not shown.
    fn suppressed(self, why: Suppression) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Starts the core.
pub(crate) trait Launcher: Clone + Send + Sync + 'static {
    /// What it starts.
    type Session: Session;

    /// Reads the configuration and starts the core by it. `without_keyring` is the person's consent
    /// to begin anew where the secrets of this installation cannot be had.
    fn launch(
        &self,
        without_keyring: bool,
    ) -> impl Future<Output = Result<Launched<Self::Session>, SetupProblem>> + Send;

    /// The configuration file, to be shown to the person who has to write it.
    fn config_path(&self) -> String;
}

/// A core that has just been started, and all that comes from it.
pub(crate) struct Launched<S: Session> {
    /// Its handle.
    pub(crate) session: S,
    /// Its state; the latest counts.
    pub(crate) state: watch::Receiver<State>,
    /// What happens, each once.
    pub(crate) events: BoxStream<'static, Event>,
    /// What is to be shown.
    pub(crate) tickets: BoxStream<'static, S::Ticket>,
    /// Where the configuration has a sign-in code, if it has one.
    pub(crate) identity: Option<IdentityOrigin>,
    /// Where the secrets lie.
    pub(crate) secrets: SecretsPlace,
    /// The server.
    pub(crate) server: ServerView,
}
