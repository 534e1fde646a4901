//! What messages cost and saved: sums of notifications and of the months of Apps.
//!
//! An amount is booked in the transaction that causes it. Sums stop at [`MAX_SUM`], so that two of them added are
//! still a number of the database.

use rusqlite::{Connection, OptionalExtension as _, Row};
use vestnik_model::{
    AppId, Channel, Currency, Open, ProviderName, Sums,
    cost::{CostLine, MAX_SUM, Month, Saved},
};
use vestnik_rules::cost::{Booking, Totals};

use super::{change::Subject, delivery::Key};
use crate::{
    sql::statements,
    value::{Unreadable, to_json, unreadable},
};

statements! {
    OF_NOTIFICATION = "INSERT INTO notification_cost (notification, currency, messages, cost, spared, saved)
         VALUES (?1, ?2, max(?3, 0), max(?4, 0), max(?5, 0), max(?6, 0))
         ON CONFLICT (notification, currency) DO UPDATE SET
             messages = max(messages + ?3, 0), cost = min(max(cost + ?4, 0), ?7),
             spared = max(spared + ?5, 0), saved = min(max(saved + ?6, 0), ?7)";
    OF_MONTH = "INSERT INTO month_cost (app, month, channel, provider, currency, messages, cost, spared, saved)
         VALUES (?1, ?2, ?3, ?4, ?5, max(?6, 0), max(?7, 0), max(?8, 0), max(?9, 0))
         ON CONFLICT (app, month, channel, provider, currency) DO UPDATE SET
             messages = max(messages + ?6, 0), cost = min(max(cost + ?7, 0), ?10),
             spared = max(spared + ?8, 0), saved = min(max(saved + ?9, 0), ?10)";
    NOTIFICATION = "SELECT currency, messages, cost, spared, saved FROM notification_cost WHERE notification = ?1";
    MONTH = "SELECT channel, provider, currency, messages, cost, spared, saved FROM month_cost
         WHERE app = ?1 AND month = ?2 ORDER BY channel, provider, currency";
    PUT_SAVED = "UPDATE delivery SET saved = ?3 WHERE notification = ?1 AND user = ?2 AND saved IS NULL";
    SAVED = "SELECT saved FROM delivery WHERE notification = ?1 AND user = ?2";
    DELETE_SAVED = "UPDATE delivery SET saved = NULL WHERE notification = ?1 AND user = ?2";
    FORGET = "DELETE FROM notification_cost WHERE notification = ?1";
}

/// Books an amount for a notification and for the month of its App.
pub(crate) fn book(
    db: &Connection,
    subject: &Subject,
    booking: &Booking,
) -> Result<(), rusqlite::Error> {
    let Booking {
        month,
        channel,
        provider,
        currency,
        change,
    } = booking;
    let [messages, cost, spared, saved] = change.differences();
    let most = i64::try_from(MAX_SUM).unwrap_or(i64::MAX);
    db.prepare_cached(OF_NOTIFICATION)?.execute((
        subject.row,
        currency.as_str(),
        messages,
        cost,
        spared,
        saved,
        most,
    ))?;
    let place = (
        subject.app.as_str(),
        month.to_string(),
        channel.as_str(),
        provider.as_ref().map_or("", ProviderName::as_str),
        currency.as_str(),
        messages,
        cost,
        spared,
        saved,
        most,
    );
    db.prepare_cached(OF_MONTH)?.execute(place).map(drop)
}

/// What the messages of a notification cost, and what they saved. A sum that cannot be read is passed over.
pub(crate) fn of_notification(
    db: &Connection,
    notification: i64,
) -> Result<(Sums, Sums), rusqlite::Error> {
    let mut statement = db.prepare_cached(NOTIFICATION)?;
    let totals = statement.query_map([notification], |row| {
        Ok((currency(row, 0)?, totals(row, 1)?))
    })?;
    let totals = totals.collect::<Result<Vec<_>, _>>()?;
    Ok(Totals::shown(totals))
}

/// What the messages of an App cost and saved in a month. A line that cannot be read is passed over.
pub(crate) fn of_month(
    db: &Connection,
    app: &AppId,
    month: Month,
    unreadable: &Unreadable,
) -> Result<Vec<CostLine>, rusqlite::Error> {
    let mut statement = db.prepare_cached(MONTH)?;
    let mut rows = statement.query((app.as_str(), month.to_string()))?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next()? {
        lines.extend(unreadable.pass_over("month_cost", line(row))?);
    }
    Ok(lines)
}

fn line(row: &Row<'_>) -> Result<CostLine, rusqlite::Error> {
    let provider: String = row.get(1)?;
    let totals = totals(row, 3)?;
    let channel = Open::<Channel>::read(row.get_ref(0)?.as_str()?);
    let provider = Some(provider).filter(|name| !name.is_empty());
    Ok(totals.line((channel, provider), currency(row, 2)?))
}

/// Writes what a delivery saved; tells whether that is news.
pub(crate) fn put_saved(db: &Connection, key: Key, saved: &Saved) -> Result<bool, rusqlite::Error> {
    let saved = to_json(saved)?;
    db.prepare_cached(PUT_SAVED)?
        .execute((key.notification, key.user, saved))
        .map(|changed| changed > 0)
}

/// Takes what a delivery saved from it. What cannot be read is of another version, and stays booked.
pub(crate) fn take_saved(db: &Connection, key: Key) -> Result<Option<Saved>, rusqlite::Error> {
    let place = (key.notification, key.user);
    let saved: Option<Option<String>> = db
        .prepare_cached(SAVED)?
        .query_row(place, |row| row.get(0))
        .optional()?;
    let Some(saved) = saved.flatten() else {
        return Ok(None);
    };
    db.prepare_cached(DELETE_SAVED)?.execute(place)?;
    Ok(serde_json::from_str(&saved).ok())
}

/// Deletes the sums of a notification.
pub(crate) fn forget(db: &Connection, notification: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(FORGET)?.execute([notification]).map(drop)
}

fn currency(row: &Row<'_>, column: usize) -> Result<Currency, rusqlite::Error> {
    let text = row.get_ref(column)?.as_str()?;
    Currency::parse(text).ok_or_else(|| unreadable(row, column, "a currency of this version"))
}

/// The columns `messages, cost, spared, saved` from this one on.
fn totals(row: &Row<'_>, first: usize) -> Result<Totals, rusqlite::Error> {
    Ok(Totals {
        messages: row.get(first)?,
        cost: row.get(first + 1)?,
        spared: row.get(first + 2)?,
        saved: row.get(first + 3)?,
    })
}
