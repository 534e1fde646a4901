//! What came of the file: by the server's answers, and by its database.

use std::collections::BTreeMap;

use rusqlite::{Connection, OpenFlags};
use vestnik_model::{AudienceFile, AudienceId, audience_file::LineProblemPage, route};

use super::{file::Recipients, stage::Stage};
use crate::tally::Tally;

/// Compares the counters and the problems with the file.
pub(super) async fn judge_audience(
    stage: &Stage,
    id: AudienceId,
    recipients: &Recipients,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let backend = &stage.fixture.backend;
    let path = route::with(route::AUDIENCE, &id.to_string());
    let audience: AudienceFile = backend.get(&path).await?;
    let counted = [audience.good, audience.bad, audience.duplicates];
    let (good, bad) = (recipients.people.len() as u64, recipients.bad.len() as u64);
    let expected = [good, bad, recipients.duplicates];
    if counted != expected || audience.bytes != recipients.bytes {
        let what = format!("{counted:?} instead of {expected:?}");
        tally.fault("counters that are wrong", what);
    }
    tally.count("good lines", audience.good);
    tally.count("bad lines", audience.bad);
    let mut reported = BTreeMap::<u64, u64>::new();
    let mut cursor = String::new();
    loop {
        let path = route::with(route::AUDIENCE_PROBLEMS, &id.to_string());
        let page: LineProblemPage = backend.get(&format!("{path}?limit=200{cursor}")).await?;
        for problem in page.data {
            *reported.entry(problem.line).or_default() += 1;
        }
        match page.next_cursor {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let unreported = recipients
        .bad
        .iter()
        .filter(|line| !reported.contains_key(line));
    let wrong = reported
        .iter()
        .filter(|(line, count)| **count != 1 || !recipients.bad.contains(line));
    for line in unreported.chain(wrong.map(|(line, _)| line)) {
        tally.fault("bad lines not reported once", format!("line {line}"));
    }
    Ok(())
}

/// Counts the deliveries and the entries of logs in the file of a server that has ended.
pub(super) async fn judge_deliveries(
    stage: &Stage,
    recipients: &Recipients,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let path = stage.fixture.database();
    let counted = tokio::task::spawn_blocking(move || {
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let deliveries = by_user(&db, "delivery")?;
        anyhow::Ok((deliveries, by_user(&db, "log")?))
    });
    let (deliveries, entries) = counted.await??;
    tally.count("deliveries", deliveries.values().sum());
    for person in &recipients.people {
        if !deliveries.contains_key(person) || !entries.contains_key(person) {
            tally.fault("people without a delivery", person.clone());
        }
    }
    for (person, count) in deliveries.iter().chain(&entries) {
        if *count != 1 {
            tally.fault("deliveries twice", person.clone());
        }
        if !recipients.people.contains(person) {
            tally.fault("deliveries to others", person.clone());
        }
    }
    Ok(())
}

/// How many rows of a table each user has.
fn by_user(db: &Connection, table: &str) -> anyhow::Result<BTreeMap<String, u64>> {
    let query = format!(
        "SELECT u.id, count(*) FROM {table} t JOIN user u ON u.row = t.user GROUP BY t.user"
    );
    let mut statement = db.prepare(&query)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
