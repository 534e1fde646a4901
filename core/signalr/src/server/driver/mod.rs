//! The task of one connection: it moves bytes between socket, machine and handlers.
//!
//! Pressure goes backwards: while a write is not done nothing more is taken
//! from the queue; while much waits to be written, nothing is read and no
//! call's outcome is taken; while calls wait for each other, nothing is read.

mod calls;
mod feeds;
mod outgoing;
mod scope;
mod socket;
mod task;

use std::sync::Arc;

use hyper::upgrade::OnUpgrade;

use self::{
    scope::{Scope, Value},
    task::Driver,
};
use super::{
    connection::{Connection, ConnectionId},
    queue::QueueLimits,
    service::Shared,
    ticket::ConnectionToken,
};

/// A client that was let in.
pub(super) struct Client<U> {
    pub(super) id: ConnectionId,
    /// Absent when it skipped negotiation.
    pub(super) token: Option<ConnectionToken>,
    pub(super) caller: U,
}

/// Runs a connection in a task of its own, from the upgrade to the last farewell.
pub(super) fn spawn<S, U>(shared: Arc<Shared<S, U>>, upgrade: OnUpgrade, client: Client<U>)
where
    S: Value,
    U: Value + PartialEq,
{
    let tasks = shared.handle.tasks().clone();
    tasks.spawn(live(shared, upgrade, client));
}

async fn live<S, U>(shared: Arc<Shared<S, U>>, upgrade: OnUpgrade, client: Client<U>)
where
    S: Value,
    U: Value + PartialEq,
{
    let Client { id, token, caller } = client;
    let connection = Connection::new(id, shared.handle.clone(), limits(&shared));
    let presence = Presence::enter(&shared, &connection, token);
    let scope = Scope {
        shared: Arc::clone(&shared),
        connection,
        caller,
    };
    let patience = shared.config.protocol.handshake_timeout;
    let Ok(Ok(upgraded)) = tokio::time::timeout(patience, upgrade).await else {
        return;
    };
    let was_open = Driver::new(scope.clone(), upgraded).await.run().await;
    drop(presence);
    if was_open {
        scope.bid_farewell().await;
    }
}

fn limits<S, U>(shared: &Shared<S, U>) -> QueueLimits {
    QueueLimits {
        frames: shared.config.queue_frames,
        bytes: shared.config.queue_bytes,
    }
}

/// A connection's place in the hub, left when this is dropped, however the task ends.
struct Presence<'a, S, U: PartialEq> {
    shared: &'a Shared<S, U>,
    connection: Connection,
    token: Option<ConnectionToken>,
}

impl<'a, S, U: PartialEq> Presence<'a, S, U> {
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
        }
    }
}

impl<S, U: PartialEq> Drop for Presence<'_, S, U> {
    fn drop(&mut self) {
        self.shared.handle.exit(self.connection.id());
        self.connection.end();
        if let Some(token) = &self.token {
            self.shared.tickets.release(token);
        }
    }
}
