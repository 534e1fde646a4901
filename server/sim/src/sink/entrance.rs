//! The listener of a sink: accepts connections and speaks TLS.

use std::{sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{line, tally::Tally};

/// How long a peer may take for TLS.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the listener waits after it could not accept: the process has too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// The listener that takes pushes.
#[derive(Clone)]
pub(super) struct Entrance {
    pub(super) tls: TlsAcceptor,
    pub(super) tally: Arc<Tally>,
    pub(super) places: Arc<Semaphore>,
    pub(super) tasks: TaskTracker,
    pub(super) shutdown: CancellationToken,
}

impl Entrance {
    pub(super) async fn listen(self, listener: TcpListener) {
        let shutdown = self.shutdown.clone();
        shutdown.run_until_cancelled(self.accept(listener)).await;
    }

    async fn accept(&self, listener: TcpListener) {
        // The semaphore is never closed.
        while let Ok(place) = Arc::clone(&self.places).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, _)) => {
                    self.tasks.spawn(self.clone().connection(stream, place));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn connection(self, stream: TcpStream, _place: OwnedSemaphorePermit) {
        let shutdown = self.shutdown.clone();
        shutdown.run_until_cancelled(self.speak(stream)).await;
    }

    async fn speak(&self, stream: TcpStream) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
        let accepted = tokio::time::timeout(PATIENCE, self.tls.accept(stream)).await;
        let Ok(Ok(stream)) = accepted else {
            tracing::debug!("TLS failed");
            return;
        };
        if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            tracing::debug!("the peer does not speak HTTP/2");
            return;
        }
        if let Err(error) = line::serve(stream, &self.tally).await {
            tracing::debug!(%error, "a connection failed");
        }
    }
}
