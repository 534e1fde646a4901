//! `sim-matrix`: what becomes of a push after each documented answer of each push service, of a message after
//! each of each gateway, and of many pushes while a third of all requests goes wrong.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the table is what this program is for"
)]

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use serde::Serialize;

mod expected;
mod gateways;
mod play;
mod row;
mod sends;
mod table;

use sends::{Failover, Figures, Providers};
use table::Table;

/// Plays every documented answer of every push service at a real server and the simulator, and compares
/// what became of attempt, address, step and delivery with the table of the reference; then sends many
/// notifications while the services fail, and compares what they saw with what the server says; then sends to
/// phones of which one service is down, or their addresses dead, and to numbers by a gateway whose first provider is
/// down. Prints a
/// JSON object to standard output and a table to standard error; exits with 1 unless everything held.
#[derive(Debug, Parser)]
struct Arguments {
    /// How much to send.
    #[arg(long, value_enum, default_value = "quick")]
    tier: Tier,
    /// How many sends, whatever the tier says.
    #[arg(long)]
    sends: Option<usize>,
    /// What the faults follow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this part.
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Only the rows of the table whose service and answer contain this.
    #[arg(long)]
    row: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Tier {
    /// What CI runs.
    Brief,
    Quick,
    Full,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Table,
    Sends,
    Failover,
}

impl Tier {
    const fn sends(self) -> usize {
        match self {
            Self::Brief => 160,
            Self::Quick => 2_000,
            Self::Full => 10_000,
        }
    }

    /// How many people the mailings go to that two services, or two providers of a gateway, reach.
    const fn failover(self) -> usize {
        match self {
            Self::Brief => 100,
            Self::Quick => 1_000,
            Self::Full => 10_000,
        }
    }
}

/// What a run found.
#[derive(Debug, Serialize)]
struct Report {
    table: Option<Table>,
    gateways: Option<gateways::Table>,
    sends: Option<Figures>,
    failover: Option<Failover>,
    providers: Option<Providers>,
}

impl Report {
    fn holds(&self) -> bool {
        self.table.as_ref().is_none_or(Table::holds)
            && self.gateways.as_ref().is_none_or(gateways::Table::holds)
            && self.sends.as_ref().is_none_or(Figures::holds)
            && self.failover.as_ref().is_none_or(Failover::holds)
            && self.providers.as_ref().is_none_or(Providers::holds)
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut report = Report {
        table: None,
        gateways: None,
        sends: None,
        failover: None,
        providers: None,
    };
    let plays = |part| arguments.only.is_none_or(|only| only == part);
    if plays(Part::Table) {
        report.table = Table::play(arguments.row.as_deref()).await?;
        report.gateways = gateways::Table::play(arguments.row.as_deref()).await?;
        anyhow::ensure!(
            report.table.is_some() || report.gateways.is_some(),
            "no row has this text"
        );
        if let Some(table) = &report.table {
            eprintln!("{table}\n");
        }
        if let Some(table) = &report.gateways {
            eprintln!("{table}\n");
        }
    }
    if plays(Part::Sends) {
        let sends = arguments.sends.unwrap_or_else(|| arguments.tier.sends());
        let figures = sends::run(sends, arguments.seed).await?;
        eprintln!("{figures}");
        report.sends = Some(figures);
    }
    if plays(Part::Failover) {
        let sends = arguments.sends.unwrap_or_else(|| arguments.tier.failover());
        let failover = sends::failover(sends, arguments.seed).await?;
        eprintln!("{failover}");
        report.failover = Some(failover);
        let providers = sends::providers(sends, arguments.seed).await?;
        eprintln!("{providers}");
        report.providers = Some(providers);
    }
    println!("{}", serde_json::to_string(&report)?);
    Ok(if report.holds() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
