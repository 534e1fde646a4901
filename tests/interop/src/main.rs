//! Our SignalR beside others': foreign clients at our hub server, feature by feature, and our codec
//! against the official one. Foreign senders of pushes at our simulator. `cargo xtask interop` installs them and runs this.
#![forbid(unsafe_code)]

mod differential;
mod feature;
mod generate;
mod guest;
mod host;
mod hub;
mod peer;
mod proxy;
mod push;
mod silence;
mod table;

use std::{
    io::{self, Write as _},
    net::{Ipv4Addr, SocketAddr},
};

use anyhow::{Result, ensure};
use clap::Parser;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::net::TcpListener;
use vestnik_signalr::protocol::Protocol;

use crate::{
    guest::Guest,
    host::HOSTS,
    peer::{PEERS, Peer},
    proxy::Cuts,
    table::Row,
};

/// How many clients are tried side by side: most of their time is waiting.
const ABREAST: usize = 4;

/// Holds what we speak beside others'.
#[derive(Debug, Parser)]
enum Task {
    /// Try foreign clients at our hub server, feature by feature.
    Clients(Only),
    /// Try our client at foreign servers, feature by feature.
    Servers(Only),
    /// Try foreign senders of pushes at our simulator.
    Push,
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
struct Only {
    /// Only those whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// The Python that has its peers.
    #[arg(long, default_value = "python3")]
    python: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    match Task::parse() {
        Task::Clients(only) => try_clients(only).await,
        Task::Servers(only) => try_servers(only).await,
        Task::Push => push::run().await,
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

async fn try_clients(Only { only, python }: Only) -> Result<()> {
    let wanted = |name: &str| only.as_deref().is_none_or(|only| name.contains(only));
    let peers = PEERS.iter().filter(|peer| wanted(&peer.name()));
    let rows = stream::iter(peers).map(|peer| try_client(peer, &python));
    let rows: Vec<_> = rows.buffered(ABREAST).try_collect().await?;
    conclude(&rows)
}

/// Tries a client at a server of its own, because a client may cut every connection that there is.
async fn try_client(peer: &Peer, python: &str) -> Result<Row> {
    say(&format!("trying {}", peer.name()))?;
    let url = serve().await?;
    Ok(Row {
        name: peer.name(),
        outcomes: peer.run(&url, python).await?,
    })
}

async fn try_servers(Only { only, python }: Only) -> Result<()> {
    let mut rows = Vec::new();
    let wanted = |name: &str| only.as_deref().is_none_or(|only| name.contains(only));
    for host in HOSTS.iter().filter(|host| wanted(&host.name())) {
        say(&format!("trying {}", host.name()))?;
        let (_ends_with_this, address) = host.start(&python).await?;
        let cuts = Cuts::default();
        let url = pass_on(address, cuts.clone()).await?;
        rows.push(Row {
            name: host.name(),
            outcomes: Guest::new(&url, host, cuts)?.run().await,
        });
    }
    conclude(&rows)
}

fn conclude(rows: &[Row]) -> Result<()> {
    ensure!(!rows.is_empty(), "nothing has that in its name");
    say(&format!("\n{}", table::render(rows)))?;
    let failures = table::failures(rows);
    ensure!(failures == 0, "{failures} failed");
    Ok(())
}

/// Starts our server and what can be cut before it; gives the address for clients.
async fn serve() -> Result<String> {
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let cuts = Cuts::default();
    let url = pass_on(server.local_addr()?, cuts.clone()).await?;
    let router = hub::router(&url, cuts);
    tokio::spawn(async move { axum::serve(server, router).await });
    Ok(url)
}

/// Puts something that can be cut before a server; gives the address for clients.
async fn pass_on(server: SocketAddr, cuts: Cuts) -> Result<String> {
    let proxy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}", proxy.local_addr()?);
    tokio::spawn(proxy::run(proxy, server, cuts));
    Ok(url)
}

fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}
