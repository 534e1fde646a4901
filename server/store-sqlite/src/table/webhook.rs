//! Webhooks. Address and signing keys are sealed.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _, Row};
use vestnik_model::{
    AppId, EventKind, Open, WebhookId,
    open::Word as _,
    webhook::{WebhookAnswer, WebhookDisabledReason},
};
use vestnik_rules::webhook::{State, Target, Webhook};

use crate::{
    seal::{Place, Seal},
    sql::statements,
    value::{
        Unreadable, millis, optional_time, parsed, time, to_json, unreadable, uuid, words,
        words_text,
    },
};

statements! {
    INSERT = "INSERT INTO webhook (app, id, created_at, target, events, cursor)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    COUNT = "SELECT count(*) FROM webhook WHERE app = ?1";
    FIND = "SELECT row, id, created_at, target, events, cursor, disabled, disabled_at, failures,
            failing_since, retry_at, last_at, last_status, last_trouble, work
        FROM webhook WHERE app = ?1 AND id = ?2";
    BY_ROW = "SELECT row, id, created_at, target, events, cursor, disabled, disabled_at, failures,
            failing_since, retry_at, last_at, last_status, last_trouble, work
        FROM webhook WHERE row = ?1 AND app = ?2";
    OF_APP = "SELECT row, id, created_at, target, events, cursor, disabled, disabled_at, failures,
            failing_since, retry_at, last_at, last_status, last_trouble, work
        FROM webhook WHERE app = ?1 ORDER BY id";
    SET_TARGET = "UPDATE webhook SET target = ?2, events = ?3 WHERE row = ?1";
    SET_STATE = "UPDATE webhook SET cursor = ?2, disabled = ?3, disabled_at = ?4, failures = ?5,
            failing_since = ?6, retry_at = ?7, last_at = ?8, last_status = ?9, last_trouble = ?10
        WHERE row = ?1";
    SET_WORK = "UPDATE webhook SET work = ?2 WHERE row = ?1";
    DELETE = "DELETE FROM webhook WHERE row = ?1";
    SEALED = "SELECT row, app, id, target FROM webhook";
    RESEAL = "UPDATE webhook SET target = ?2 WHERE row = ?1";
}

const TABLE: &str = "webhook";

/// A webhook as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) row: i64,
    pub(crate) app: AppId,
    pub(crate) webhook: Webhook,
    /// The row of work, while it is enabled.
    pub(crate) work: Option<i64>,
}

/// How many webhooks an App has.
pub(crate) fn count(db: &Connection, app: &AppId) -> Result<u32, rusqlite::Error> {
    db.prepare_cached(COUNT)?
        .query_row([app.as_str()], |row| row.get(0))
}

/// Adds a webhook and gives its row.
pub(crate) fn insert(
    db: &Connection,
    seal: &Seal,
    app: &AppId,
    webhook: &Webhook,
) -> Result<i64, rusqlite::Error> {
    let Webhook {
        id,
        target,
        events,
        state,
        created_at,
    } = webhook;
    db.prepare_cached(INSERT)?.execute((
        app.as_str(),
        id.uuid().as_bytes(),
        millis(*created_at),
        sealed(seal, app, *id, target)?,
        events.as_ref().map(words_text),
        state.cursor.to_string(),
    ))?;
    Ok(db.last_insert_rowid())
}

/// A webhook of an App by its id.
pub(crate) fn find(
    db: &Connection,
    seal: &Seal,
    app: &AppId,
    id: WebhookId,
) -> Result<Option<Stored>, rusqlite::Error> {
    db.prepare_cached(FIND)?
        .query_row((app.as_str(), id.uuid().as_bytes()), |row| {
            read(row, seal, app)
        })
        .optional()
}

/// A webhook by its row.
pub(crate) fn by_row(
    db: &Connection,
    seal: &Seal,
    app: &AppId,
    row: i64,
) -> Result<Option<Stored>, rusqlite::Error> {
    db.prepare_cached(BY_ROW)?
        .query_row((row, app.as_str()), |row| read(row, seal, app))
        .optional()
}

/// The webhooks of an App. Those that cannot be read are passed over.
pub(crate) fn of_app(
    db: &Connection,
    (seal, unreadable): (&Seal, &Unreadable),
    app: &AppId,
) -> Result<Vec<Stored>, rusqlite::Error> {
    let mut statement = db.prepare_cached(OF_APP)?;
    let mut rows = statement.query([app.as_str()])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.extend(unreadable.pass_over(TABLE, read(row, seal, app))?);
    }
    Ok(all)
}

/// Saves where events go and which.
pub(crate) fn set_target(
    db: &Connection,
    seal: &Seal,
    stored: &Stored,
) -> Result<(), rusqlite::Error> {
    let Webhook {
        id, target, events, ..
    } = &stored.webhook;
    let target = sealed(seal, &stored.app, *id, target)?;
    db.prepare_cached(SET_TARGET)?
        .execute((stored.row, target, events.as_ref().map(words_text)))
        .map(drop)
}

/// Saves how a webhook does.
pub(crate) fn set_state(db: &Connection, row: i64, state: &State) -> Result<(), rusqlite::Error> {
    let State {
        cursor,
        disabled,
        failures,
        failing_since,
        retry_at,
        last,
    } = state;
    db.prepare_cached(SET_STATE)?
        .execute((
            row,
            cursor.to_string(),
            disabled.map(|(reason, _)| reason.as_str()),
            disabled.map(|(_, at)| millis(at)),
            failures,
            failing_since.map(millis),
            retry_at.map(millis),
            last.as_ref().map(|last| millis(last.at)),
            last.as_ref().and_then(|last| last.status),
            last.as_ref()
                .and_then(|last| last.trouble.as_ref())
                .map(Open::as_str),
        ))
        .map(drop)
}

/// Notes the row of work.
pub(crate) fn set_work(
    db: &Connection,
    row: i64,
    work: Option<i64>,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(SET_WORK)?.execute((row, work)).map(drop)
}

/// Deletes a webhook.
pub(crate) fn delete(db: &Connection, row: i64) -> Result<(), rusqlite::Error> {
    db.prepare_cached(DELETE)?.execute([row]).map(drop)
}

/// Seals the address and the keys of every webhook anew.
pub(crate) fn reseal(db: &Connection, from: &Seal, to: &Seal) -> Result<(), rusqlite::Error> {
    let all = db
        .prepare_cached(SEALED)?
        .query_map([], |row| {
            let name = [row.get(1)?, WebhookId::from_uuid(uuid(row, 2)?).to_string()];
            Ok((row.get(0)?, name, row.get(3)?))
        })?
        .collect::<Result<Vec<(i64, [String; 2], Vec<u8>)>, _>>()?;
    for (row, [app, id], target) in all {
        let place = [app.as_str(), &id];
        let place = Place {
            table: TABLE,
            row: &place,
        };
        if let Some(target) = from.resealed(to, &place, &target)? {
            db.prepare_cached(RESEAL)?.execute((row, target))?;
        }
    }
    Ok(())
}

fn read(row: &Row<'_>, seal: &Seal, app: &AppId) -> Result<Stored, rusqlite::Error> {
    let id = WebhookId::from_uuid(uuid(row, 1)?);
    let events: Option<BTreeSet<EventKind>> = match row.get_ref(4)?.as_str_or_null()? {
        Some(_) => Some(words(row, 4)?),
        None => None,
    };
    let webhook = Webhook {
        id,
        target: opened(row, 3, seal, (app, id))?,
        events,
        state: state(row)?,
        created_at: time(row, 2)?,
    };
    Ok(Stored {
        row: row.get(0)?,
        app: app.clone(),
        webhook,
        work: row.get(14)?,
    })
}

fn state(row: &Row<'_>) -> Result<State, rusqlite::Error> {
    let disabled = match (row.get_ref(6)?.as_str_or_null()?, optional_time(row, 7)?) {
        (Some(reason), Some(at)) => {
            // A reason of another version is one all the same: nothing is sent.
            let reason = WebhookDisabledReason::from_word(reason);
            Some((reason.unwrap_or(WebhookDisabledReason::Operator), at))
        }
        (None, _) | (_, None) => None,
    };
    let last = match optional_time(row, 11)? {
        None => None,
        Some(at) => Some(WebhookAnswer {
            at,
            status: row.get(12)?,
            trouble: row.get_ref(13)?.as_str_or_null()?.map(Open::read),
        }),
    };
    Ok(State {
        cursor: parsed(row, 5)?,
        disabled,
        failures: row.get(8)?,
        failing_since: optional_time(row, 9)?,
        retry_at: optional_time(row, 10)?,
        last,
    })
}

fn sealed(
    seal: &Seal,
    app: &AppId,
    id: WebhookId,
    target: &Target,
) -> Result<Vec<u8>, rusqlite::Error> {
    let row = [app.as_str(), &id.to_string()];
    let place = Place {
        table: TABLE,
        row: &row,
    };
    seal.seal_column(&place, to_json(target)?.as_bytes())
}

fn opened(
    row: &Row<'_>,
    column: usize,
    seal: &Seal,
    (app, id): (&AppId, WebhookId),
) -> Result<Target, rusqlite::Error> {
    let place = [app.as_str(), &id.to_string()];
    let place = Place {
        table: TABLE,
        row: &place,
    };
    let json = seal.open_column(&place, column, row.get_ref(column)?.as_blob()?)?;
    serde_json::from_slice(&json).map_err(|_| unreadable(row, column, "a webhook's target"))
}
