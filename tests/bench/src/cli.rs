//! What the program is told to do.

use clap::{Parser, Subcommand};

use crate::{
    client, delivery,
    peer::Peer,
    role, running, say, server,
    setting::Setting,
    signalr::{self, Part, Plan},
};

/// Vestnik's load generator.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Measure our hub server beside its peers.
    Signalr(Options),
    /// Measure the whole server.
    Server(server::Options),
    /// Measure what a push costs the server.
    Delivery(delivery::Options),
    /// Measure a device's inbox.
    Client(client::Options),
    /// Say which peers there are, and which are installed.
    Peers,
    /// Be the hub server.
    #[command(hide = true)]
    ServeHub {
        #[arg(long)]
        port: u16,
    },
    /// Be the raw loop.
    #[command(hide = true)]
    ServeRaw {
        #[arg(long)]
        port: u16,
        #[arg(long)]
        control: u16,
    },
    /// Be a process that `server` measures with.
    #[command(hide = true, subcommand)]
    Role(server::Role),
    /// Be the sink of `delivery`.
    #[command(hide = true)]
    TakePushes(delivery::SinkRole),
    /// Be a process whose memory `client` measures.
    #[command(hide = true, subcommand)]
    Process(client::Process),
}

#[derive(Debug, clap::Args)]
struct Options {
    /// Only this number of connections; otherwise 1,000 and 10,000.
    #[arg(long)]
    connections: Option<usize>,
    /// A smoke run of some twenty seconds: that figures come out and nothing is lost.
    #[arg(long)]
    brief: bool,
    /// How often each figure is made.
    #[arg(long)]
    rounds: Option<usize>,
    /// Only these peers beside the raw loop.
    #[arg(long, value_delimiter = ',')]
    peers: Vec<String>,
    /// Only these parts.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
}

/// Does what the command line says.
///
/// # Errors
/// A figure that did not come out, or a loss.
pub fn run() -> anyhow::Result<()> {
    match Cli::parse().task {
        Task::Signalr(options) => signalr::run(&options.plan()),
        Task::Server(options) => server::run(&options),
        Task::Delivery(options) => delivery::run(&options),
        Task::Client(options) => client::run(&options),
        Task::TakePushes(sink) => sink.play(),
        Task::Role(role) => role.play(),
        Task::Process(process) => process.run(),
        Task::Peers => peers(),
        Task::ServeHub { port } => role::serve_hub(port),
        Task::ServeRaw { port, control } => {
            role::serve_raw(role::listen(port)?, &role::listen(control)?)
        }
    }
}

impl Options {
    fn plan(self) -> Plan {
        let mut setting = if self.brief {
            Setting::brief(self.connections)
        } else {
            Setting::full(self.connections)
        };
        setting.rounds = self.rounds.unwrap_or(setting.rounds);
        Plan {
            setting,
            peers: self.peers,
            parts: self.only,
            command: repeat(),
        }
    }
}

fn repeat() -> String {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    format!("cargo xtask bench {}", arguments.join(" "))
}

fn peers() -> anyhow::Result<()> {
    for peer in Peer::all()? {
        let state = peer.missing().unwrap_or_else(|| running::version(&peer));
        say::out(format!(
            "{:<18} {}\n{:<18} {state}",
            peer.name, peer.description, ""
        ));
    }
    Ok(())
}
