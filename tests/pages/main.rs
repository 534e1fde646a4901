//! `pages`: any mix of notifications that the server accepts is read to the end, whole and once, by the
//! official JavaScript client, by pysignalr and by our client, each at its default limits.
//!
//! Mixes are drawn from a seed. Half of each is there before the readers come, so that it fills pages; the
//! other half is published while they are connected, so that it fills live calls. Pages are as large as
//! the server makes them by default, and then as large as an operator may configure.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the figures are what this program is for"
)]

use std::path::PathBuf;

use anyhow::ensure;
use clap::Parser;
use rand::{SeedableRng as _, rngs::StdRng};
use vestnik_model::limits;
use vestnik_testkit::{TestServer, server::Setup};

mod core_reader;
mod foreign;
mod hub_reader;
mod mix;
mod reader;
mod reading;
mod round;

use round::{Round, Seen};

#[derive(Debug, Parser)]
struct Arguments {
    /// What the mixes are drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many mixes are read with each size of pages.
    #[arg(long, default_value_t = 3)]
    mixes: u64,
    /// A Python that has pysignalr.
    #[arg(long)]
    python: PathBuf,
}

/// The sizes of pages that are tried. A page has to come that is less than one entry smaller, so that a
/// run that makes small pages only is no success.
const SIZES: [usize; 2] = [limits::DEFAULT_PAGE_BYTES, limits::MAX_PAGE_BYTES];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    for page_bytes in SIZES {
        let setup = Setup::default()
            .unlimited()
            .config(|config| config.limits.page_bytes = page_bytes);
        let server = TestServer::with(setup).await?;
        let mut largest = Seen::default();
        for number in 0..arguments.mixes {
            let rng =
                StdRng::seed_from_u64(arguments.seed.wrapping_mul(1_000).wrapping_add(number));
            let round = Round::begin(&server, number, rng, page_bytes).await?;
            let seen = round.run(&arguments.python).await?;
            println!("pages of {page_bytes} bytes, mix {number}: {seen}");
            largest = largest.max(seen);
        }
        server.stop().await?;
        let least = page_bytes - limits::ENTRY_BYTES;
        ensure!(
            largest.page_bytes >= least,
            "no page came near its bound: {} bytes of {page_bytes}",
            largest.page_bytes
        );
    }
    println!("seed {}: holds", arguments.seed);
    Ok(())
}
