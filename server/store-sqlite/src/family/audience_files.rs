//! Uploaded audiences.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{AppId, AudienceFile, AudienceId, audience_file::LineProblemPage};
use vestnik_rules::{
    audience_file::{Standing, has_room, kept, may_append},
    contact::ContactKey,
};
use vestnik_sqlite::Priority;
use vestnik_store::{
    Answer, AudienceFiles, PageQuery,
    audience_files::{Append, AppendOutcome, CreateOutcome, DeleteOutcome, NewAudience, Upload},
};

use crate::{
    SqliteStore,
    seal::Seal,
    store::Class,
    table::{Txn, audience, audience_line, audience_problem},
    value::cut,
};

impl AudienceFiles for SqliteStore {
    fn create_audience(&self, new: NewAudience) -> Answer<'_, CreateOutcome> {
        self.write(Priority::Normal, move |txn| {
            if audience::count(txn, &new.app)? >= new.most {
                return Ok(CreateOutcome::TooMany);
            }
            audience::insert(txn, &new)?;
            let view = audience::view(txn, &new.app, new.id)?;
            let view = view.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
            Ok(CreateOutcome::Created(view))
        })
    }

    fn audience(&self, app: AppId, id: AudienceId) -> Answer<'_, Option<AudienceFile>> {
        self.read(Class::List, move |db| audience::view(db, &app, id))
    }

    fn audiences(&self, app: AppId) -> Answer<'_, Vec<AudienceFile>> {
        let unreadable = self.unreadable();
        self.read(Class::List, move |db| {
            audience::of_app(db, &app, &unreadable)
        })
    }

    fn upload(&self, app: AppId, id: AudienceId) -> Answer<'_, Option<Upload>> {
        let seal = self.seal();
        self.read(Class::List, move |db| {
            audience::upload(db, &seal, (&app, id))
        })
    }

    fn append(&self, part: Append) -> Answer<'_, AppendOutcome> {
        let (seal, key) = (self.seal(), self.contact_key());
        self.write(Priority::Mass, move |txn| append(txn, &part, (&seal, &key)))
    }

    fn line_problems(
        &self,
        app: AppId,
        id: AudienceId,
        page: PageQuery<u64>,
    ) -> Answer<'_, Option<LineProblemPage>> {
        self.read(Class::List, move |db| problems(db, (&app, id), &page))
    }

    fn delete_audience(
        &self,
        app: AppId,
        id: AudienceId,
        now: Timestamp,
    ) -> Answer<'_, DeleteOutcome> {
        self.write(Priority::Normal, move |txn| {
            let Some(found) = audience::find(txn, &app, id)? else {
                return Ok(DeleteOutcome::Unknown);
            };
            if audience::is_in_use(txn, id)? {
                return Ok(DeleteOutcome::InUse);
            }
            audience::leave(txn, &app, found.row, now)?;
            Ok(DeleteOutcome::Deleted)
        })
    }
}

fn append(
    txn: &mut Txn<'_>,
    part: &Append,
    (seal, key): (&Seal, &ContactKey),
) -> Result<AppendOutcome, rusqlite::Error> {
    let db = txn.connection();
    let Some(found) = audience::find(db, &part.app, part.id)? else {
        return Ok(AppendOutcome::Unknown);
    };
    let standing = Standing {
        state: found.state,
        bytes: found.bytes,
    };
    let is_next = may_append(standing, part.from);
    let adding = part.read.good.len() as u64;
    let is_full = !has_room(audience::lines(db, &part.app)?, adding, part.most_lines);
    if is_next && !is_full {
        let problems = kept(found.bad, &part.read.bad, part.most_problems);
        audience_problem::add(db, found.row, problems)?;
        let new = audience_line::add(db, key, (&part.app, found.row), &part.read.good)?;
        audience::advance(db, seal, found.row, (part, new))?;
    }
    let view = audience::view(db, &part.app, part.id)?;
    let view = view.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    Ok(match (is_next, is_full) {
        (true, false) => AppendOutcome::Added(view),
        (true, true) => AppendOutcome::Full(view),
        (false, _) => AppendOutcome::Elsewhere(view),
    })
}

fn problems(
    db: &Connection,
    (app, id): (&AppId, AudienceId),
    page: &PageQuery<u64>,
) -> Result<Option<LineProblemPage>, rusqlite::Error> {
    let Some(found) = audience::find(db, app, id)? else {
        return Ok(None);
    };
    let behind = (page.after.unwrap_or(0), page.limit.saturating_add(1));
    let mut data = audience_problem::page(db, found.row, behind)?;
    let is_more = cut(&mut data, page.limit);
    let last = data.last().map(|problem| problem.line.to_string());
    Ok(Some(LineProblemPage {
        data,
        next_cursor: last.filter(|_| is_more),
        total: found.bad,
    }))
}
