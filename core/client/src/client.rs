//! The handle that apps hold.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};
use uuid::Builder;
use vestnik_model::{InstallationId, InstallationSecret, NotificationId, Permission, TopicName};

use crate::{
    clock::{Clock, SystemClock},
    config::Config,
    driver::{self, Command, DriverParts, Shared},
    error::Error,
    event::{ConnectionState, Event, EventStream, OfflineReason, Warning},
    history::{HistoryItem, HistoryPage, HistoryQuery},
    identity::{self, IdentitySource},
    store::{InstallationIdentity, Opened, Store},
    transport::{NetworkTransport, Transport},
};

/// How many commands wait for the engine before callers wait.
const COMMANDS: usize = 64;

/// A device of one user of one App. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
    connection: watch::Receiver<ConnectionState>,
    installation: InstallationId,
}

/// A client while it is being put together. Everything it stands on can be replaced.
#[derive(Debug)]
pub struct ClientBuilder {
    config: Config,
    identity: Arc<dyn IdentitySource>,
    clock: Arc<dyn Clock>,
    transport: Option<Arc<dyn Transport>>,
}

impl ClientBuilder {
    /// Who vouches for the user.
    #[must_use]
    pub fn identity(self, source: impl IdentitySource) -> Self {
        self.identity_source(Arc::new(source))
    }

    /// Who vouches for the user, shared with the app.
    #[must_use]
    pub fn identity_source(self, source: Arc<dyn IdentitySource>) -> Self {
        Self {
            identity: source,
            ..self
        }
    }

    /// Time and randomness.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// How to reach the server.
    #[must_use]
    pub fn transport(self, transport: Arc<dyn Transport>) -> Self {
        Self {
            transport: Some(transport),
            ..self
        }
    }

    /// Opens the history and goes online.
    ///
    /// # Errors
    /// [`Error::Open`] when the history cannot be opened, [`Error::Rejected`] when the server's
    /// address cannot be one.
    pub async fn start(self) -> Result<(Client, EventStream), Error> {
        let Self {
            config,
            identity,
            clock,
            transport,
        } = self;
        let transport = match transport {
            Some(transport) => transport,
            None => Arc::new(network(&config)?),
        };
        let Opened {
            store,
            identity: installation,
            quarantined,
        } = Store::open(&config.data_dir, clock.now(), fresh(clock.as_ref())).await?;
        let id = installation.id;
        let warnings = quarantined.map(|quarantined| Warning::HistoryRebuilt { quarantined });
        let (events, stream) = mpsc::channel(config.tuning.event_queue.max(1));
        let (commands, queue) = mpsc::channel(COMMANDS);
        let offline = ConnectionState::Offline {
            reason: OfflineReason::NotStarted,
            retry_at: None,
        };
        let (told, connection) = watch::channel(offline);
        let shared = Arc::new(Shared::new(store, clock).await?);
        let parts = DriverParts {
            config,
            installation,
            identity,
            transport,
            shared: Arc::clone(&shared),
            told,
            events,
            first: warnings.map(Event::Warning).into_iter().collect(),
        };
        driver::spawn(parts, queue).await?;
        Ok((
            Client {
                shared,
                commands,
                connection,
                installation: id,
            },
            EventStream::new(stream),
        ))
    }
}

/// The identity of an installation at its first run.
fn fresh(clock: &dyn Clock) -> InstallationIdentity {
    let mut secret = [0; 32];
    for half in secret.chunks_exact_mut(16) {
        half.copy_from_slice(&clock.random());
    }
    InstallationIdentity {
        id: InstallationId::from_uuid(Builder::from_random_bytes(clock.random()).into_uuid()),
        secret: InstallationSecret::from_bytes(secret),
    }
}

fn network(config: &Config) -> Result<NetworkTransport, Error> {
    NetworkTransport::new(&config.server, config.tuning.request_timeout).map_err(Error::from)
}

impl Client {
    /// Begins to put a client together.
    #[must_use]
    pub fn builder(config: Config) -> ClientBuilder {
        ClientBuilder {
            config,
            identity: Arc::new(identity::none()),
            clock: Arc::new(SystemClock),
            transport: None,
        }
    }

    /// This installation's id, made at its first run.
    #[must_use]
    pub const fn installation(&self) -> InstallationId {
        self.installation
    }

    /// A page of the history, newest first.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn history(&self, query: HistoryQuery) -> Result<HistoryPage, Error> {
        Ok(self.shared.store.history(query).await?)
    }

    /// One notification of the history.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn get(&self, id: NotificationId) -> Result<Option<HistoryItem>, Error> {
        Ok(self.shared.store.get(id).await?)
    }

    /// How many are unread.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn unread_count(&self) -> Result<u64, Error> {
        Ok(self.shared.store.unread().await?)
    }

    /// The person opened it: it is read, here and on the user's other devices.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn open(&self, id: NotificationId) -> Result<(), Error> {
        let changed = self
            .shared
            .store
            .mark_read(vec![id], true, self.shared.stamp())
            .await?;
        self.after_change(changed).await
    }

    /// Marks as read, here and on the user's other devices; tells how many were unread.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn mark_read(&self, ids: Vec<NotificationId>) -> Result<usize, Error> {
        let changed = self
            .shared
            .store
            .mark_read(ids, false, self.shared.stamp())
            .await?;
        let count = changed.len();
        self.after_change(changed).await.map(|()| count)
    }

    /// Marks everything as read; tells how many were unread.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn mark_all_read(&self) -> Result<usize, Error> {
        let changed = self.shared.store.mark_all_read(self.shared.stamp()).await?;
        let count = changed.len();
        self.after_change(changed).await.map(|()| count)
    }

    /// The person put it away, unread.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn dismiss(&self, id: NotificationId) -> Result<(), Error> {
        self.shared.store.dismiss(id, self.shared.stamp()).await?;
        self.after_change(Vec::new()).await
    }

    /// The shell drew it.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn report_shown(&self, id: NotificationId) -> Result<(), Error> {
        self.shared
            .store
            .mark_shown(id, self.shared.stamp())
            .await?;
        self.after_change(Vec::new()).await
    }

    /// Joins a topic, if the App lets its users.
    ///
    /// # Errors
    /// [`Error::Rejected`], [`Error::Unreachable`] when there is no live connection.
    pub async fn subscribe(&self, topic: TopicName) -> Result<(), Error> {
        self.ask(|answer| Command::Subscribe {
            topic,
            joins: true,
            answer,
        })
        .await?
    }

    /// Leaves a topic.
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe).
    pub async fn unsubscribe(&self, topic: TopicName) -> Result<(), Error> {
        self.ask(|answer| Command::Subscribe {
            topic,
            joins: false,
            answer,
        })
        .await?
    }

    /// The network changed: tries now.
    pub fn network_changed(&self) {
        self.hint(Command::Nudge);
    }

    /// The app came to the front: tries now.
    pub fn foregrounded(&self) {
        self.hint(Command::Nudge);
    }

    /// The person changed whether the app may show notifications.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub async fn update_permission(&self, permission: Permission) -> Result<(), Error> {
        self.command(Command::Permission(permission)).await
    }

    /// Waits until the server has answered every fact.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub async fn flush(&self) -> Result<(), Error> {
        self.ask(|answer| Command::Flush { answer }).await
    }

    /// Ends the user's session on this device: their history is deleted and nothing of theirs is shown.
    /// The server is informed now or, offline, as soon as it can be reached.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn logout(&self) -> Result<(), Error> {
        self.ask(|answer| Command::Logout { answer }).await?
    }

    /// How the live connection stands.
    #[must_use]
    pub fn connection(&self) -> watch::Receiver<ConnectionState> {
        self.connection.clone()
    }

    /// How many are unread: the badge.
    #[must_use]
    pub fn unread(&self) -> watch::Receiver<u64> {
        self.shared.unread.subscribe()
    }

    /// Finishes what is in hand, closes the connection and then the database.
    ///
    /// # Errors
    /// [`Error::Closed`] when it was stopped before.
    pub async fn stop(self) -> Result<(), Error> {
        self.ask(|answer| Command::Stop { answer }).await
    }

    async fn after_change(&self, changed: Vec<NotificationId>) -> Result<(), Error> {
        self.shared.recount().await?;
        self.command(Command::Changed(changed)).await
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        self.command(command(answer)).await?;
        answered.await.map_err(|_| Error::Closed)
    }

    async fn command(&self, command: Command) -> Result<(), Error> {
        self.commands.send(command).await.map_err(|_| Error::Closed)
    }

    /// Something that is the same said once or twice.
    fn hint(&self, command: Command) {
        if self.commands.try_send(command).is_err() {
            tracing::debug!("the engine is busy or gone; the hint is not needed");
        }
    }
}
