//! What else the App's backend is told, as rows of the event table.
//!
//! A row names a user by their row: what is about a user who was erased since is told no longer.

use jiff::Timestamp;
use rusqlite::{Connection, Row, types::ValueRef};
use serde::{Deserialize, Serialize};
use vestnik_model::{AppId, Counts, NotificationId, Outcome};
use vestnik_store::effect::{Effect, Told};

use super::{
    Txn,
    change::wake_webhooks,
    event::{self, Kind},
};
use crate::value::{json, to_json, uuid};

/// What is to be told, with the rows that it is about.
#[derive(Debug)]
pub(crate) struct Telling {
    pub(crate) notification: Option<i64>,
    pub(crate) user: Option<i64>,
    pub(crate) told: Told,
}

/// What a row says, as its body.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum Body {
    Settled { outcome: Outcome, counts: Counts },
}

impl Body {
    fn of(told: &Told) -> Self {
        match told {
            Told::Settled {
                notification: _,
                outcome,
                counts,
            } => Self::Settled {
                outcome: *outcome,
                counts: *counts,
            },
        }
    }
}

/// Writes and emits what the App's backend is told.
pub(crate) fn write(
    txn: &mut Txn<'_>,
    app: &AppId,
    telling: Telling,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    let Telling {
        notification,
        user,
        told,
    } = telling;
    let row = event::Row {
        at,
        kind: Kind::Told,
        notification,
        user,
        body: Some(to_json(&Body::of(&told))?),
        ..event::Row::default_of(app)
    };
    let number = event::insert(txn, &row)?;
    event::emit(txn, app, number, at, Effect::Told(told));
    wake_webhooks(txn, app, at)
}

/// Reads what the App's backend is told: the id of the notification is in column 7, the row of the user in
/// column 4, the body in column 6. `None` when what it is about is gone.
pub(crate) fn read(_db: &Connection, row: &Row<'_>) -> Result<Option<Told>, rusqlite::Error> {
    let notification = match row.get_ref(7)? {
        ValueRef::Null => None,
        _ => Some(NotificationId::from_uuid(uuid(row, 7)?)),
    };
    Ok(match json(row, 6)? {
        Body::Settled { outcome, counts } => notification.map(|notification| Told::Settled {
            notification,
            outcome,
            counts,
        }),
    })
}
