//! The mailing of a broadcast worker over a server that is killed again and again: push where a phone can
//! be reached, a letter where none can. Everybody has to get the one or the other, once, unless the kill
//! fell between the acceptance of a letter or push and the commit that says so.

mod people;
mod reader;
mod stage;
mod verdict;

use std::{sync::Arc, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::task::JoinSet;
use vestnik_testkit::clock;

use self::{people::Person, stage::Stage};
use crate::{
    tally::Tally,
    tier::{Tier, Trial},
};

/// How long a server that was started again works until it is killed, in milliseconds.
const LIFE_MILLIS: std::ops::Range<u64> = 100..500;

/// How long a letter is waited for, at whose acceptance the server is killed: none comes when all were
/// sent.
const LETTER_WITHIN: Duration = Duration::from_secs(2);

pub(crate) async fn run(tier: Tier, seed: u64) -> anyhow::Result<Tally> {
    let plan = tier.letters();
    let started = clock::instant();
    let mut rng = StdRng::seed_from_u64(seed);
    let mut stage = Stage::prepare().await?;
    let people = Person::all(plan.people);
    let people = stage.populate(people).await?;
    let mut readers = JoinSet::new();
    for reader in stage.readers() {
        readers.spawn(reader.read(Arc::clone(&stage.simulator)));
    }
    let id = stage.publish().await?;
    let mut kills = Vec::new();
    for _ in 0..plan.kills {
        let life = Duration::from_millis(rng.random_range(LIFE_MILLIS));
        if rng.random_bool(0.5) {
            tokio::time::sleep(life).await;
        } else {
            // Between the acceptance of a letter and the answer to it.
            stage.next_letter(LETTER_WITHIN).await;
        }
        kills.push(stage.kill().await?);
    }
    stage.ended(id).await?;
    let mut readings = Vec::new();
    while let Some(read) = readers.join_next().await {
        readings.push(read??);
    }
    stage.letters_for(&people).await;
    let mut tally = Tally::new(Trial::Letters, &verdict::ZEROS);
    tally.count("kills", plan.kills);
    verdict::judge_readings(&readings, &people, &mut tally);
    verdict::judge(&stage, id, (&people, &kills), &mut tally).await?;
    stage.stop(&mut tally).await?;
    Ok(tally.took(started.elapsed().as_secs_f64()))
}
