//! What sessions leave behind, deleted when its time is over.

use jiff::Timestamp;
use rusqlite::Connection;

use crate::{sql::statements, value::millis};

statements! {
    FAMILIES = "DELETE FROM refresh_family WHERE id IN
         (SELECT id FROM refresh_family WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
    TOKEN_USES = "DELETE FROM token_use WHERE (app, jti_hash) IN
         (SELECT app, jti_hash FROM token_use WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
}

/// Deletes expired families of refresh tokens and used identity tokens, at most `rows` of each. Tells
/// whether more are left.
pub(crate) fn sessions(
    db: &Connection,
    now: Timestamp,
    rows: u32,
) -> Result<bool, rusqlite::Error> {
    let mut is_more = false;
    for statement in [FAMILIES, TOKEN_USES] {
        let deleted = db.prepare_cached(statement)?.execute((millis(now), rows))?;
        is_more |= deleted == rows as usize;
    }
    Ok(is_more)
}
