//! The server, as `vestnik serve` runs it, without limits that a load of one machine reaches.

use std::{net::Ipv4Addr, path::PathBuf, time::Duration};

use anyhow::Result;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;
use vestnik_server::{Config, Parts, config::RateConfig};

/// The server.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    #[arg(long)]
    database: PathBuf,
    #[arg(long)]
    port: u16,
    /// Milliseconds that each commit takes longer.
    #[arg(long, default_value_t = 0)]
    commit_delay: u64,
    /// Limit the calls of one installation as by default.
    #[arg(long)]
    limiting: bool,
    /// A host that is not public and may be sent to.
    #[arg(long)]
    listed: Option<String>,
}

impl Serve {
    pub(super) fn run(self) -> Result<()> {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(self.serve())
    }

    async fn serve(self) -> Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await?;
        let shutdown = CancellationToken::new();
        let (mut terminated, stop) = (signal(SignalKind::terminate())?, shutdown.clone());
        tokio::spawn(async move {
            terminated.recv().await;
            stop.cancel();
        });
        let delay = (self.commit_delay > 0).then(|| Duration::from_millis(self.commit_delay));
        let parts = Parts {
            commit_delay: delay,
            ..Parts::default()
        };
        vestnik_server::serve_with(listener, self.config(), shutdown, parts).await?;
        Ok(())
    }

    fn config(self) -> Config {
        let usual = RateConfig::default();
        let mut config = Config {
            database: self.database,
            rates: RateConfig {
                key_per_second: 0,
                address_per_second: 0,
                installation_per_second: if self.limiting {
                    usual.installation_per_second
                } else {
                    0
                },
                user_per_second: if self.limiting {
                    usual.user_per_second
                } else {
                    0
                },
                ..usual
            },
            ..Config::default()
        };
        // The whole load comes from one address, and all devices are of one App.
        config.limits.connections_per_address = 0;
        config.feed.connections_per_app = config.feed.connections;
        config.outbound.listed.extend(self.listed);
        config.limits.drain_seconds = 1;
        config.tokens.access_seconds = 24 * 3_600;
        config
    }
}
