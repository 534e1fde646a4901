//! A file of recipients is uploaded, and a mailing is sent to it, over a server that is killed again and
//! again: every recipient of a good line gets one delivery, nobody else gets any, and each bad line is
//! reported once. What has to come is known from the making of the file, and what came from the database
//! itself.

mod file;
mod stage;
mod verdict;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use vestnik_testkit::clock;

use self::{file::Recipients, stage::Stage};
use crate::{
    tally::Tally,
    tier::{Tier, Trial},
};

/// What must not happen.
const ZEROS: [&str; 7] = [
    "bytes lost that were answered",
    "people without a delivery",
    "deliveries to others",
    "deliveries twice",
    "bad lines not reported once",
    "counters that are wrong",
    "files damaged",
];

pub(crate) async fn run(tier: Tier, seed: u64) -> anyhow::Result<Tally> {
    let plan = tier.audience();
    let started = clock::instant();
    let mut rng = StdRng::seed_from_u64(seed);
    let mut tally = Tally::new(Trial::Audience, &ZEROS);
    let mut stage = Stage::prepare().await?;
    let recipients = Recipients::write(stage.file(), plan.lines, &mut rng)?;
    stage.give_addresses(&recipients).await?;
    // Half of the kills fall into the upload, the rest into the mailing.
    let (during, after) = (plan.kills / 2, plan.kills - plan.kills / 2);
    let begun = clock::instant();
    let id = stage.create().await?;
    let kills = places(during, recipients.bytes, &mut rng);
    stage.upload(id, &kills, &mut tally).await?;
    tally.count("ms of upload", millis(begun.elapsed()));
    let begun = clock::instant();
    let notification = stage.publish(id).await?;
    let kills = places(after, recipients.people.len() as u64, &mut rng);
    stage
        .expand(notification, &kills, recipients.people.len() as u64)
        .await?;
    tally.count("ms of mailing", millis(begun.elapsed()));
    tally.count("lines", plan.lines);
    tally.count("kills", plan.kills);
    verdict::judge_audience(&stage, id, &recipients, &mut tally).await?;
    stage.stop(&mut tally).await?;
    verdict::judge_deliveries(&stage, &recipients, &mut tally).await?;
    Ok(tally.took(started.elapsed().as_secs_f64()))
}

/// Where kills fall on the way to `end`, in order: each at a random place of a stretch of its own.
fn places(kills: u64, end: u64, rng: &mut StdRng) -> Vec<u64> {
    let stretch = (end / (kills + 1)).max(1);
    (0..kills)
        .map(|kill| kill * stretch + rng.random_range(0..stretch))
        .collect()
}

fn millis(span: std::time::Duration) -> u64 {
    span.as_millis().try_into().unwrap_or(u64::MAX)
}
