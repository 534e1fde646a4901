//! The server process.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use clap::Args;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

use crate::process::end_with_parent;
use vestnik_server::Parts;
use vestnik_testkit::{clock::AheadClock, server::Setup};

/// Serves until it is asked to stop, or killed.
#[derive(Debug, Args)]
pub(crate) struct ServerRole {
    /// The server's file.
    #[arg(long)]
    database: PathBuf,
    /// Where to listen.
    #[arg(long)]
    address: SocketAddr,
    /// A host that is not public and may be connected to.
    #[arg(long)]
    listed: Vec<String>,
    /// How far its clock is ahead.
    #[arg(long, default_value_t = 0)]
    ahead_millis: u64,
    /// Whether nobody's rate is limited.
    #[arg(long)]
    unlimited: bool,
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
        let mut setup = Setup::default();
        if self.unlimited {
            setup = setup.unlimited();
        }
        let mut config = setup.into_config();
        config.database = self.database;
        config.outbound.listed = self.listed;
        let clock = AheadClock::default();
        clock.advance(Duration::from_millis(self.ahead_millis));
        let parts = Parts {
            clock: Arc::new(clock),
            ..Parts::default()
        };
        vestnik_server::serve_with(listener, config, shutdown, parts).await?;
        Ok(())
    }
}
