//! A core that the test plays, and its launcher.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::StreamExt;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use vestnik_core::{ConnectionState, Error, Event, HistoryCursor, HistoryItem, HistoryPage};
use vestnik_model::NotificationId;

use crate::{
    session::{Launched, Launcher, Session},
    view::SetupProblem,
};

/// More than any test makes without reading.
const QUEUE: usize = 256;

#[derive(Clone)]
pub(super) struct FakeCore {
    /// What was asked of the core, in order.
    calls: mpsc::Sender<String>,
    rows: Arc<Mutex<BTreeMap<NotificationId, HistoryItem>>>,
}

/// The test's end of a [`FakeCore`].
pub(super) struct Strings {
    pub(super) events: Option<mpsc::Sender<Event>>,
    pub(super) connection: watch::Sender<ConnectionState>,
    pub(super) unread: watch::Sender<u64>,
    rows: Arc<Mutex<BTreeMap<NotificationId, HistoryItem>>>,
    calls: mpsc::Receiver<String>,
}

/// Gives out the core once the configuration is as the test says.
#[derive(Clone)]
pub(super) struct FakeLauncher {
    pub(super) problem: Arc<Mutex<Option<SetupProblem>>>,
    launched: Arc<Mutex<Option<Launched<FakeCore>>>>,
}

pub(super) fn fake_core() -> (FakeLauncher, Strings) {
    let (calls, heard) = mpsc::channel(QUEUE);
    let (events, event_stream) = mpsc::channel(64);
    let (connection, connection_now) = watch::channel(ConnectionState::Connecting);
    let (unread, unread_now) = watch::channel(0);
    let rows = Arc::default();
    let session = FakeCore {
        calls,
        rows: Arc::clone(&rows),
    };
    let launched = Launched {
        session,
        events: ReceiverStream::new(event_stream).boxed(),
        connection: connection_now,
        unread: unread_now,
    };
    let launcher = FakeLauncher {
        problem: Arc::default(),
        launched: Arc::new(Mutex::new(Some(launched))),
    };
    (
        launcher,
        Strings {
            events: Some(events),
            connection,
            unread,
            rows,
            calls: heard,
        },
    )
}

impl Strings {
    pub(super) fn put(&self, item: HistoryItem) {
        self.rows.lock().unwrap().insert(item.notification.id, item);
    }

    pub(super) async fn send(&self, event: Event) {
        let events = self.events.as_ref().expect("the core has not ended");
        events.send(event).await.expect("the controller listens");
    }

    /// Waits until the core is asked exactly this.
    pub(super) async fn expect(&mut self, expected: &str) {
        let wait = async {
            while self.calls.recv().await.expect("the controller still runs") != expected {}
        };
        tokio::time::timeout(Duration::from_mins(5), wait)
            .await
            .expect("the core is asked in time");
    }
}

impl FakeCore {
    fn call(&self, call: String) {
        self.calls
            .try_send(call)
            .expect("the test reads what it is told");
    }
}

impl Session for FakeCore {
    async fn history(
        &self,
        before: Option<HistoryCursor>,
        limit: u32,
    ) -> Result<HistoryPage, Error> {
        let start = before.map_or_else(|| "start".to_owned(), |cursor| cursor.to_string());
        self.call(format!("history {start} {limit}"));
        let items = self.rows.lock().unwrap().values().rev().cloned().collect();
        Ok(HistoryPage { items, next: None })
    }

    async fn row(&self, id: NotificationId) -> Result<Option<HistoryItem>, Error> {
        Ok(self.rows.lock().unwrap().get(&id).cloned())
    }

    async fn open(&self, id: NotificationId) -> Result<(), Error> {
        self.call(format!("open {id}"));
        Ok(())
    }

    async fn mark_all_read(&self) -> Result<usize, Error> {
        self.call("mark_all_read".to_owned());
        Ok(self.rows.lock().unwrap().len())
    }

    /// Never answers: the core can be slow, and nothing may wait for it.
    async fn dismiss(&self, id: NotificationId) -> Result<(), Error> {
        self.call(format!("dismiss {id}"));
        std::future::pending().await
    }

    async fn report_shown(&self, id: NotificationId) -> Result<(), Error> {
        self.call(format!("report_shown {id}"));
        Ok(())
    }

    fn network_changed(&self) {
        self.call("network_changed".to_owned());
    }

    fn foregrounded(&self) {
        self.call("foregrounded".to_owned());
    }

    async fn stop(self) -> Result<(), Error> {
        self.call("stop".to_owned());
        Ok(())
    }
}

impl Launcher for FakeLauncher {
    type Session = FakeCore;

    async fn launch(&self) -> Result<Launched<FakeCore>, SetupProblem> {
        if let Some(problem) = self.problem.lock().unwrap().clone() {
            return Err(problem);
        }
        Ok(self
            .launched
            .lock()
            .unwrap()
            .take()
            .expect("the core is started once"))
    }

    fn config_path(&self) -> String {
        "/config/desktop.toml".to_owned()
    }
}
