//! `vestnik serve`: runs a server until it is told to stop.

use console::style;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use vestnik_server::{Config, Parts, Server};

use crate::{args::ServeArgs, exit::Failure, output::Output, settings, termination};

pub(crate) async fn run(args: ServeArgs, output: &Output) -> Result<(), Failure> {
    let config = settings::load(args.settings, args.listen)?;
    if args.print_config {
        output.raw(&config.to_toml());
        return Ok(());
    }
    let _logs = vestnik_server::init_logs(&config.log)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    for variable in Config::empty_variables(std::env::vars()) {
        tracing::warn!(variable, "the variable is set to nothing and has no effect");
    }
    let listen = config.listen;
    let server = Server::open(config, Parts::default())
        .await
        .map_err(anyhow::Error::from)?;
    let listener = match TcpListener::bind(listen).await {
        Ok(listener) => listener,
        Err(error) => {
            server.close().await;
            let error = anyhow::Error::new(error);
            return Err(error
                .context(format!("{listen} cannot be listened on"))
                .into());
        }
    };
    let url = format!("http://{}/", listener.local_addr()?);
    let shutdown = CancellationToken::new();
    // Before anyone is told of the address: a supervisor may stop a server as soon as it answers.
    let requested = termination::listen()?;
    let told = shutdown.clone();
    tokio::spawn(async move {
        requested.await;
        told.cancel();
    });
    output.result(&json!({"listening": url}), |_| {
        format!(
            "{} {}",
            style("Vestnik listens on").green(),
            style(&url).bold()
        )
    });
    server.serve(listener, shutdown).await;
    Ok(())
}
