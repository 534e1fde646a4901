//! Vestnik's automation: `cargo xtask test`, `demo`, `faults`, `fuzz`, `interop`, `model`, `pages`,
//! `sim-matrix`, `bench`, `targets`, `codegen`, `tidy`.

mod bench;
mod build;
mod codegen;
mod demo;
mod faults;
mod fuzz;
mod interface;
mod interop;
mod model;
mod packages;
mod pages;
mod place;
mod python;
mod running;
mod sim_matrix;
mod step;
mod targets;
mod test;
mod tidy;

use clap::{Parser, Subcommand};

/// Vestnik's automation.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run everything that CI runs.
    Test {
        /// Only these groups; `--list` names them.
        #[arg(long)]
        only: Vec<String>,
        /// Name the groups.
        #[arg(long)]
        list: bool,
    },
    /// Show the desktop app with live notifications; without a display, in a picture.
    Demo,
    /// Kill the server and the devices, cut the network and requests, restore backups, revoke, and count
    /// what was lost or went on.
    Faults {
        /// `brief` is what CI runs, `quick` takes some minutes, `full` an hour.
        #[arg(long, default_value = "quick")]
        tier: String,
        /// Repeats a run.
        #[arg(long)]
        seed: Option<u64>,
        /// Only this trial; may be repeated: `server-kill`, `client-kill`, `chaos`, `cut-after-commit`,
        /// `restore`, `revoke`, `letters`, `audience`.
        #[arg(long)]
        only: Vec<String>,
    },
    /// Feed the protocol's parsers and machines with anything at all.
    Fuzz {
        /// For how long, each target.
        #[arg(long, default_value_t = 600)]
        seconds: u32,
        /// Only these targets.
        #[arg(long)]
        only: Vec<String>,
    },
    /// Measure our hub server beside its peers, the whole server, and a device's inbox; `bench signalr
    /// --help`, `bench server --help` and `bench client --help` say how.
    Bench {
        /// What the load generator is told.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        arguments: Vec<String>,
    },
    /// Put foreign SignalR clients through everything at our hub server.
    Interop {
        /// Only clients whose name contains this, as "java WebSockets"; `push`: only senders of pushes.
        #[arg(long)]
        only: Option<String>,
    },
    /// Run devices in virtual time among faults of every kind, and compare them with a reference model;
    /// `model --help` says how.
    Model {
        /// What the model is told.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Play every documented answer of every push service, then many sends while they fail;
    /// `sim-matrix --help` says how.
    SimMatrix {
        /// What the matrix is told.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Let official clients and ours read any mix of notifications at their default limits.
    Pages {
        /// How many mixes, with each size of pages.
        #[arg(long, default_value_t = 10)]
        mixes: u64,
        /// What the mixes are drawn from.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Type-check what is shipped for other systems, and run tests for Windows under wine. Without an
    /// argument, only the bindings for Android.
    Targets {
        /// Everything.
        #[arg(long)]
        all: bool,
        /// Only these parts, whole; may be repeated.
        #[arg(long, conflicts_with = "all")]
        only: Vec<targets::Part>,
    },
    /// Generate TypeScript, Kotlin, Swift and Python anew.
    Codegen {
        /// Only tell whether what is committed is current.
        #[arg(long)]
        check: bool,
    },
    /// Check the laws that a program can check, and that generated files are current.
    Tidy,
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().task {
        Task::Test { list: true, .. } => test::list(),
        Task::Test { only, list: false } => test::run(&only),
        Task::Demo => demo::run(),
        Task::Faults { tier, seed, only } => faults::run(&tier, seed, &only),
        Task::Fuzz { seconds, only } => fuzz::run(seconds, &only),
        Task::Bench { arguments } => bench::run(&arguments),
        Task::Interop { only } => interop::run(only.as_deref()),
        Task::Model { arguments } => model::run(&arguments),
        Task::SimMatrix { arguments } => sim_matrix::run(&arguments),
        Task::Pages { mixes, seed } => pages::run(mixes, seed),
        Task::Targets { all: true, .. } => targets::run(&targets::Part::ALL),
        Task::Targets { only, .. } if only.is_empty() => targets::brief(),
        Task::Targets { only, .. } => targets::run(&only),
        Task::Codegen { check } => codegen::run(check),
        Task::Tidy => tidy::run().and_then(|()| codegen::run(true)),
    }
}
