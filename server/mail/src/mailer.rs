//! The driver: connections to a relay and letters over them. It decides nothing.
//!
//! Connections are bounded by the relay's configuration; who wants one more waits, and has not begun: what happens
//! meanwhile can still keep a letter from being sent. An idle connection is used again, and closed when it was not for a
//! while. If the server closed it meanwhile, which shows before it answered anything, the letter goes over a new one at
//! once. When the time for a letter is up, what was written of it says whether it may have been taken.

mod connection;
mod idle;
mod line;
#[cfg(test)]
mod tests;
mod tls;

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use tokio::{
    pin,
    sync::{Semaphore, SemaphorePermit},
    time::{Sleep, sleep, timeout},
};
use vestnik_model::Reason;
use vestnik_outbound::{Reach, Writing};

use crate::{
    outcome::{Outcome, Verdict},
    relay::Relay,
    smtp::{Envelope, Features},
};

use self::{
    connection::{Connection, Network},
    idle::Idle,
};

/// A relay cannot be spoken to as configured.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// Its name is none that a certificate can have.
    #[error("the relay's host must be a domain name or an IP address")]
    Host,
    /// The authorities that are to be trusted cannot be read.
    #[error("the relay's certificates cannot be used")]
    Roots(#[source] rustls::Error),
}

/// How long a check may take as a whole.
const CHECK: Duration = Duration::from_secs(18);

/// All connections were in use.
const BUSY: Outcome = Outcome {
    verdict: Verdict::Busy,
    said: None,
};

/// The time was up before anything of a letter was written.
const LATE: Outcome = Outcome {
    verdict: Verdict::Retry {
        reason: Reason::ProviderTimeout,
        after: None,
    },
    said: None,
};

/// Sends letters by one relay. Cheap to clone; all clones share its connections.
#[derive(Debug, Clone)]
pub struct Mailer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    relay: Relay,
    network: Network,
    tls: tls::Tls,
    places: Semaphore,
    idle: Arc<Idle>,
}

impl Mailer {
    /// Prepares for a relay, which is connected to if the operator's `reach` allows it; connects to
    /// nothing yet.
    ///
    /// # Errors
    /// [`RelayError`] if its host or its certificates cannot be used.
    pub fn new(relay: Relay, reach: Reach) -> Result<Self, RelayError> {
        let tls = tls::Tls::new(&relay)?;
        let connections = usize::from(relay.connections.get());
        let idle = Arc::new(Idle::default());
        Ok(Self(Arc::new(Inner {
            relay,
            network: Network::new(reach),
            tls,
            places: Semaphore::new(connections),
            idle,
        })))
    }

    /// Hands one letter over, in one try.
    ///
    /// If the future is dropped, so is the connection, and whether the letter was taken stays unknown;
    /// [`send_noted`](Self::send_noted) tells.
    pub async fn send(&self, envelope: &Envelope) -> Outcome {
        self.send_noted(envelope, &Writing::default()).await
    }

    /// Does the same as [`send`](Self::send) for somebody who may drop the future: `writing` says then
    /// whether the letter may have been taken.
    pub async fn send_noted(&self, envelope: &Envelope, writing: &Writing) -> Outcome {
        let begins = async { true };
        let sent = self.send_in_turn(envelope, writing, begins).await;
        // A letter that begins has an outcome.
        sent.unwrap_or(LATE)
    }

    /// Does the same as [`send_noted`](Self::send_noted) for somebody who has to note that the letter begins:
    /// `begins` is awaited when it has a connection, or may open one, before anything is written. `None` if that says
    /// that it is not to be sent.
    pub async fn send_in_turn(
        &self,
        envelope: &Envelope,
        writing: &Writing,
        begins: impl Future<Output = bool>,
    ) -> Option<Outcome> {
        let inner = &*self.0;
        let patience = inner.relay.patience;
        let (end, waited) = (sleep(patience.written), sleep(patience.place));
        pin!(end, waited);
        let Some(_place) = place(&inner.places, waited).await else {
            return Some(BUSY);
        };
        if !begins.await {
            return None;
        }
        Some(self.send_by_place((envelope, writing), end).await)
    }

    async fn send_by_place(
        &self,
        (envelope, writing): (&Envelope, &Writing),
        mut end: Pin<&mut Sleep>,
    ) -> Outcome {
        let inner = &*self.0;
        if let Some(mut connection) = inner.idle.take() {
            let sent = connection.send((envelope, writing), end.as_mut()).await;
            if !sent.is_stale {
                self.keep(connection, sent.is_usable);
                return sent.outcome;
            }
        }
        let opened = tokio::select! {
            biased;
            opened = Connection::open(&inner.relay, &inner.network, &inner.tls) => opened,
            () = end.as_mut() => return LATE,
        };
        let mut connection = match opened {
            Ok(connection) => connection,
            Err(outcome) => return outcome,
        };
        let sent = connection.send((envelope, writing), end.as_mut()).await;
        self.keep(connection, sent.is_usable);
        sent.outcome
    }

    /// Connects and logs in without sending anything: what an operator asks for to see whether the relay
    /// is configured well.
    ///
    /// # Errors
    /// The [`Outcome`] that every letter would have.
    pub async fn check(&self) -> Result<Features, Outcome> {
        let inner = &*self.0;
        let opened = Connection::open(&inner.relay, &inner.network, &inner.tls);
        let opened = timeout(CHECK, opened).await;
        let connection = opened.map_err(|_| LATE)??;
        let features = connection.features();
        connection.quit().await;
        Ok(features)
    }

    fn keep(&self, connection: Connection, is_usable: bool) {
        if is_usable && connection.is_fresh() {
            let patience = self.0.relay.patience.idle;
            Idle::keep(&self.0.idle, connection, patience);
        }
    }
}

/// A place among a few, if one is free before the time is over. Nobody closes them.
async fn place<'a>(places: &'a Semaphore, waited: Pin<&mut Sleep>) -> Option<SemaphorePermit<'a>> {
    tokio::select! {
        biased;
        () = waited => None,
        place = places.acquire() => place.ok(),
    }
}
