//! What Apps and people say of when, and of what, somebody is notified: columns of the users' rows.

use jiff::civil::Time;
use rusqlite::{Connection, OptionalExtension as _, Row};
use vestnik_model::{preference::StoredOptOuts, publish::ZoneName};
use vestnik_rules::schedule::{Attributes, QuietHours};

use crate::{sql::statements, value::to_json};

statements! {
    PUT = "UPDATE user SET zone = ?2, quiet_from = ?3, quiet_to = ?4, phone_zone = ?5
         WHERE row = ?1";
    GET = "SELECT zone, quiet_from, quiet_to, phone_zone, opt_out FROM user WHERE row = ?1";
    PUT_OPT_OUTS = "UPDATE user SET opt_out = ?2 WHERE row = ?1";
}

/// Sets what is said of a user, whole.
pub(crate) fn put(
    db: &Connection,
    user: i64,
    attributes: &Attributes,
) -> Result<(), rusqlite::Error> {
    let Attributes {
        zone,
        quiet,
        phone_zone,
    } = attributes;
    let quiet = quiet.map(QuietHours::hours);
    db.prepare_cached(PUT)?
        .execute((
            user,
            zone.as_ref().map(ZoneName::as_str),
            quiet.map(|(from, _)| from.to_string()),
            quiet.map(|(_, to)| to.to_string()),
            phone_zone.as_ref().map(ZoneName::as_str),
        ))
        .map(drop)
}

/// What is said of a user, and what they do not want.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wishes {
    pub(crate) attributes: Attributes,
    pub(crate) opt_outs: StoredOptOuts,
}

/// What is said of a user, and what they do not want.
pub(crate) fn get(db: &Connection, user: i64) -> Result<Wishes, rusqlite::Error> {
    let read = db
        .prepare_cached(GET)?
        .query_row([user], |row| wishes(row, 0));
    read.optional().map(Option::unwrap_or_default)
}

/// The same from the columns `zone, quiet_from, quiet_to, phone_zone, opt_out` and the number of the first. What
/// cannot be read is of another version, and counts as not said: nobody waits for it.
pub(crate) fn wishes(row: &Row<'_>, first: usize) -> Result<Wishes, rusqlite::Error> {
    let zone = row.get_ref(first)?.as_str_or_null()?;
    let time = |column: usize| {
        let text = row.get_ref(column)?.as_str_or_null()?;
        Ok::<_, rusqlite::Error>(text.and_then(|text| text.parse::<Time>().ok()))
    };
    let phone_zone = row.get_ref(first + 3)?.as_str_or_null()?;
    let quiet = time(first + 1)?.zip(time(first + 2)?);
    let attributes = Attributes {
        zone: zone.and_then(ZoneName::parse),
        quiet: quiet.and_then(|(from, to)| QuietHours::new(from, to)),
        phone_zone: phone_zone.and_then(ZoneName::parse),
    };
    Ok(Wishes {
        attributes,
        opt_outs: opt_outs(row, first + 4)?,
    })
}

/// Sets what a user does not want, whole.
pub(crate) fn put_opt_outs(
    db: &Connection,
    user: i64,
    opt_outs: &StoredOptOuts,
) -> Result<(), rusqlite::Error> {
    let stored = (!opt_outs.is_empty()).then(|| to_json(opt_outs));
    db.prepare_cached(PUT_OPT_OUTS)?
        .execute((user, stored.transpose()?))
        .map(drop)
}

/// What a user does not want, from the column `opt_out` and its number. What cannot be read at all says
/// nothing: nobody waits for it.
pub(crate) fn opt_outs(row: &Row<'_>, column: usize) -> Result<StoredOptOuts, rusqlite::Error> {
    let text = row.get_ref(column)?.as_str_or_null()?;
    let stored = text.and_then(|text| serde_json::from_str(text).ok());
    Ok(stored.unwrap_or_default())
}
