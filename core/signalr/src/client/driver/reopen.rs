//! Opens another socket in place of one that was lost, for the same connection.

use std::{sync::Arc, time::Instant};

use futures_util::future::BoxFuture;

use super::{
    error::ConnectError,
    open::{Attempt, Kind},
    options::ConnectOptions,
    token::TokenSource,
    transport::Transport,
};
use crate::client::{
    clock,
    machine::Reach,
    resumption::{Resumption, StatefulReconnect, Step},
};

/// How a connection's socket was opened, and how another one is.
pub(crate) struct Way {
    pub(crate) options: ConnectOptions,
    /// With the connection's token.
    pub(crate) url: reqwest::Url,
    /// The options' own, or what a redirect put in its place.
    pub(crate) source: Option<TokenSource>,
}

/// A stateful connection's sockets.
pub(crate) struct Reopening {
    way: Arc<Way>,
    resumption: Resumption,
    /// How much is kept that the server has not confirmed, in bytes.
    buffer: usize,
    attempt: Option<BoxFuture<'static, Result<Transport, ConnectError>>>,
}

impl Reopening {
    pub(crate) fn new(way: Way, settings: StatefulReconnect) -> Self {
        Self {
            way: Arc::new(way),
            resumption: Resumption::new(settings),
            buffer: settings.buffer,
            attempt: None,
        }
    }

    pub(crate) const fn buffer(&self) -> usize {
        self.buffer
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.resumption.deadline()
    }

    pub(crate) fn lost(&mut self, reach: Reach) {
        self.resumption.lost(clock::now(), reach, rand::random());
    }

    pub(crate) fn network_changed(&mut self) {
        self.resumption.network_changed(clock::now());
    }

    /// Waits for the attempt that runs, if one does. Cancel safe.
    pub(crate) async fn attempted(&mut self) -> Result<Transport, ConnectError> {
        let outcome = match &mut self.attempt {
            Some(attempt) => attempt.await,
            None => std::future::pending().await,
        };
        self.attempt = None;
        match &outcome {
            Ok(_) => self.resumption.opened(clock::now()),
            Err(error) => self.failed(error),
        }
        outcome
    }

    fn failed(&mut self, error: &ConnectError) {
        tracing::debug!(%error, "the connection was not resumed");
        let is_final = error.ends_resuming();
        self.resumption
            .failed(clock::now(), is_final, rand::random());
    }

    /// Does what is due; says whether the connection is to be given up.
    pub(crate) fn advance(&mut self) -> bool {
        match self.resumption.step(clock::now(), rand::random()) {
            None => false,
            Some(Step::GiveUp) => {
                self.attempt = None;
                true
            }
            Some(Step::Open) => {
                let way = Arc::clone(&self.way);
                self.attempt = Some(Box::pin(async move { reopen(&way).await }));
                false
            }
        }
    }
}

async fn reopen(way: &Way) -> Result<Transport, ConnectError> {
    let attempt = Attempt {
        options: &way.options,
        url: &way.url,
        source: way.source.as_ref(),
    };
    attempt.open(Kind::WebSockets).await
}
