//! `faults`: kills and cuts real processes, prints figures, and fails unless they hold.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the figures are what this program is for"
)]

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

mod audience;
mod client_kill;
mod cut_after_commit;
mod cuts;
mod fixture;
mod letters;
mod process;
mod progress;
mod publisher;
mod push;
mod report;
mod restore;
mod revoke;
mod role;
mod run;
mod server_kill;
mod tally;
mod tier;

use role::{DeviceRole, ExtensionRole, ServerRole};
use run::Run;
use tier::{Tier, Trial};

/// Kills servers and devices and cuts connections, and compares what was acknowledged with what
/// was shown. Prints a JSON object to standard output and a table to standard error; exits with 1
/// unless everything held.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, Args)]
struct Options {
    /// How much to run.
    #[arg(long, value_enum, default_value = "quick")]
    tier: Tier,
    /// What everything is drawn from; the same seed draws the same plan.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Run only this trial; may be repeated.
    #[arg(long, value_enum)]
    only: Vec<Trial>,
}

/// What the child processes are started as.
#[derive(Debug, Subcommand)]
enum Role {
    #[command(hide = true)]
    Server(ServerRole),
    #[command(hide = true)]
    Device(DeviceRole),
    #[command(hide = true)]
    Extension(ExtensionRole),
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let Arguments { options, role } = Arguments::parse();
    match role {
        None => run(options).await,
        Some(Role::Server(role)) => role.play().await.map(|()| ExitCode::SUCCESS),
        Some(Role::Device(role)) => role.play().await.map(|()| ExitCode::SUCCESS),
        Some(Role::Extension(role)) => role.play().await.map(|()| ExitCode::SUCCESS),
    }
}

async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let Options { tier, seed, only } = options;
    let trials = if only.is_empty() {
        Trial::ALL.to_vec()
    } else {
        only
    };
    let run = Run { tier, seed, trials };
    let report = run.execute().await?;
    eprintln!("{report}");
    println!("{}", serde_json::to_string(&report)?);
    if report.holds() {
        Ok(ExitCode::SUCCESS)
    } else {
        Ok(ExitCode::FAILURE)
    }
}
