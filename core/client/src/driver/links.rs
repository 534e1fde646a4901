//! Live connections: attempts, those that are open, and what they bring.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time::timeout,
};

use crate::{
    machine::ConnectionNumber,
    transport::{HubCalls, HubConnection, HubEvent},
};

/// How long the end of a connection may take.
const GOODBYE: Duration = Duration::from_secs(5);
/// How many events of connections wait for the engine before they are not read.
const WAITING: usize = 64;

/// Live connections. At most one is the engine's; a former one may be on its way out.
#[derive(Debug)]
pub(super) struct Links {
    attempts: BTreeMap<ConnectionNumber, AbortHandle>,
    open: BTreeMap<ConnectionNumber, Link>,
    events: mpsc::Sender<(ConnectionNumber, HubEvent)>,
}

#[derive(Debug)]
struct Link {
    calls: Arc<dyn HubCalls>,
    pump: AbortHandle,
}

impl Links {
    /// Gives what the connections bring beside.
    pub(super) fn new() -> (Self, mpsc::Receiver<(ConnectionNumber, HubEvent)>) {
        let (events, receiver) = mpsc::channel(WAITING);
        let links = Self {
            attempts: BTreeMap::new(),
            open: BTreeMap::new(),
            events,
        };
        (links, receiver)
    }

    /// An attempt has begun.
    pub(super) fn begun(&mut self, number: ConnectionNumber, attempt: AbortHandle) {
        self.attempts.insert(number, attempt);
    }

    /// An attempt failed.
    pub(super) fn failed(&mut self, number: ConnectionNumber) {
        self.attempts.remove(&number);
    }

    /// A connection is open; what it brings is passed on, and then that it is over.
    pub(super) fn opened<T: Send + 'static>(
        &mut self,
        number: ConnectionNumber,
        connection: HubConnection,
        tasks: &mut JoinSet<Option<T>>,
    ) {
        self.attempts.remove(&number);
        let HubConnection { calls, mut events } = connection;
        let sender = self.events.clone();
        let pump = tasks.spawn(async move {
            let mut is_over = false;
            while let Some(event) = events.recv().await {
                is_over |= matches!(event, HubEvent::Closed { .. });
                if sender.send((number, event)).await.is_err() {
                    return None;
                }
            }
            if !is_over {
                let closed = HubEvent::Closed { may_return: true };
                // An engine that is gone does not care.
                drop(sender.send((number, closed)).await);
            }
            None
        });
        self.open.insert(number, Link { calls, pump });
    }

    /// What may be called on a connection, if it is open.
    pub(super) fn calls(&self, number: ConnectionNumber) -> Option<Arc<dyn HubCalls>> {
        self.open.get(&number).map(|link| Arc::clone(&link.calls))
    }

    /// Ends a connection or gives an attempt up. Gives what has to be waited for.
    pub(super) fn close(
        &mut self,
        number: ConnectionNumber,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        if let Some(attempt) = self.attempts.remove(&number) {
            attempt.abort();
        }
        let link = self.open.remove(&number)?;
        link.pump.abort();
        Some(async move {
            if timeout(GOODBYE, link.calls.close()).await.is_err() {
                tracing::debug!("a connection did not end in time");
            }
        })
    }

    /// Ends all connections.
    pub(super) async fn close_all(&mut self) {
        let numbers: Vec<_> = self
            .open
            .keys()
            .chain(self.attempts.keys())
            .copied()
            .collect();
        for number in numbers {
            if let Some(closing) = self.close(number) {
                closing.await;
            }
        }
    }
}
