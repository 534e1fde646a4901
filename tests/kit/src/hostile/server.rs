//! The handle by which a test orders a hostile server about.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use tokio_util::task::AbortOnDropHandle;
use vestnik_model::{NotificationId, UserId};

use super::{
    answer::{Answer, Call, Decision},
    connection::serve,
    entry,
    frame::{self, Opcode},
    journal::Journal,
    route::Route,
    session,
    world::World,
};
use crate::{
    name::{base, free_port, notification},
    wait::{eventually, within},
};

/// The most requests and calls that may come while a test waits: a device that asks more often asks
/// without a pause.
const MOST_RECEIVED: usize = 1_000;
/// For how long a test waits while requests and calls come that are not what it waits for.
const PATIENCE: Duration = Duration::from_secs(300);

/// A running hostile server. It ends when it is dropped.
#[derive(Debug)]
pub struct HostileServer {
    address: SocketAddr,
    url: Url,
    world: Arc<World>,
    _accepting: AbortOnDropHandle<()>,
}

impl HostileServer {
    /// Starts a server on a free port.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(free_port()).await?;
        let address = listener.local_addr()?;
        let world = Arc::new(World::new());
        let accepting = tokio::spawn(accept(listener, Arc::clone(&world)));
        Ok(Self {
            address,
            url: base(address),
            world,
            _accepting: AbortOnDropHandle::new(accepting),
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as a URL.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The server's time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// A token by which a backend vouches for a user.
    #[must_use]
    pub fn identity(&self, user: &UserId) -> String {
        session::identity(user)
    }

    // What was received.

    /// What came so far; changes with each request and call.
    #[must_use]
    pub fn journal(&self) -> watch::Receiver<Journal> {
        self.world.journal.subscribe()
    }

    /// Waits until what came is as wanted.
    ///
    /// # Errors
    /// When it has not become so and nothing has come for [`SILENCE`](crate::wait::SILENCE); when more than
    /// 1,000 requests and calls have come meanwhile; or after five minutes in which others have come.
    pub async fn has(
        &self,
        what: &str,
        mut is_so: impl FnMut(&Journal) -> bool,
    ) -> anyhow::Result<()> {
        let mut journal = self.journal();
        let most = journal.borrow().received.len() + MOST_RECEIVED;
        let check = |journal: &Journal| {
            let is_too_much = journal.received.len() > most;
            (is_so(journal) || is_too_much).then_some(is_too_much)
        };
        let waiting = eventually(what, &mut journal, check);
        if within(what, PATIENCE, waiting).await?? {
            bail!("{what}: has not come, but {MOST_RECEIVED} requests and calls have");
        }
        Ok(())
    }

    // Orders.

    /// Orders the answer to the next request or call of a route. Orders of one route are carried out in
    /// the order in which they were given, one each.
    pub fn next(&self, route: Route, answer: Answer) {
        let mut state = self.world.state();
        state.next.entry(route).or_default().push_back(answer);
    }

    /// Orders the answer to every request or call of a route for which there is no other order.
    pub fn always(&self, route: Route, answer: Answer) {
        self.decide(route, move |_| answer.clone());
    }

    /// As [`HostileServer::always`], by the JSON of the request's body or of the call's argument.
    pub fn decide(&self, route: Route, decide: impl Fn(&Value) -> Answer + Send + Sync + 'static) {
        let decision = Decision::new(decide);
        self.world.state().always.insert(route, decision);
    }

    /// Withdraws all orders of a route.
    pub fn behave(&self, route: Route) {
        let mut state = self.world.state();
        state.next.remove(&route);
        state.always.remove(&route);
    }

    /// How many orders given by [`HostileServer::next`] were not carried out yet.
    #[must_use]
    pub fn outstanding(&self, route: Route) -> usize {
        let state = self.world.state();
        state.next.get(&route).map_or(0, |orders| orders.len())
    }

    /// A page for everybody who asks from this cursor; the first page is asked from the empty text. Once
    /// there is one, a cursor without a page is answered by an empty last page from there.
    pub fn page(&self, cursor: &str, page: Value) {
        let mut state = self.world.state();
        state.pages.insert(cursor.to_owned(), page);
    }

    // The log.

    /// Writes a notification to a user's log, and calls the user's devices.
    ///
    /// # Errors
    /// When a device's connection ends meanwhile.
    pub async fn publish(&self, user: &UserId, number: u128) -> anyhow::Result<NotificationId> {
        let call = self.world.write_notification(user, number);
        self.call(user, &call).await?;
        Ok(notification(number))
    }

    /// Writes a notification to a user's log, and calls nobody.
    pub fn write_notification(&self, user: &UserId, number: u128) -> NotificationId {
        drop(self.world.write_notification(user, number));
        notification(number)
    }

    /// Writes entries to a user's log, and gives the call that would say so.
    pub fn write(&self, user: &UserId, entries: &[Value]) -> Call {
        self.world.write(user, entries)
    }

    /// Writes a notification with so many bytes of data to a user's log, and calls nobody.
    pub fn write_large(&self, user: &UserId, number: u128, bytes: usize) -> NotificationId {
        drop(self.write(user, &[entry::large(number, self.now(), bytes)]));
        notification(number)
    }

    /// Sets a user's log back to its first entries and begins another epoch, as a restored backup does.
    /// Nobody is called.
    pub fn restore(&self, user: &UserId, keep: usize) {
        let mut state = self.world.state();
        state.logs.entry(user.clone()).or_default().restore(keep);
    }

    /// Moves the server's clock: how far it is ahead of the true time.
    pub fn set_ahead(&self, ahead: SignedDuration) {
        self.world.state().ahead = ahead;
    }

    // The hub's connections.

    /// Calls a user's devices.
    ///
    /// # Errors
    /// When a device's connection ends meanwhile.
    pub async fn call(&self, user: &UserId, call: &Call) -> anyhow::Result<()> {
        self.call_all(user, std::slice::from_ref(call)).await
    }

    /// Calls a user's devices; all calls come in one WebSocket frame.
    ///
    /// # Errors
    /// When a device's connection ends meanwhile.
    pub async fn call_all(&self, user: &UserId, calls: &[Call]) -> anyhow::Result<()> {
        for outlet in self.world.outlets(user) {
            let messages = calls.iter().map(|call| outlet.call(call));
            let messages = messages.collect::<anyhow::Result<Vec<_>>>()?;
            outlet.send(&messages.concat()).await?;
        }
        Ok(())
    }

    /// Sends a text frame to a user's devices, whatever it says.
    ///
    /// # Errors
    /// When no device of the user is connected, or its connection ends meanwhile.
    pub async fn send_text(&self, user: &UserId, text: &str) -> anyhow::Result<()> {
        let frame = frame::encode(Opcode::Text, text.as_bytes());
        self.send_bytes(user, &frame).await
    }

    /// Sends bytes to a user's devices, below WebSocket.
    ///
    /// # Errors
    /// When no device of the user is connected, or its connection ends meanwhile.
    pub async fn send_bytes(&self, user: &UserId, bytes: &[u8]) -> anyhow::Result<()> {
        let outlets = self.world.outlets(user);
        outlets
            .first()
            .context("no device of the user is connected")?;
        for outlet in outlets {
            outlet.send_bytes(bytes.to_vec()).await?;
        }
        Ok(())
    }

    /// Breaks every connection there is; new ones are taken.
    pub fn cut(&self) {
        self.world.cut.send_replace(());
    }

    /// Sends nothing more by any connection, while all of them stand and what comes is read.
    pub fn hold(&self) {
        self.world.valve.hold();
    }

    /// Lets so many held bytes pass, of all connections together.
    pub fn release(&self, bytes: usize) {
        self.world.valve.release(bytes);
    }

    /// Sends everything that is held, and what comes later.
    pub fn flow(&self) {
        self.world.valve.flow();
    }

    // Sessions.

    /// Refuses every access token so far; refresh tokens stay good.
    pub fn refuse_access_tokens(&self) {
        self.world.state().sessions.refuse_access();
    }

    /// Ends all sessions of a user, as the App's backend does.
    pub fn log_out(&self, user: &UserId) {
        self.world.state().sessions.log_out(user);
    }
}

async fn accept(listener: TcpListener, world: Arc<World>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(Arc::clone(&world), stream));
        while connections.try_join_next().is_some() {}
    }
}
