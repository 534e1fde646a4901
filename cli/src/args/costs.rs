//! `vestnik costs`: what the messages of a month cost and saved.

use clap::Args;
use vestnik_model::cost::Month;

use super::ServerArgs;

/// Show what the messages of a month cost, and what pushes in their place saved.
#[derive(Debug, Args)]
#[command(after_help = "\
Costs are known from what gateways answer, from the prices of the providers of their accounts, and from
the prices of the App (vestnik app set --price email=0.10:RUB). Currencies are kept apart.

Example:
  vestnik costs --month 2026-11")]
pub(crate) struct CostsArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// The month, in UTC.
    #[arg(long, value_name = "YYYY-MM")]
    pub(crate) month: Month,
}
