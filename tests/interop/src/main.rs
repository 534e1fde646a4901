//! Our SignalR beside others': foreign clients at our hub server, feature by feature, and our codec
//! against the official one. `cargo xtask interop` installs them and runs this.
#![forbid(unsafe_code)]

mod differential;
mod feature;
mod generate;
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
use vestnik_signalr::protocol::Protocol;

use crate::{peer::PEERS, proxy::Cuts};

/// Holds our SignalR beside others'.
#[derive(Debug, Parser)]
enum Task {
    /// Try foreign clients at our hub server, feature by feature.
    Clients(Clients),
    /// Compare our codec with the official JavaScript one over random messages.
    Differential {
        /// How many frames of each protocol.
        #[arg(long, default_value_t = 100_000)]
        frames: u32,
        /// Repeats a run.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

#[derive(Debug, clap::Args)]
struct Clients {
    /// Only clients whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// The Python that has the clients.
    #[arg(long, default_value = "python3")]
    python: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    match Task::parse() {
        Task::Clients(clients) => try_clients(clients).await,
        Task::Differential { frames, seed } => {
            for protocol in Protocol::ALL {
                differential::run(protocol, frames, seed)?;
                say(&format!(
                    "{frames} frames of {protocol}, seed {seed}: equal in meaning both ways"
                ))?;
            }
            Ok(())
        }
    }
}

async fn try_clients(Clients { only, python }: Clients) -> Result<()> {
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
