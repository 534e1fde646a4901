//! What clients connect to: the server's bytes, until they are cut off.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

/// Cuts every connection there is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cuts(Arc<Mutex<CancellationToken>>);

impl Cuts {
    /// Cuts every connection there is; later ones live.
    pub(crate) fn cut(&self) {
        std::mem::take(&mut *self.lock()).cancel();
    }

    fn current(&self) -> CancellationToken {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, CancellationToken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Passes connections on to the server.
pub(crate) async fn run(listener: TcpListener, server: std::net::SocketAddr, cuts: Cuts) {
    while let Ok((mut client, _)) = listener.accept().await {
        let cut = cuts.current();
        tokio::spawn(cut.run_until_cancelled_owned(async move {
            if let Ok(mut server) = TcpStream::connect(server).await {
                // Either end may go whenever it likes.
                copy_bidirectional(&mut client, &mut server).await.ok();
            }
        }));
    }
}
