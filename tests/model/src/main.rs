//! `model`: runs sequences of the reference model, and fails unless everything holds.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what was found is what this program is for"
)]

use std::{
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
};

use clap::Parser;
use vestnik_clock::{Clock as _, SystemClock};
use vestnik_device_model::{Sequence, kind_of, search};

/// Runs random sequences of what may happen to devices, and compares what came of it with a reference
/// model. Exits with 1 unless everything held.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many sequences.
    #[arg(long, default_value_t = 2_000)]
    sequences: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many sequences are run twice, to see that they happen again in the same way.
    #[arg(long, default_value_t = 20)]
    twice: u64,
    /// Plant a fault in the core and look for it, before sequences are run; `all` and `brief` name
    /// several.
    #[arg(long)]
    plants: Option<String>,
    /// How many threads.
    #[arg(long)]
    threads: Option<usize>,
    /// Print so many of the last lines of what happens in a failing sequence.
    #[arg(long, default_value_t = 40)]
    lines: usize,
    /// Leave failing sequences as long as they are.
    #[arg(long)]
    whole: bool,
}

/// How many sequences pass between two lines of progress.
const PROGRESS: u64 = 1_000;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // A panic of the core is a finding: its text is part of it.
    std::panic::set_hook(Box::new(|_| ()));
    let begun = SystemClock.monotonic();
    let threads = arguments.threads.unwrap_or_else(threads);
    if let Some(name) = &arguments.plants
        && !plants(name, threads)
    {
        return ExitCode::FAILURE;
    }
    let failed = run(&arguments, threads);
    let differ = replay(&arguments);
    println!(
        "{} sequences from seed {}, {failed} failed; {} run twice, {differ} differ; {:.0} s",
        arguments.sequences,
        arguments.seed,
        arguments.twice,
        SystemClock
            .monotonic()
            .saturating_since(begun)
            .as_secs_f64()
    );
    if failed + differ == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Prints at which seed each planted fault was found, and what was seen; gives whether all were.
#[cfg(feature = "planted")]
fn plants(name: &str, threads: usize) -> bool {
    use vestnik_device_model::plants::{SEEDS, find, named};
    let faults = named(name);
    let mut are_found = !faults.is_empty();
    for fault in faults {
        let found = find(fault, threads);
        are_found &= found.at.is_some();
        match found.at {
            Some((seed, seen)) => println!("{:22} seed {seed:3}  {seen}", found.name),
            None => println!("{:22} NOT FOUND within {SEEDS} seeds", found.name),
        }
    }
    are_found
}

#[cfg(not(feature = "planted"))]
fn plants(_: &str, _: usize) -> bool {
    println!("there are no faults to plant in a build without the feature `planted`");
    false
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn run(arguments: &Arguments, threads: usize) -> usize {
    let seeds = arguments.seed..arguments.seed + arguments.sequences;
    let done = AtomicU64::new(0);
    let failing = search(seeds, threads, |seed| {
        let outcome = Sequence::new(seed).run(false);
        let first = outcome.failures.first().cloned();
        if first.is_some() {
            eprintln!("seed {seed} fails");
        }
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(PROGRESS) {
            eprintln!("{done} of {}", arguments.sequences);
        }
        first
    });
    for (seed, first) in &failing {
        println!("seed {seed}: {first}");
        if !arguments.whole {
            explain(*seed, first, arguments.lines);
        }
    }
    failing.len()
}

/// Prints the shortest sequence that fails in the same way.
fn explain(seed: u64, first: &str, lines: usize) {
    let (least, outcome) = Sequence::new(seed).shrunk(&kind_of(first));
    for failure in &outcome.failures {
        println!("    {failure}");
    }
    for step in least.describe() {
        println!("    {step}");
    }
    let skipped = outcome.lines.len().saturating_sub(lines);
    for line in outcome.lines.iter().skip(skipped) {
        println!("        {line}");
    }
}

/// How many sequences do not happen again in the same way.
fn replay(arguments: &Arguments) -> usize {
    let seeds = arguments.seed..arguments.seed + arguments.twice;
    let differs = |seed: &u64| {
        let [first, second] = [0, 1].map(|_| Sequence::new(*seed).run(true));
        if first != second {
            println!("seed {seed} does not happen again in the same way");
        }
        first != second
    };
    seeds.filter(differs).count()
}
