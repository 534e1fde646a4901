//! What sessions leave behind, deleted when its time is over.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_rules::session::KEEP_LOGGED_OUT;

use super::{installation, presence, refresh_family, token_use};

/// Deletes expired families of refresh tokens, used identity tokens, presence whose lease has passed,
/// and installations that nobody has been logged in on for long, at most `rows` of each. Tells whether
/// more may be left.
pub(crate) fn sessions(
    db: &Connection,
    now: Timestamp,
    rows: u32,
) -> Result<bool, rusqlite::Error> {
    let logged_out = now.checked_sub(KEEP_LOGGED_OUT).unwrap_or(Timestamp::MIN);
    let deleted = [
        refresh_family::delete_expired(db, now, rows)?,
        token_use::delete_expired(db, now, rows)?,
        presence::delete_expired(db, now, rows)?,
        installation::delete_logged_out(db, logged_out, rows)?,
    ];
    Ok(deleted.contains(&(rows as usize)))
}
