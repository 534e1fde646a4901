//! `vestnik app`: what holds for every user of the App.

use clap::Subcommand;
use vestnik_model::cost::PriceRequest;

use super::ServerArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum AppCommand {
    /// Set it, whole: what is not given does not hold any more.
    #[command(after_help = "Example:
  vestnik app set --zone Europe/Berlin --price push=0:RUB --price email=0.10:RUB")]
    Set {
        #[command(flatten)]
        server: ServerArgs,
        /// The time zone of users whose own is not known; UTC if there is none.
        #[arg(long)]
        zone: Option<String>,
        /// What one message over a channel costs (push, email, webhook, or a gateway whose answers and account say
        /// nothing of it); can be given more than once.
        #[arg(long = "price", value_name = "CHANNEL=AMOUNT:CURRENCY", value_parser = parse_price)]
        prices: Vec<(String, PriceRequest)>,
    },
    /// Show it.
    Show {
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `email=0.10:RUB`.
fn parse_price(text: &str) -> Result<(String, PriceRequest), &'static str> {
    let parts = text.split_once('=').and_then(|(channel, price)| {
        let (amount, currency) = price.split_once(':')?;
        Some((channel, amount, currency))
    });
    let (channel, amount, currency) = parts.ok_or("must be such as email=0.10:RUB")?;
    let price = PriceRequest {
        amount: amount.to_owned(),
        currency: currency.to_owned(),
    };
    Ok((channel.to_owned(), price))
}
