//! Apps.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{AppId, publish::ZoneName};
use vestnik_rules::cost::Prices;
use vestnik_sqlite::value::{millis, parsed, to_json};

use crate::sql::statements;

statements! {
    INSERT = "INSERT INTO app (id, created_at) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING";
    EXISTS = "SELECT 1 FROM app WHERE id = ?1";
    SWEPT = "SELECT swept FROM app WHERE id = ?1";
    SET_SWEPT = "UPDATE app SET swept = max(swept, ?2) WHERE id = ?1";
    ZONE = "SELECT zone FROM app WHERE id = ?1";
    SET_ZONE = "UPDATE app SET zone = ?2 WHERE id = ?1";
    PRICES = "SELECT prices FROM app WHERE id = ?1";
    SET_PRICES = "UPDATE app SET prices = ?2 WHERE id = ?1";
    ALL_APPS = "SELECT id FROM app ORDER BY id";
}

/// Makes an App; tells whether it was not there.
pub(crate) fn insert(
    db: &Connection,
    app: &AppId,
    now: Timestamp,
) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(INSERT)?
        .execute((app.as_str(), millis(now)))
        .map(|inserted| inserted > 0)
}

/// Whether there is such an App.
pub(crate) fn exists(db: &Connection, app: &AppId) -> Result<bool, rusqlite::Error> {
    db.prepare_cached(EXISTS)?.exists([app.as_str()])
}

/// The number of the last event of an App that was deleted because of its age; 0 before the first.
pub(crate) fn swept(db: &Connection, app: &AppId) -> Result<u64, rusqlite::Error> {
    let swept = db
        .prepare_cached(SWEPT)?
        .query_row([app.as_str()], |row| row.get(0));
    Ok(swept.optional()?.unwrap_or_default())
}

/// Events of an App up to a number were deleted because of their age.
pub(crate) fn set_swept(db: &Connection, app: &str, number: u64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SET_SWEPT)?
        .execute((app, number))
        .map(drop)
}

/// The zone of an App's users whose own is not known. A name that is none is of another version.
pub(crate) fn zone(db: &Connection, app: &AppId) -> Result<Option<ZoneName>, rusqlite::Error> {
    let zone: Option<Option<String>> = db
        .prepare_cached(ZONE)?
        .query_row([app.as_str()], |row| row.get(0))
        .optional()?;
    Ok(zone.flatten().and_then(|name| ZoneName::parse(&name)))
}

/// Sets or deletes the zone of an App's users whose own is not known.
pub(crate) fn set_zone(
    db: &Connection,
    app: &AppId,
    zone: Option<&ZoneName>,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SET_ZONE)?
        .execute((app.as_str(), zone.map(ZoneName::as_str)))
        .map(drop)
}

/// What messages cost by the settings of an App. What cannot be read is of another version, and is no price.
pub(crate) fn prices(db: &Connection, app: &AppId) -> Result<Prices, rusqlite::Error> {
    let stored: Option<Option<String>> = db
        .prepare_cached(PRICES)?
        .query_row([app.as_str()], |row| row.get(0))
        .optional()?;
    let prices = stored
        .flatten()
        .and_then(|json| serde_json::from_str(&json).ok());
    Ok(Prices::of_settings(prices.unwrap_or_default()))
}

/// Sets what messages cost by the settings of an App, whole.
pub(crate) fn set_prices(
    db: &Connection,
    app: &AppId,
    prices: &Prices,
) -> Result<(), rusqlite::Error> {
    let prices = Some(prices.settings()).filter(|prices| !prices.is_empty());
    let prices = prices.map(to_json).transpose()?;
    db.prepare_cached(SET_PRICES)?
        .execute((app.as_str(), prices))
        .map(drop)
}

/// Every App, in order.
pub(crate) fn all(db: &Connection) -> Result<Vec<AppId>, rusqlite::Error> {
    db.prepare_cached(ALL_APPS)?
        .query_map([], |row| parsed(row, 0))?
        .collect()
}
