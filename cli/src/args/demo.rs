//! The arguments of `vestnik demo`.

use clap::Args;

/// See it all work: a server, three devices and a courier, on this machine only.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  vestnik demo
  vestnik demo --json
  vestnik demo --orders 40")]
pub(crate) struct DemoArgs {
    /// How many orders the courier carries; each is a few notifications.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(4..=200))]
    pub(crate) orders: u32,
}
