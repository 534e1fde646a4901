//! `vestnik app`: what holds for every user of the App.

use console::style;
use vestnik_model::{attributes::AppSettings, cost::PriceRequest, route};

use crate::{api::Api, args::AppCommand, exit::Failure, output::Output};

pub(crate) async fn run(command: AppCommand, output: &Output) -> Result<(), Failure> {
    match command {
        AppCommand::Set {
            server,
            zone,
            prices,
        } => {
            let settings = AppSettings {
                time_zone: zone,
                prices: prices.into_iter().collect(),
            };
            Api::new(&server)?.put(route::SETTINGS, &settings).await?;
            output.note(&format!("{} settings of the App", style("set").green()));
        }
        AppCommand::Show { server } => {
            let settings: AppSettings = Api::new(&server)?.get(route::SETTINGS).await?;
            output.result(&settings, words);
        }
    }
    Ok(())
}

fn words(settings: &AppSettings) -> String {
    let AppSettings { time_zone, prices } = settings;
    let mut words = format!("time zone  {}", time_zone.as_deref().unwrap_or("UTC"));
    for (channel, price) in prices {
        let PriceRequest { amount, currency } = price;
        words += &format!("\nprice      {channel} {amount} {currency}");
    }
    words
}
