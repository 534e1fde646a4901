//! `vestnik serve`: runs a server until it is told to stop.

use std::io;

use console::style;
use serde_json::json;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};
use tokio_util::sync::CancellationToken;
use vestnik_server::{Config, ConfigOverlay};

use crate::{args::ServeArgs, exit::Failure, output::Output};

pub(crate) async fn run(args: ServeArgs, output: &Output) -> Result<(), Failure> {
    let overlay = ConfigOverlay {
        listen: args.listen,
        database: args.database,
    };
    let config = Config::load(args.config.as_deref(), std::env::vars(), overlay)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    if args.print_config {
        output.raw(&config.to_toml());
        return Ok(());
    }
    let _logs = vestnik_server::init_logs(&config.log)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    for variable in Config::empty_variables(std::env::vars()) {
        tracing::warn!(variable, "the variable is set to nothing and has no effect");
    }
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        Failure::Usage(format!("{} cannot be listened on: {error}", config.listen))
    })?;
    let url = format!("http://{}/", listener.local_addr()?);
    let shutdown = CancellationToken::new();
    let signals = Signals::listen()?;
    let told = shutdown.clone();
    tokio::spawn(async move {
        signals.first().await;
        told.cancel();
    });
    output.result(&json!({"listening": url}), |_| {
        format!(
            "{} {}",
            style("Vestnik listens on").green(),
            style(&url).bold()
        )
    });
    vestnik_server::serve(listener, config, shutdown)
        .await
        .map_err(anyhow::Error::from)?;
    Ok(())
}

/// Both the terminal's way to stop a program and a supervisor's.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Takes the signals over; from here on they no longer end the process by themselves.
    ///
    /// Done before anyone is told of the address, because a supervisor may stop a server as soon
    /// as it answers.
    fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn first(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
