//! `vestnik app`: what holds for every user of the App.

use console::style;
use vestnik_model::{attributes::AppSettings, route};

use crate::{api::Api, args::AppCommand, exit::Failure, output::Output};

pub(crate) async fn run(command: AppCommand, output: &Output) -> Result<(), Failure> {
    match command {
        AppCommand::Set { server, zone } => {
            let settings = AppSettings { time_zone: zone };
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
    let AppSettings { time_zone } = settings;
    format!("time zone  {}", time_zone.as_deref().unwrap_or("UTC"))
}
