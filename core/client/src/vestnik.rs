//! The handle that apps hold.

mod device;
mod history;
mod preferences;

use std::{fmt, sync::Arc};

use tokio::sync::{mpsc, oneshot, watch};
use vestnik_inbox::Standing;
use vestnik_model::{InstallationId, UserId};

use crate::{
    builder::Builder,
    config::Config,
    driver::{Command, Shared, Storage},
    error::{Error, Login, LoginError},
    event::EventStream,
    machine::{Secret, connection::Nudge},
    show::ShowTicket,
    snapshot::Snapshot,
};

/// A device of one App: who its user is, what they were notified of, and the live connection.
///
/// Cheap to clone. Every method may be called in any order and at any moment, from any thread. If all
/// handles are dropped, the device stops.
#[derive(Clone)]
pub struct Vestnik {
    shared: Arc<Shared>,
    storage: Storage,
    commands: mpsc::Sender<Command>,
    installation: InstallationId,
    standing: Standing,
}

impl Vestnik {
    /// Begins to put a device together.
    #[must_use]
    pub fn builder(config: Config) -> Builder {
        Builder::new(config)
    }

    /// Opens the device's files. The history can be read at once, by whoever it belongs to; the device
    /// stays offline until [`go_online`](Self::go_online). Call it within a tokio runtime.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Network`].
    pub async fn open(config: Config) -> Result<Self, Error> {
        Self::builder(config).open().await
    }

    pub(crate) const fn new(
        shared: Arc<Shared>,
        storage: Storage,
        commands: mpsc::Sender<Command>,
        (installation, standing): (InstallationId, Standing),
    ) -> Self {
        Self {
            shared,
            storage,
            commands,
            installation,
            standing,
        }
    }

    /// This installation's id, made at its first run.
    #[must_use]
    pub const fn installation(&self) -> InstallationId {
        self.installation
    }

    /// How the installation was found when it was opened.
    #[must_use]
    pub const fn found(&self) -> Standing {
        self.standing
    }

    /// Logs a user in, vouched for by an identity token of the App's backend. Another user is logged out
    /// first, and what belongs to them is gone before the new user's session begins. The same user may
    /// log in again at any time: the token is kept for the case that the session ends.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn login(&self, user: UserId, identity: Secret) -> Result<Login, LoginError> {
        let (answer, answered) = oneshot::channel();
        let login = Command::Login {
            user,
            identity,
            answer,
        };
        self.commands
            .send(login)
            .await
            .map_err(|_| LoginError::Closed)?;
        let lost = |_| match self.has_ended() {
            true => LoginError::Closed,
            false => LoginError::Restarted,
        };
        answered.await.map_err(lost)?
    }

    /// Ends the user's session on this device: facts that wait are reported for at most 3 seconds, then
    /// their history is gone and nothing of theirs is shown. The server is told now or, offline, as soon
    /// as it can be reached.
    ///
    /// # Errors
    /// [`Error::Storage`]: the history could not be removed yet, which is tried again. Nothing of it is
    /// shown all the same. [`Error::Restarted`], [`Error::Closed`].
    pub async fn logout(&self) -> Result<(), Error> {
        self.ask(|answer| Command::Logout { answer }).await?
    }

    /// Be connected, whenever somebody is logged in.
    pub fn go_online(&self) {
        self.shared.wish(|wishes| wishes.is_online = true);
    }

    /// Be not connected.
    pub fn go_offline(&self) {
        self.shared.wish(|wishes| wishes.is_online = false);
    }

    /// The system is about to stop the process, or to sleep: the network is left alone.
    pub fn suspend(&self) {
        self.shared.wish(|wishes| wishes.is_suspended = true);
    }

    /// The process goes on, or the machine woke up.
    pub fn resume(&self) {
        self.shared.wish(|wishes| {
            if std::mem::take(&mut wishes.is_suspended) {
                wishes.wakes += 1;
            } else {
                // Not every system says that it is about to sleep.
                wishes.nudge.get_or_insert(Nudge::Foreground);
            }
        });
        self.shared.look_for_shows();
    }

    /// The device has another network than before.
    pub fn network_changed(&self) {
        self.shared
            .wish(|wishes| wishes.nudge = Some(Nudge::NetworkChanged));
    }

    /// The person brought the app to the front. What waits for a retry is tried at once, and the server is
    /// told: the device on which a user did this last is their primary one.
    pub fn foregrounded(&self) {
        let opened = self.shared.clock.monotonic();
        self.shared.wish(|wishes| {
            wishes.opened = Some(opened);
            // A change of the network counts for more.
            wishes.nudge.get_or_insert(Nudge::Foreground);
        });
        self.shared.look_for_shows();
    }

    /// The state: only the newest counts.
    #[must_use]
    pub fn snapshot(&self) -> watch::Receiver<Snapshot> {
        self.shared.snapshot.subscribe()
    }

    /// What happens in the history from now on. The first stream also tells what has happened since the device
    /// was opened. Ask for it before the first [`next_show`](Self::next_show).
    #[must_use]
    pub fn events(&self) -> EventStream {
        self.shared.events.subscribe()
    }

    /// Waits for the next notification that is to be drawn; `None` once the device has stopped.
    pub async fn next_show(&self) -> Option<ShowTicket> {
        crate::show::next(&self.storage, &self.shared, &self.commands).await
    }

    /// Reports what waits without delay, and says whether nothing waits any more. It ends at once if the
    /// device is offline.
    ///
    /// # Errors
    /// [`Error::Restarted`], [`Error::Closed`].
    pub async fn flush(&self) -> Result<bool, Error> {
        self.ask(|answer| Command::Flush { answer }).await
    }

    /// Reads the log to its end, by a read that begins after this call, and gives whether that was done: all
    /// that was in the log is in the history then. It does not go by the state of the connection, which may
    /// be dead without anybody knowing. It ends at once if the device is not to be online; otherwise it waits
    /// for a connection, and the caller limits for how long.
    ///
    /// # Errors
    /// [`Error::Restarted`], [`Error::Closed`].
    pub async fn catch_up(&self) -> Result<bool, Error> {
        self.ask(|answer| Command::CatchUp { answer }).await
    }

    /// Closes the connection, finishes what the storage was asked for, then closes the files. Facts that
    /// wait are reported after the next start.
    pub async fn stop(self) {
        self.shared.stop();
        drop(self.commands.send(Command::Stop).await);
        self.commands.closed().await;
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        self.commands
            .send(command(answer))
            .await
            .map_err(|_| Error::Closed)?;
        let answered = answered.await;
        answered.map_err(|_| match self.has_ended() {
            true => Error::Closed,
            false => Error::Restarted,
        })
    }

    fn has_ended(&self) -> bool {
        self.shared.is_stopping() || self.commands.is_closed()
    }
}

/// Without anything of a person.
impl fmt::Debug for Vestnik {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vestnik")
            .field("installation", &self.installation)
            .field("found", &self.standing)
            .finish_non_exhaustive()
    }
}
