//! `vestnik serve`: runs a server until it is told to stop.

use console::style;
use serde_json::json;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
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
    vestnik_server::init_logs(&config.log).map_err(|error| Failure::Usage(error.to_string()))?;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        Failure::Usage(format!("{} cannot be listened on: {error}", config.listen))
    })?;
    let url = format!("http://{}/", listener.local_addr()?);
    let shutdown = CancellationToken::new();
    tokio::spawn(cancel_on_signal(shutdown.clone()));
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
async fn cancel_on_signal(shutdown: CancellationToken) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    shutdown.cancel();
}
