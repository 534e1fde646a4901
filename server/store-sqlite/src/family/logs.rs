//! Users' logs.

use rusqlite::Connection;
use vestnik_model::{AppId, UserId};
use vestnik_rules::log::{Place, Standing, epoch_of, may_renew};
use vestnik_sqlite::Priority;
use vestnik_store::{
    Answer, Logs,
    logs::{LogSlice, Opened, Opening, Stretch},
};

use crate::{
    SqliteStore,
    store::Class,
    table::{log, meta, present, report::standing_of, user},
};

impl Logs for SqliteStore {
    fn open_log(&self, opening: Opening) -> Answer<'_, Option<Opened>> {
        Box::pin(async move {
            let asked = opening.clone();
            let look = move |db: &Connection| open(db, &asked);
            let opened = self.read(Class::Hot, look).await?;
            let is_other = opened.is_some_and(|opened| opened.standing == Standing::OtherHistory);
            if !is_other {
                return Ok(opened);
            }
            let renew = move |txn: &mut crate::table::Txn<'_>| renew(txn, &opening);
            self.write(Priority::Urgent, renew).await
        })
    }

    fn read_log(&self, slice: LogSlice) -> Answer<'_, Stretch> {
        let unreadable = self.unreadable();
        self.read(Class::Hot, move |db| log::stretch(db, &slice, &unreadable))
    }

    fn heads(&self, users: Vec<(AppId, UserId)>) -> Answer<'_, Vec<Place>> {
        self.read(Class::Hot, move |db| {
            let heads = users.iter();
            heads
                .map(|(app, user)| user::place(db, app, user))
                .collect()
        })
    }
}

fn open(db: &Connection, opening: &Opening) -> Result<Option<Opened>, rusqlite::Error> {
    let session = &opening.session;
    if !present::is_present(db, session)? {
        return Ok(None);
    }
    let database = meta::epoch(db)?;
    let cursor = opening.cursor.as_ref();
    let found = user::find(db, &session.app, &session.user)?;
    let (row, head) = found.map_or_else(
        || (0, Place::start(epoch_of(database, 0))),
        |head| (head.row, head.place(database)),
    );
    let standing = standing_of(db, row, cursor, head)?;
    Ok(Some(Opened { head, standing }))
}

/// Looks again, since the log may have been renewed by another device, and renews it if that is
/// allowed.
fn renew(db: &Connection, opening: &Opening) -> Result<Option<Opened>, rusqlite::Error> {
    let Some(opened) = open(db, opening)? else {
        return Ok(None);
    };
    if opened.standing != Standing::OtherHistory {
        return Ok(Some(opened));
    }
    let session = &opening.session;
    let head = user::ensure(db, &session.app, &session.user)?;
    if !may_renew(head.renewed_at, opening.now) {
        return Ok(Some(opened));
    }
    user::renew(db, &head, opening.random, opening.now)?;
    open(db, opening)
}
