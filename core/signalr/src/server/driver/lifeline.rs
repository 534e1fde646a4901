//! How a stateful connection that lost its socket gets another.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hyper::upgrade::OnUpgrade;

use super::{web_socket, web_socket::WebSocket};
use crate::server::{connection::Connection, service::Shared, ticket::Refusal};

/// Where requests for another socket meet the one task of their connection.
///
/// It has room for one socket: a client that comes twice means the later one.
#[derive(Default)]
pub(in crate::server) struct Lifeline(Mutex<State>);

#[derive(Default)]
enum State {
    /// Hands are not shaken, or in a version without stateful reconnect.
    #[default]
    Plain,
    Open {
        connection: Connection,
        next: Option<Box<WebSocket>>,
    },
    Ended,
}

impl Lifeline {
    /// Lets sockets come from here on.
    pub(super) fn open(&self, connection: Connection) {
        let next = None;
        *self.lock() = State::Open { connection, next };
    }

    /// Says whether a socket may come.
    pub(in crate::server) fn check(&self) -> Result<(), Refusal> {
        match &*self.lock() {
            State::Plain => Err(Refusal::InUse),
            State::Open { .. } => Ok(()),
            State::Ended => Err(Refusal::Unknown),
        }
    }

    /// Leaves a socket for the connection's task, unless that is over.
    fn hand_over(&self, socket: Box<WebSocket>) -> Result<(), Box<WebSocket>> {
        match &mut *self.lock() {
            State::Plain | State::Ended => Err(socket),
            State::Open { connection, next } => {
                *next = Some(socket);
                connection.queue().wake();
                Ok(())
            }
        }
    }

    /// Takes the socket that came, if one did.
    pub(super) fn take(&self) -> Option<WebSocket> {
        match &mut *self.lock() {
            State::Open { next, .. } => next.take().map(|socket| *socket),
            State::Plain | State::Ended => None,
        }
    }

    /// Lets no socket come any more. One that came too late is told so.
    pub(super) fn end(&self, patience: Duration) {
        let state = std::mem::replace(&mut *self.lock(), State::Ended);
        if let State::Open {
            next: Some(socket), ..
        } = state
        {
            tokio::spawn(turn_away(socket, patience));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code under this lock can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Lifeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lifeline").finish_non_exhaustive()
    }
}

/// Hands a connection the socket that a request for it becomes.
pub(in crate::server) fn resume<S, U>(
    shared: Arc<Shared<S, U>>,
    lifeline: Arc<Lifeline>,
    upgrade: OnUpgrade,
) where
    S: Send + Sync + 'static,
    U: Send + Sync + 'static,
{
    let tasks = shared.handle.tasks().clone();
    tasks.spawn(async move {
        let Some(socket) = web_socket::upgraded(upgrade, &shared.config).await else {
            return;
        };
        if let Err(socket) = lifeline.hand_over(Box::new(socket)) {
            turn_away(socket, shared.config.close_timeout).await;
        }
    });
}

/// The connection ended between the request and its socket.
async fn turn_away(socket: Box<WebSocket>, patience: Duration) {
    // A client that does not answer the goodbye does not need it.
    tokio::time::timeout(patience, socket.close()).await.ok();
}
