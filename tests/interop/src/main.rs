//! Foreign SignalR clients at our hub server, feature by feature. `cargo xtask interop` installs
//! them and runs this.
#![forbid(unsafe_code)]

mod feature;
mod hub;
mod peer;
mod proxy;
mod table;

use std::{
    io::{self, Write as _},
    net::Ipv4Addr,
};

use anyhow::{Result, ensure};
use clap::Parser;
use tokio::net::TcpListener;

use crate::{peer::PEERS, proxy::Cuts};

/// Tries foreign SignalR clients at our hub server.
#[derive(Debug, Parser)]
struct Arguments {
    /// Only clients whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// The Python that has the clients.
    #[arg(long, default_value = "python3")]
    python: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { only, python } = Arguments::parse();
    let url = serve().await?;
    let mut rows = Vec::new();
    let wanted = |name: &str| only.as_deref().is_none_or(|only| name.contains(only));
    for peer in PEERS.iter().filter(|peer| wanted(&peer.name())) {
        say(&format!("trying {}", peer.name()))?;
        rows.push((peer, peer.run(&url, &python).await?));
    }
    ensure!(!rows.is_empty(), "no client has that in its name");
    say(&format!("\n{}", table::render(&rows)))?;
    let failures = table::failures(&rows);
    ensure!(failures == 0, "{failures} failed");
    Ok(())
}

/// Starts the server and what can be cut before it; gives the address for clients.
async fn serve() -> Result<String> {
    let (server, proxy) = (
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
    );
    let url = format!("http://{}", proxy.local_addr()?);
    let cuts = Cuts::default();
    let router = hub::router(&url, cuts.clone());
    let at = server.local_addr()?;
    tokio::spawn(async move { axum::serve(server, router).await });
    tokio::spawn(proxy::run(proxy, at, cuts));
    Ok(url)
}

fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}
