//! The running core, as the controller uses it.

use futures_util::stream::BoxStream;
use tokio::sync::watch;
use vestnik_core::{
    Client, ConnectionState, Error, Event, HistoryCursor, HistoryItem, HistoryPage, HistoryQuery,
};
use vestnik_model::NotificationId;

use crate::view::SetupProblem;

mod launch;

pub(crate) use launch::CoreLauncher;

/// A running core. A handle: cloning it is cheap.
pub(crate) trait Session: Clone + Send + Sync + 'static {
    /// Reads a page of the history, newest first.
    fn history(
        &self,
        before: Option<HistoryCursor>,
        limit: u32,
    ) -> impl Future<Output = Result<HistoryPage, Error>> + Send;

    /// Reads one row of the history.
    fn row(
        &self,
        id: NotificationId,
    ) -> impl Future<Output = Result<Option<HistoryItem>, Error>> + Send;

    /// The person opened a notification.
    fn open(&self, id: NotificationId) -> impl Future<Output = Result<(), Error>> + Send;

    /// The person wants everything read.
    fn mark_all_read(&self) -> impl Future<Output = Result<usize, Error>> + Send;

    /// The person put a toast away.
    fn dismiss(&self, id: NotificationId) -> impl Future<Output = Result<(), Error>> + Send;

    /// The system took a toast.
    fn report_shown(&self, id: NotificationId) -> impl Future<Output = Result<(), Error>> + Send;

    /// There is reason to believe that a connection can be had now.
    fn network_changed(&self);

    /// The person looks at the app.
    fn foregrounded(&self);

    /// Ends the core, when what is in hand is written.
    fn stop(self) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Starts the core.
pub(crate) trait Launcher: Clone + Send + Sync + 'static {
    /// What it starts.
    type Session: Session;

    /// Reads the configuration and starts the core by it.
    fn launch(&self) -> impl Future<Output = Result<Launched<Self::Session>, SetupProblem>> + Send;

    /// The configuration file, to be shown to who has to write it.
    fn config_path(&self) -> String;
}

/// A core that has just been started, and all that comes from it.
pub(crate) struct Launched<S> {
    /// Its handle.
    pub(crate) session: S,
    /// What happens, each once.
    pub(crate) events: BoxStream<'static, Event>,
    /// How the connection is; the latest counts.
    pub(crate) connection: watch::Receiver<ConnectionState>,
    /// How many notifications are unread; the latest counts.
    pub(crate) unread: watch::Receiver<u64>,
}

impl Session for Client {
    async fn history(
        &self,
        before: Option<HistoryCursor>,
        limit: u32,
    ) -> Result<HistoryPage, Error> {
        let query = HistoryQuery {
            before,
            limit,
            unread_only: false,
        };
        Self::history(self, query).await
    }

    async fn row(&self, id: NotificationId) -> Result<Option<HistoryItem>, Error> {
        self.get(id).await
    }

    async fn open(&self, id: NotificationId) -> Result<(), Error> {
        Self::open(self, id).await
    }

    async fn mark_all_read(&self) -> Result<usize, Error> {
        Self::mark_all_read(self).await
    }

    async fn dismiss(&self, id: NotificationId) -> Result<(), Error> {
        Self::dismiss(self, id).await
    }

    async fn report_shown(&self, id: NotificationId) -> Result<(), Error> {
        Self::report_shown(self, id).await
    }

    fn network_changed(&self) {
        Self::network_changed(self);
    }

    fn foregrounded(&self) {
        Self::foregrounded(self);
    }

    async fn stop(self) -> Result<(), Error> {
        Self::stop(self).await
    }
}
