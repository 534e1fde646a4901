//! `vestnik sim --gateways`: SMS services, flash calls and messengers, until it is told to stop.

use console::style;
use serde_json::{Map, Value, json};
use vestnik_sim::gateway::{Desk, DeskOptions, Platform};

use super::keys;
use crate::{args::SimArgs, exit::Failure, output::Output, termination};

pub(super) async fn run(args: SimArgs, output: &Output) -> Result<(), Failure> {
    let options = DeskOptions {
        address: args.listen.ip(),
        port: args.listen.port(),
        host: args.host,
        ..DeskOptions::default()
    };
    let desk = Desk::start(options).await.map_err(anyhow::Error::from)?;
    let accounts = Platform::ALL.map(|platform| {
        let name = format!("gateway-{}.json", platform.as_str());
        (platform, name)
    });
    for (platform, name) in &accounts {
        let text = serde_json::to_string_pretty(&desk.account(*platform));
        keys::save(&args.keys, name, &text.map_err(anyhow::Error::from)?)?;
    }
    let requested = termination::listen()?;
    let origins: Map<_, _> = Platform::ALL
        .map(|platform| (platform.as_str().to_owned(), desk.origin(platform).into()))
        .into_iter()
        .collect();
    let keys = args.keys.display().to_string();
    let place =
        json!({"admin": desk.admin_url(), "gateways": Value::Object(origins), "keys": keys});
    output.result(&place, |_| {
        let mut text = format!("{}\n", style("The gateways listen.").green());
        for (platform, name) in &accounts {
            let origin = style(desk.origin(*platform)).bold();
            let file = args.keys.join(name);
            text.push_str(&format!("\n  {:<12} {origin}   {}", platform.as_str(), file.display()));
        }
        text.push_str(&format!(
            "\n\nNext:
  see what was taken  curl {admin}/admin/gateways/sms/messages
  have one refused    curl -X PUT -d '{{\"error\":\"Too Many Requests\"}}' -H 'content-type: application/json' {admin}/admin/gateways/telegram/refusal
  errors of each      curl {admin}/admin/gateways",
            admin = desk.admin_url(),
        ));
        text
    });
    requested.await;
    desk.shutdown().await;
    Ok(())
}
