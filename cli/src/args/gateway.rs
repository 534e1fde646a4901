//! `vestnik gateway`: lists and tries descriptors of gateways.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum GatewayCommand {
    /// List the gateways whose descriptors are shipped.
    List,
    /// Print a shipped descriptor, to begin another one with.
    #[command(after_help = "Example:
  vestnik gateway show telegram > my_gateway.toml")]
    Show {
        /// Which, as list names it.
        name: String,
    },
    /// Check a descriptor: show the request that it makes, and say what answers mean.
    Check(Box<GatewayCheckArgs>),
}

/// Nothing is sent. Settings that are not given have samples, so that no secret is needed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  vestnik gateway check my_gateway.toml
  vestnik gateway check telegram --to 42 --body 'Your parcel is here.'
  vestnik gateway check my_gateway.toml --settings settings.json \\
    --answer 200 taken.json --answer 429 busy.json

How a gateway is added: docs/gateways.md.")]
pub(crate) struct GatewayCheckArgs {
    /// The descriptor, TOML or JSON; - for the standard input; or the name of a shipped one.
    #[arg(value_name = "FILE|NAME|-")]
    pub(crate) descriptor: PathBuf,
    /// A JSON object with the settings. Secret ones are masked in what is shown.
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// Where the gateway is, if not where the descriptor says.
    #[arg(long)]
    pub(crate) origin: Option<String>,
    /// Whom the sample message is for: a telephone number or the id of a chat.
    #[arg(long, value_name = "NUMBER|CHAT")]
    pub(crate) to: Option<String>,
    /// The title of the sample message.
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// The text of the sample message.
    #[arg(long, default_value = "Your code is 4821.")]
    pub(crate) body: String,
    /// The address that the sample message leads to.
    #[arg(long)]
    pub(crate) link: Option<String>,
    /// An answer to read: its status, and a file with its body (- for none); repeat for several.
    #[arg(long, num_args = 2, value_names = ["STATUS", "FILE"])]
    pub(crate) answer: Vec<String>,
}
