//! `vestnik app`: what holds for every user of the App.

use clap::Subcommand;

use super::ServerArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum AppCommand {
    /// Set it, whole: what is not given does not hold any more.
    #[command(after_help = "Example:
  vestnik app set --zone Europe/Berlin")]
    Set {
        #[command(flatten)]
        server: ServerArgs,
        /// The time zone of users whose own is not known; UTC if there is none.
        #[arg(long)]
        zone: Option<String>,
    },
    /// Show it.
    Show {
        #[command(flatten)]
        server: ServerArgs,
    },
}
