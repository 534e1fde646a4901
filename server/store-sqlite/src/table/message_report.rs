//! What gateways reported of messages that no attempt is known for yet.

use jiff::Timestamp;
use rusqlite::{Connection, Row};
use vestnik_model::{AppId, GatewayName, Reason};
use vestnik_rules::gateway_report::{Fate, KEPT_FOR, MOST_KEPT};
use vestnik_store::dispatch::MessageReport;

use crate::{
    sql::statements,
    value::{Unreadable, millis, optional_word, time, unreadable},
};

statements! {
    KEEP = "INSERT INTO message_report (app, gateway, message, fate, reason, at, received_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (message, fate) DO UPDATE
         SET reason = excluded.reason, at = excluded.at, received_at = excluded.received_at";
    TAKE = "DELETE FROM message_report WHERE message = ?1 RETURNING fate, reason, at, received_at > ?2";
    DELETE_OLD = "DELETE FROM message_report WHERE app = ?1 AND gateway = ?2
             AND received_at <= ?3";
    DELETE_SURPLUS = "DELETE FROM message_report WHERE row IN (SELECT row FROM message_report
         WHERE app = ?1 AND gateway = ?2 ORDER BY received_at DESC, row DESC LIMIT -1 OFFSET ?3)";
}

/// Keeps a report of a message that no attempt is known for. Of two that say the same the later one is kept: the
/// former may be too old to count.
pub(crate) fn keep(
    db: &Connection,
    (app, gateway): (&AppId, GatewayName),
    report: &MessageReport,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let MessageReport { message, fate, at } = report;
    db.prepare_cached(KEEP)?
        .execute((
            app.as_str(),
            gateway.as_str(),
            message,
            fate.as_str(),
            fate.reason().map(Reason::as_str),
            millis(*at),
            millis(now),
        ))
        .map(drop)
}

/// Takes out what was reported of a message lately. What another version wrote in words of its own is passed over.
pub(crate) fn take(
    db: &Connection,
    message: [u8; 32],
    now: Timestamp,
    unreadable: &Unreadable,
) -> Result<Vec<MessageReport>, rusqlite::Error> {
    let oldest = now.checked_sub(KEPT_FOR).unwrap_or(Timestamp::MIN);
    let rows = db
        .prepare_cached(TAKE)?
        .query_map((message, millis(oldest)), |row| {
            let is_recent: bool = row.get(3)?;
            let report = unreadable.pass_over("message_report", report(row, message))?;
            Ok(report.filter(|_| is_recent))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(rows.into_iter().flatten().collect())
}

fn report(row: &Row<'_>, message: [u8; 32]) -> Result<MessageReport, rusqlite::Error> {
    let word = row.get_ref(0)?.as_str()?;
    let fate = Fate::read(word, optional_word(row, 1)?);
    Ok(MessageReport {
        message,
        fate: fate.ok_or_else(|| unreadable(row, 0, "what became of a message"))?,
        at: time(row, 2)?,
    })
}

/// Deletes the reports of a gateway of an App that are kept no longer, and the oldest of too many.
pub(crate) fn delete_old(
    db: &Connection,
    (app, gateway): (&AppId, GatewayName),
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let oldest = now.checked_sub(KEPT_FOR).unwrap_or(Timestamp::MIN);
    db.prepare_cached(DELETE_OLD)?
        .execute((app.as_str(), gateway.as_str(), millis(oldest)))?;
    db.prepare_cached(DELETE_SURPLUS)?
        .execute((app.as_str(), gateway.as_str(), MOST_KEPT))
        .map(drop)
}
