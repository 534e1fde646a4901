//! `vestnik sim --sink`: takes pushes until it is told to stop, and says how many there were.

use console::style;
use serde_json::json;
use vestnik_sim::{Credentials, Sink, SinkCounts, SinkOptions};

use super::keys;
use crate::{args::SimArgs, exit::Failure, output::Output, termination};

pub(super) async fn run(
    args: SimArgs,
    credentials: Credentials,
    output: &Output,
) -> Result<(), Failure> {
    let options = SinkOptions {
        address: args.listen.ip(),
        port: args.listen.port(),
        host: args.host,
        credentials: Some(credentials),
        counts_distinct: args.count_distinct,
        ..SinkOptions::default()
    };
    let sink = Sink::start(options).await.map_err(anyhow::Error::from)?;
    keys::write(&args.keys, sink.setup())?;
    let requested = termination::listen()?;
    let (admin, pushes) = (&sink.setup().admin_url, &sink.setup().fcm_url);
    let keys = args.keys.display().to_string();
    let place = json!({"admin": admin, "pushes": pushes, "keys": keys});
    output.result(&place, |_| {
        format!(
            "{}\n
  all services  {pushes}   (keys and certificate authority: {keys})
  counts        curl {admin}/admin/counters
  begin anew    curl -X POST {admin}/admin/reset",
            style("The sink listens and checks nothing.").green(),
        )
    });
    requested.await;
    let counts = sink.counts();
    sink.shutdown().await;
    output.result(&counts, words);
    Ok(())
}

fn words(counts: &SinkCounts) -> String {
    let SinkCounts {
        token,
        fcm,
        apns,
        web_push,
        other,
        bytes,
        distinct,
    } = counts;
    let distinct = distinct.map_or_else(String::new, |distinct| {
        format!(", {distinct} of them distinct")
    });
    format!(
        "{} pushes of {bytes} bytes{distinct}: FCM {fcm}, APNs {apns}, Web Push {web_push}; access tokens {token}, other requests {other}",
        counts.pushes()
    )
}
