//! A core that the test plays, and its launcher.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::StreamExt;
use jiff::SignedDuration;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use vestnik_core::{Error, Login, LoginError, Phase, Preferences, Secret, Standing, Suppression};
use vestnik_model::{NotificationId, Permission, UserId, preference::OptOutChange};

use crate::{
    identity::IdentityOrigin,
    model::{Event, Page, PageRequest, Row, State},
    secrets::Place,
    session::{Launched, Launcher, Session, Ticket},
    view::{ServerView, SetupProblem},
};

/// More than any test makes without reading.
const QUEUE: usize = 256;

#[derive(Clone)]
pub(super) struct FakeCore {
    /// What was asked of the core, in order.
    calls: mpsc::Sender<String>,
    rows: Arc<Mutex<BTreeMap<NotificationId, Row>>>,
    logins: Arc<Mutex<VecDeque<Result<Login, LoginError>>>>,
    wanted: Arc<Mutex<Preferences>>,
    /// Reading a row and logging in wait for a permit of it, when there is one.
    held: Arc<Mutex<Option<Arc<Semaphore>>>>,
}

/// The test's end of a [`FakeCore`].
pub(super) struct Strings {
    pub(super) events: Option<mpsc::Sender<Event>>,
    tickets: mpsc::Sender<FakeTicket>,
    state: watch::Sender<State>,
    rows: Arc<Mutex<BTreeMap<NotificationId, Row>>>,
    logins: Arc<Mutex<VecDeque<Result<Login, LoginError>>>>,
    /// What the user does not want.
    pub(super) wanted: Arc<Mutex<Preferences>>,
    held: Arc<Mutex<Option<Arc<Semaphore>>>>,
    core_calls: mpsc::Sender<String>,
    calls: mpsc::Receiver<String>,
}

/// A ticket whose end is a call.
pub(super) struct FakeTicket {
    row: Row,
    age: SignedDuration,
    is_void: bool,
    calls: mpsc::Sender<String>,
}

/// Gives out the core once the configuration is as the test says.
#[derive(Clone)]
pub(super) struct FakeLauncher {
    pub(super) problem: Arc<Mutex<Option<SetupProblem>>>,
    pub(super) identity: Arc<Mutex<Option<IdentityOrigin>>>,
    launched: Arc<Mutex<Option<Launched<FakeCore>>>>,
    calls: mpsc::Sender<String>,
}

/// A user.
pub(super) fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

/// The state of a core that is connected for a user.
fn online(standing: Standing) -> State {
    State {
        standing,
        phase: Phase::Online,
        trouble: None,
        retry_at: None,
        unread: 0,
        is_logout_pending: false,
    }
}

pub(super) fn fake_core() -> (FakeLauncher, Strings) {
    let (calls, heard) = mpsc::channel(QUEUE);
    let (events, event_stream) = mpsc::channel(64);
    let (tickets, ticket_stream) = mpsc::channel(64);
    let standing = Standing::LoggedIn { user: user("anna") };
    let (state, state_now) = watch::channel(online(standing));
    let rows = Arc::default();
    let logins = Arc::default();
    let held = Arc::default();
    let wanted = Arc::default();
    let session = FakeCore {
        calls: calls.clone(),
        rows: Arc::clone(&rows),
        logins: Arc::clone(&logins),
        held: Arc::clone(&held),
        wanted: Arc::clone(&wanted),
    };
    let launched = Launched {
        session,
        state: state_now,
        events: ReceiverStream::new(event_stream).boxed(),
        tickets: ReceiverStream::new(ticket_stream).boxed(),
        identity: None,
        secrets: Place::Keyring,
        server: ServerView {
            host: "push.example".to_owned(),
            is_exposed: false,
            has_code: false,
        },
    };
    let launcher = FakeLauncher {
        problem: Arc::default(),
        identity: Arc::default(),
        launched: Arc::new(Mutex::new(Some(launched))),
        calls: calls.clone(),
    };
    let strings = Strings {
        events: Some(events),
        tickets,
        state,
        rows,
        logins,
        wanted,
        held,
        core_calls: calls,
        calls: heard,
    };
    (launcher, strings)
}

impl Strings {
    pub(super) fn put(&self, row: Row) {
        self.rows.lock().unwrap().insert(row.notification.id, row);
    }

    pub(super) fn remove(&self, id: NotificationId) {
        self.rows.lock().unwrap().remove(&id);
    }

    /// A row whose reading takes until the semaphore has a permit.
    pub(super) fn held_row(&self, row: Row) -> Arc<Semaphore> {
        self.put(row);
        self.hold()
    }

    /// Reading a row and logging in take until the semaphore has a permit.
    pub(super) fn hold(&self) -> Arc<Semaphore> {
        let permits = Arc::new(Semaphore::new(0));
        *self.held.lock().unwrap() = Some(Arc::clone(&permits));
        permits
    }

    pub(super) async fn send(&self, event: Event) {
        let events = self.events.as_ref().expect("the core has not ended");
        events.send(event).await.expect("the controller runs");
    }

    /// Something is due.
    pub(super) async fn due(&self, row: Row) {
        self.due_after(SignedDuration::from_secs(1), row).await;
    }

    /// Something is due that has been on this device for a while.
    pub(super) async fn due_after(&self, age: SignedDuration, row: Row) {
        self.ticket(row, age, false).await;
    }

    /// Something was due for a user who is gone.
    pub(super) async fn void(&self, row: Row) {
        self.ticket(row, SignedDuration::ZERO, true).await;
    }

    async fn ticket(&self, row: Row, age: SignedDuration, is_void: bool) {
        let calls = self.core_calls.clone();
        let ticket = FakeTicket {
            row,
            age,
            is_void,
            calls,
        };
        assert!(self.tickets.send(ticket).await.is_ok());
    }

    pub(super) fn set(&self, change: impl FnOnce(&mut State)) {
        self.state.send_modify(change);
    }

    pub(super) fn stand(&self, standing: Standing) {
        self.set(|state| state.standing = standing);
    }

    /// How the next login ends; without it, it succeeds.
    pub(super) fn next_login(&self, outcome: Result<Login, LoginError>) {
        self.logins.lock().unwrap().push_back(outcome);
    }

    /// Waits until the core is asked exactly this.
    pub(super) async fn expect(&mut self, expected: &str) {
        let wait = async {
            while self.calls.recv().await.expect("the controller still runs") != expected {}
        };
        tokio::time::timeout(Duration::from_mins(5), wait)
            .await
            .unwrap_or_else(|_| panic!("the core is never asked: {expected}"));
    }

    /// What was asked since it was looked at last.
    pub(super) fn asked(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.calls.try_recv().ok()).collect()
    }
}

impl FakeCore {
    fn call(&self, call: String) {
        note(&self.calls, call);
    }

    async fn wait(&self) {
        let held = self.held.lock().unwrap().clone();
        if let Some(permits) = held {
            permits.acquire().await.unwrap().forget();
        }
    }
}

fn note(calls: &mpsc::Sender<String>, call: String) {
    calls
        .try_send(call)
        .expect("the test reads what it is told");
}

impl Session for FakeCore {
    type Ticket = FakeTicket;

    async fn history(&self, page: PageRequest) -> Result<Page, Error> {
        let start = page
            .before
            .map_or_else(|| "start".to_owned(), |place| place.to_string());
        let search = page.search.unwrap_or_default();
        self.call(format!("history {start} {} {search}", page.limit));
        let rows = self.rows.lock().unwrap().values().rev().cloned().collect();
        Ok(Page { rows, next: None })
    }

    async fn row(&self, id: NotificationId) -> Result<Option<Row>, Error> {
        self.call(format!("row {id}"));
        self.wait().await;
        Ok(self.rows.lock().unwrap().get(&id).cloned())
    }

    async fn clicked(&self, id: NotificationId) -> Result<bool, Error> {
        self.call(format!("clicked {id}"));
        Ok(self.rows.lock().unwrap().contains_key(&id))
    }

    /// Never answers: the core can be slow, and nothing may wait for it.
    async fn dismissed(&self, id: NotificationId) -> Result<(), Error> {
        self.call(format!("dismissed {id}"));
        std::future::pending().await
    }

    async fn actioned(&self, id: NotificationId, action: String) -> Result<bool, Error> {
        self.call(format!("actioned {id} {action}"));
        Ok(self.rows.lock().unwrap().contains_key(&id))
    }

    async fn reply(&self, id: NotificationId, action: String, text: String) -> Result<bool, Error> {
        self.call(format!("reply {id} {action} {text}"));
        Ok(self.rows.lock().unwrap().contains_key(&id))
    }

    async fn mark_all_read(&self) -> Result<u64, Error> {
        self.call("mark_all_read".to_owned());
        Ok(self.rows.lock().unwrap().len() as u64)
    }

    async fn log_in(&self, user: UserId, identity: Secret) -> Result<Login, LoginError> {
        self.call(format!("log_in {user} {}", identity.expose().len()));
        self.wait().await;
        let outcome = self.logins.lock().unwrap().pop_front();
        outcome.unwrap_or(Ok(Login::Done))
    }

    async fn log_out(&self) -> Result<(), Error> {
        self.call("log_out".to_owned());
        Ok(())
    }

    async fn permit(&self, permission: Permission) -> Result<(), Error> {
        self.call(format!("permit {permission:?}"));
        Ok(())
    }

    async fn preferences(&self) -> Result<Preferences, Error> {
        self.call("preferences".to_owned());
        Ok(self.wanted.lock().unwrap().clone())
    }

    async fn change_opt_outs(&self, change: OptOutChange) -> Result<(), Error> {
        self.call("change_opt_outs".to_owned());
        self.wanted.lock().unwrap().waiting.add(change);
        Ok(())
    }

    fn suspend(&self) {
        self.call("suspend".to_owned());
    }

    fn resume(&self) {
        self.call("resume".to_owned());
    }

    fn network_changed(&self) {
        self.call("network_changed".to_owned());
    }

    fn foregrounded(&self) {
        self.call("foregrounded".to_owned());
    }

    async fn stop(self) {
        self.call("stop".to_owned());
    }
}

impl FakeTicket {
    fn end(self, how: &str) -> Result<(), Error> {
        let id = self.row.notification.id;
        note(&self.calls, format!("{how} {id}"));
        Ok(())
    }
}

impl Ticket for FakeTicket {
    fn row(&self) -> Row {
        self.row.clone()
    }

    fn age(&self) -> SignedDuration {
        self.age
    }

    fn is_void(&self) -> bool {
        self.is_void
    }

    async fn shown(self) -> Result<(), Error> {
        self.end("shown")
    }

    async fn failed(self, reason: &'static str) -> Result<(), Error> {
        self.end(&format!("failed {reason}"))
    }

    async fn suppressed(self, why: Suppression) -> Result<(), Error> {
        self.end(&format!("suppressed {}", why.as_str()))
    }
}

impl Launcher for FakeLauncher {
    type Session = FakeCore;

    async fn launch(&self, without_keyring: bool) -> Result<Launched<FakeCore>, SetupProblem> {
        note(&self.calls, format!("launch {without_keyring}"));
        if let Some(problem) = self.problem.lock().unwrap().clone() {
            return Err(problem);
        }
        let launched = self.launched.lock().unwrap().take();
        Ok(Launched {
            identity: self.identity.lock().unwrap().clone(),
            ..launched.expect("the core is started once")
        })
    }

    fn config_path(&self) -> String {
        "/config/desktop.toml".to_owned()
    }
}
