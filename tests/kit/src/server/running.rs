//! A server in a runtime of its own, so that it can be killed with all of its tasks.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context as _;
use reqwest::Client;
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use vestnik_model::route;
use vestnik_server::ServeError;

use super::Setup;
use crate::{
    name::base,
    wait::{SILENCE, asked, within},
};

/// How long the threads of a killed server may take to end.
const KILLED_WITHIN: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Running {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), ServeError>>,
    runtime: Option<Runtime>,
}

impl Running {
    /// Starts a server and waits until it is ready.
    pub(super) async fn start(setup: &Setup, at: SocketAddr) -> anyhow::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("test-server")
            .enable_all()
            .build()?;
        let listener = {
            let _entered = runtime.enter();
            let listener = std::net::TcpListener::bind(at)?;
            listener.set_nonblocking(true)?;
            TcpListener::from_std(listener)?
        };
        let address = listener.local_addr()?;
        let shutdown = CancellationToken::new();
        let serving = vestnik_server::serve_with(
            listener,
            setup.config.clone(),
            shutdown.clone(),
            setup.parts(),
        );
        let mut running = Self {
            address,
            shutdown,
            task: runtime.spawn(serving),
            runtime: Some(runtime),
        };
        running.ready().await?;
        Ok(running)
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        let http = Client::builder().no_proxy().build()?;
        let url = base(self.address).join(route::READYZ)?;
        let asking = asked("a ready server", async || {
            let answer = http.get(url.clone()).send().await;
            let is_ready = answer.is_ok_and(|answer| answer.status().is_success());
            Ok(is_ready.then_some(()))
        });
        tokio::select! {
            ready = asking => ready,
            ended = &mut self.task => {
                ended??;
                anyhow::bail!("the server ended before it was ready")
            }
        }
    }

    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        let served = within("the end of the server", SILENCE, &mut self.task).await??;
        served.context("the server did not end without an error")?;
        self.kill().await
    }

    pub(super) async fn kill(mut self) -> anyhow::Result<()> {
        if let Some(runtime) = self.runtime.take() {
            tokio::task::spawn_blocking(move || runtime.shutdown_timeout(KILLED_WITHIN)).await?;
        }
        Ok(())
    }
}

/// A runtime must not be dropped where it would block others.
impl Drop for Running {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
