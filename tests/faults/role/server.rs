//! The server process.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

use crate::process::end_with_parent;
use vestnik_server::Config;

/// Serves until it is asked to stop, or killed.
#[derive(Debug, Args)]
pub(crate) struct ServerRole {
    /// The server's file.
    #[arg(long)]
    database: PathBuf,
    /// Where to listen.
    #[arg(long)]
    address: SocketAddr,
}

impl ServerRole {
    /// Plays the role.
    ///
    /// # Errors
    /// When the server does not start or end well.
    pub(crate) async fn play(self) -> anyhow::Result<()> {
        end_with_parent()?;
        let listener = TcpListener::bind(self.address).await?;
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::spawn(async move {
            terminate.recv().await;
            stop.cancel();
        });
        let config = Config {
            database: self.database,
            ..Config::default()
        };
        vestnik_server::serve(listener, config, shutdown).await?;
        Ok(())
    }
}
