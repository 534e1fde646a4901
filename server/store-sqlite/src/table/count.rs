//! How many deliveries of a notification stand where.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};
use vestnik_model::{Channel, Count, Counts, Open};

use crate::sql::statements;

statements! {
    COUNTS = "SELECT status, n, channel FROM notification_count WHERE notification = ?1";
}

/// How many deliveries stand where. A counter of another version is left out.
pub(crate) fn of(db: &Connection, row: i64) -> Result<Counts, rusqlite::Error> {
    let mut counts = Counts::default();
    let mut statement = db.prepare_cached(COUNTS)?;
    let mut rows = statement.query([row])?;
    while let Some(row) = rows.next()? {
        add(&mut counts, row)?;
    }
    Ok(counts)
}

/// The same by channel, without channels in which none stands any more.
pub(crate) fn by_channel(
    db: &Connection,
    row: i64,
) -> Result<BTreeMap<Open<Channel>, Counts>, rusqlite::Error> {
    let mut counts = BTreeMap::<_, Counts>::new();
    let mut statement = db.prepare_cached(COUNTS)?;
    let mut rows = statement.query([row])?;
    while let Some(row) = rows.next()? {
        let channel = row.get_ref(2)?.as_str()?;
        if !channel.is_empty() {
            add(counts.entry(Open::read(channel)).or_default(), row)?;
        }
    }
    counts.retain(|_, counts| counts.total() > 0);
    Ok(counts)
}

/// Adds a row of the columns `status, n`.
fn add(counts: &mut Counts, row: &Row<'_>) -> Result<(), rusqlite::Error> {
    if let Some(count) = Count::from_word(row.get_ref(0)?.as_str()?) {
        *counts.number(count) += row.get::<_, u64>(1)?;
    }
    Ok(())
}
