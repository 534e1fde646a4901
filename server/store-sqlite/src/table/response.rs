//! What persons did with buttons, as rows of the event table.
//!
//! A row names the fact that says it and holds no copy: what is erased or kept no longer is told no longer.

use jiff::Timestamp;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use vestnik_model::{FactId, InstallationId, NotificationId};
use vestnik_rules::identity::delivery_id;
use vestnik_store::effect::{Effect, Responded};

use super::{
    Txn,
    change::{self, wake_webhooks},
    event::{self, Kind, Row},
    fact::{self, Owner},
    user,
};
use crate::value::{optional_json, to_json};

/// What a person did in a job, to write.
#[derive(Debug)]
pub(crate) struct Responding {
    pub(crate) notification: change::Subject,
    /// The row of the user.
    pub(crate) user: i64,
    pub(crate) fact: FactId,
    pub(crate) responded: Responded,
}

/// Which fact a row is about, as its body.
#[derive(Debug, Serialize, Deserialize)]
struct About {
    installation: InstallationId,
    fact: String,
}

/// Writes and emits what a person did.
pub(crate) fn write(
    txn: &mut Txn<'_>,
    responding: Responding,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    let Responding {
        notification: change::Subject { row, id, app },
        user,
        fact,
        responded,
    } = responding;
    let about = About {
        installation: responded.installation,
        fact: fact.as_str().to_owned(),
    };
    let written = Row {
        at,
        kind: Kind::Response,
        notification: Some(row),
        user: Some(user),
        body: Some(to_json(&about)?),
        ..Row::default_of(&app)
    };
    let number = event::insert(txn, &written)?;
    let effect = Effect::Responded {
        notification: id,
        responded,
    };
    event::emit(txn, &app, number, at, effect);
    wake_webhooks(txn, &app, at)
}

/// Reads what a person did: the row of the user in column 4, the body in column 6. `None` when the fact is
/// gone.
pub(crate) fn read(
    db: &Connection,
    row: &rusqlite::Row<'_>,
    (notification, id): (i64, NotificationId),
) -> Result<Option<Effect>, rusqlite::Error> {
    let (user, about): (Option<i64>, Option<About>) = (row.get(4)?, optional_json(row, 6)?);
    let Some((user, about)) = user.zip(about) else {
        return Ok(None);
    };
    let owner = Owner {
        notification,
        user,
        installation: about.installation,
    };
    let response = fact::response(db, &owner, &about.fact)?;
    let Some((user, response)) = user::name(db, user)?.zip(response) else {
        return Ok(None);
    };
    Ok(Some(Effect::Responded {
        notification: id,
        responded: Responded {
            delivery: delivery_id(id, &user),
            user,
            installation: about.installation,
            response,
        },
    }))
}
