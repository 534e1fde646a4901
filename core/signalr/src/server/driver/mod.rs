//! The task of one connection: it moves bytes between socket, machine and handlers.
//!
//! Pressure goes backwards: while a write is not done nothing more is taken
//! from the queue; while much waits to be written, nothing is read and no
//! call's outcome is taken; while calls wait for each other, nothing is read.

mod calls;
mod feeds;
mod lifeline;
mod scope;
mod socket;
mod task;
mod web_socket;

use std::sync::Arc;

use http::Extensions;
use hyper::upgrade::OnUpgrade;
use tokio_util::task::AbortOnDropHandle;

pub(super) use self::{
    lifeline::{Lifeline, resume},
    scope::Value,
    socket::Event as SocketEvent,
};
use self::{scope::Scope, socket::Socket, task::Driver};
use super::{
    clock,
    config::HubConfig,
    connection::{Connection, Opening},
    connection_id::ConnectionId,
    queue::QueueLimits,
    refresh::Identity,
    service::Shared,
    ticket::ConnectionToken,
    transport::{EventSocket, PollSocket},
};

/// A client that was let in.
pub(super) struct Client<U> {
    pub(super) id: ConnectionId,
    /// Absent when it skipped negotiation.
    pub(super) token: Option<ConnectionToken>,
    pub(super) caller: U,
    /// Of the request that opens the transport.
    pub(super) extensions: Extensions,
    /// Absent where its authentication neither expires nor is renewed.
    pub(super) identity: Option<Arc<Identity<U>>>,
    /// There when negotiate granted stateful reconnect.
    pub(super) lifeline: Option<Arc<Lifeline>>,
}

/// The transport by which it came.
pub(super) enum Arrival {
    WebSocket(OnUpgrade),
    Events(EventSocket),
    Poll(PollSocket),
}

impl Arrival {
    /// Waits until the transport is there; nothing when it never comes.
    async fn socket(self, config: &HubConfig) -> Option<Socket> {
        match self {
            Self::WebSocket(upgrade) => {
                let socket = web_socket::upgraded(upgrade, config).await?;
                Some(Socket::Web(socket))
            }
            Self::Events(socket) => Some(Socket::Events(socket)),
            Self::Poll(socket) => Some(Socket::Poll(socket)),
        }
    }
}

/// Runs a connection in a task of its own, from its arrival to the last farewell.
pub(super) fn spawn<S, U>(shared: Arc<Shared<S, U>>, arrival: Arrival, client: Client<U>)
where
    S: Value,
    U: Value,
{
    let tasks = shared.handle.tasks().clone();
    tasks.spawn(live(shared, Box::new(arrival), Box::new(client)));
}

/// It is given boxes: a task keeps room for what it was given for as long as it lives.
async fn live<S, U>(shared: Arc<Shared<S, U>>, arrival: Box<Arrival>, client: Box<Client<U>>)
where
    S: Value,
    U: Value,
{
    let Client {
        id,
        token,
        caller,
        extensions,
        identity,
        lifeline,
    } = unboxed(client);
    let connection = Connection::new(Opening {
        id,
        hub: shared.handle.clone(),
        limits: limits(&shared),
        extensions,
        now: clock::now(),
    });
    let mut presence = Presence::enter(&shared, &connection, token);
    if shared.config.closes_on_expiry {
        presence.expiry = identity
            .as_ref()
            .map(|identity| close_when_expired(identity, &connection));
    }
    let scope = Scope {
        shared: Arc::clone(&shared),
        connection,
        caller,
        identity,
    };
    let arriving = Box::pin(unboxed(arrival).socket(&shared.config));
    let Some(socket) = arriving.await else {
        return;
    };
    let was_open = Box::new(Driver::new(scope.clone(), socket, lifeline))
        .run()
        .await;
    drop(presence);
    if was_open {
        Box::pin(scope.bid_farewell()).await;
    }
}

#[expect(
    clippy::boxed_local,
    reason = "the box goes here, and not at the end of the caller's scope"
)]
fn unboxed<T>(value: Box<T>) -> T {
    *value
}

/// Closes a connection when its caller's token expired, unless it ended before.
fn close_when_expired<U: Value>(
    identity: &Arc<Identity<U>>,
    connection: &Connection,
) -> AbortOnDropHandle<()> {
    let (identity, connection) = (Arc::clone(identity), connection.clone());
    AbortOnDropHandle::new(tokio::spawn(async move {
        identity.expired().await;
        connection.expire();
    }))
}

fn limits<S, U>(shared: &Shared<S, U>) -> QueueLimits {
    QueueLimits {
        frames: shared.config.queue_frames,
        bytes: shared.config.queue_bytes,
        batch: shared.config.write_batch,
    }
}

/// A connection's place in the hub, left when this is dropped, however the task ends.
struct Presence<'a, S, U> {
    shared: &'a Shared<S, U>,
    connection: Connection,
    token: Option<ConnectionToken>,
    /// Waits for the caller's token to expire.
    expiry: Option<AbortOnDropHandle<()>>,
}

impl<'a, S, U> Presence<'a, S, U> {
    fn enter(
        shared: &'a Shared<S, U>,
        connection: &Connection,
        token: Option<ConnectionToken>,
    ) -> Self {
        shared.handle.enter(connection);
        Self {
            shared,
            connection: connection.clone(),
            token,
            expiry: None,
        }
    }
}

impl<S, U> Drop for Presence<'_, S, U> {
    fn drop(&mut self) {
        self.shared.handle.exit(self.connection.id());
        self.connection.end();
        if let Some(token) = &self.token {
            self.shared.tickets.release(token);
            self.shared.identities.remove(token);
        }
    }
}
