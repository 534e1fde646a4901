//! Arguments of `vestnik sim`.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;

/// Simulate push services or gateways, to test without an account at any of them.
#[derive(Debug, Args)]
#[command(
    after_help = "The admin API listens on the given port, the services on the next six: FCM, APNs production, APNs
sandbox, Web Push, Huawei Push Kit, RuStore. With port 0 each gets one that is free. The keys that a sender needs are written to
--keys and used again by the next start.

With --gateways SMS services, flash calls and messengers are simulated instead, over plain HTTP on the nine ports
behind the admin API's. The accounts that a sender needs are written to --keys.

With --sink nothing is checked or kept: pushes of all services are taken at the port behind the admin API's,
and counted. The counts are printed at the end.

Examples:
  vestnik sim --page
  vestnik sim --listen 127.0.0.1:0 --keys /tmp/sim --json
  vestnik sim --gateways --listen 127.0.0.1:9110
  vestnik sim --sink --count-distinct"
)]
pub(crate) struct SimArgs {
    /// Where the admin API listens.
    #[arg(long, default_value = "127.0.0.1:9100")]
    pub(crate) listen: SocketAddr,
    /// The host name in URLs and in the certificate.
    #[arg(long, default_value = "localhost")]
    pub(crate) host: String,
    /// Serve a page that shows each device as a phone.
    #[arg(long)]
    pub(crate) page: bool,
    /// The folder of the keys.
    #[arg(long, default_value = ".vestnik-sim")]
    pub(crate) keys: PathBuf,
    /// Simulate gateways: SMS services, flash calls, messengers.
    #[arg(long, conflicts_with_all = ["page", "sink"])]
    pub(crate) gateways: bool,
    /// Take every push, check nothing and count: to measure what a sender costs.
    #[arg(long, conflicts_with = "page")]
    pub(crate) sink: bool,
    /// Count how many pushes differ in device or collapse key, too.
    #[arg(long, requires = "sink")]
    pub(crate) count_distinct: bool,
}
