//! Unix: Ctrl-C in a terminal, `SIGTERM` from a supervisor.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

pub(super) fn listen() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
