//! `vestnik sim`: runs the simulator of the push services, or of the gateways, until it is told to stop.

mod gateways;
mod keys;
mod sink;

use std::path::Path;

use console::style;
use serde_json::{Value, json};
use vestnik_sim::{Options, Setup, Simulator};

use crate::{args::SimArgs, exit::Failure, output::Output, termination};

pub(crate) async fn run(args: SimArgs, output: &Output) -> Result<(), Failure> {
    if !args.listen.ip().is_loopback() {
        output.note("the admin API has no password: whoever reaches the address may use it");
    }
    if args.gateways {
        return gateways::run(args, output).await;
    }
    let credentials = keys::load(&args.keys)?;
    if args.sink {
        return sink::run(args, credentials, output).await;
    }
    let options = Options {
        address: args.listen.ip(),
        port: args.listen.port(),
        host: args.host,
        page: args.page,
        credentials: Some(credentials),
        ..Options::default()
    };
    let simulator = Simulator::start(options)
        .await
        .map_err(anyhow::Error::from)?;
    keys::write(&args.keys, simulator.setup())?;
    let requested = termination::listen()?;
    output.result(&document(simulator.setup(), &args.keys), |_| {
        words(simulator.setup(), &args.keys, args.page)
    });
    requested.await;
    simulator.shutdown().await;
    Ok(())
}

fn document(setup: &Setup, keys: &Path) -> Value {
    json!({
        "admin": setup.admin_url,
        "fcm": setup.fcm_url,
        "apns": setup.apns_url,
        "apns_sandbox": setup.apns_sandbox_url,
        "web_push": setup.web_push_url,
        "hms": setup.hms_url,
        "rustore": setup.rustore_url,
        "keys": keys.display().to_string(),
    })
}

fn words(setup: &Setup, keys: &Path, page: bool) -> String {
    let file = |name: &str| keys.join(name).display().to_string();
    let credentials = &setup.credentials;
    let bold = |text: &str| style(text.to_owned()).bold();
    let mut text = format!(
        "{}\n
  FCM           {}   {}
  APNs          {}   {}
  APNs sandbox  {}
  Web Push      {}   your own VAPID key
  Huawei        {}   {}
  RuStore       {}   {}
  trust         {}   (the certificate authority)
  APNs names    team {}, key {}, topic {}\n
Next:
  make a device   curl -d '{{\"kind\":\"fcm_token\"}}' -H 'content-type: application/json' {admin}/admin/devices
  see what it got curl {admin}/admin/devices/dev_1/events
  bring faults    curl -X PUT -d '[{{\"match\":{{\"percent\":30}},\"fault\":{{\"throttle\":{{\"retry_after\":5}}}}}}]' -H 'content-type: application/json' {admin}/admin/faults",
        style("The simulator listens.").green(),
        bold(&setup.fcm_url),
        file(keys::SERVICE_ACCOUNT),
        bold(&setup.apns_url),
        file(keys::APNS_KEY),
        bold(&setup.apns_sandbox_url),
        bold(&setup.web_push_url),
        bold(&setup.hms_url),
        file(keys::HMS),
        bold(&setup.rustore_url),
        file(keys::RUSTORE),
        file(keys::AUTHORITY),
        credentials.team_id,
        credentials.key_id,
        credentials.bundle,
        admin = setup.admin_url,
    );
    if page {
        text.push_str(&format!("\n  look at phones  {}/", setup.admin_url));
    }
    text
}
