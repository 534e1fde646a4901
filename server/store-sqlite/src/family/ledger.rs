//! Deliveries, attempts, facts, counts.

use std::collections::BTreeMap;

use rusqlite::Connection;
use vestnik_model::{
    AppId, DeliveryId, NotificationId, UserId,
    contract::DeliveryChange,
    fact::FactResult,
    view::{AttemptView, DeliveryView, List, NotificationView},
};
use vestnik_rules::{
    explain::Findings,
    identity::{delivery_id, user_hash_of},
    log::Standing,
    settle::is_watched_out,
    work::{Stage, WorkKind},
};
use vestnik_sqlite::Priority;
use vestnik_store::{
    Answer, DeliveryPlace, Ledger, NotificationPlace, PageQuery,
    effect::Grown,
    ledger::{Confirmed, FactReport, FindingsQuery, HandOvers, WatchQuery, Watched},
};

use crate::{
    SqliteStore,
    store::Class,
    table::{
        Txn, attempt,
        change::Changes,
        count,
        delivery::{self, Key},
        dispatch::wake,
        event, findings,
        handover::{self, Noting},
        notification, present,
        report::Desk,
        response, user,
    },
    value::{Unreadable, cut},
};

impl Ledger for SqliteStore {
    fn hand_over(&self, handed: HandOvers) -> Answer<'_, ()> {
        let unreadable = self.unreadable();
        self.write(Priority::Mass, move |txn| {
            hand_over(txn, &handed, &unreadable)
        })
    }

    fn report(&self, report: FactReport) -> Answer<'_, Option<Vec<FactResult>>> {
        let unreadable = self.unreadable();
        self.write(Priority::Normal, move |txn| take(txn, &report, &unreadable))
    }

    fn confirm(&self, batch: Vec<Confirmed>) -> Answer<'_, ()> {
        self.write(Priority::Mass, move |txn| {
            batch
                .iter()
                .try_for_each(|confirmed| present::confirm(txn, confirmed))
        })
    }

    fn notification(&self, app: AppId, id: NotificationId) -> Answer<'_, Option<NotificationView>> {
        let unreadable = self.unreadable();
        self.read(Class::List, move |db| {
            let view = notification::view(db, &app, id);
            Ok(unreadable.pass_over("notification", view)?.flatten())
        })
    }

    fn notifications(
        &self,
        app: AppId,
        page: PageQuery<NotificationPlace>,
    ) -> Answer<'_, List<NotificationView>> {
        let unreadable = self.unreadable();
        self.read(Class::List, move |db| {
            notifications(db, &app, &page, &unreadable)
        })
    }

    fn watched(&self, watch: WatchQuery) -> Answer<'_, Option<Watched>> {
        let unreadable = self.unreadable();
        self.read(Class::List, move |db| watched(db, &watch, &unreadable))
    }

    fn deliveries(
        &self,
        app: AppId,
        id: NotificationId,
        page: PageQuery<DeliveryPlace>,
    ) -> Answer<'_, Option<List<DeliveryView>>> {
        let unreadable = self.unreadable();
        self.read(Class::List, move |db| {
            let Some(found) = notification::find(db, &app, id)? else {
                return Ok(None);
            };
            deliveries(db, &found, &page, &unreadable).map(Some)
        })
    }

    fn delivery(&self, app: AppId, id: DeliveryId) -> Answer<'_, Option<DeliveryView>> {
        let unreadable = self.unreadable();
        self.read(Class::List, move |db| {
            let Some((found, row, user)) = resolve(db, &app, id)? else {
                return Ok(None);
            };
            let key = key(&found, row);
            let delivery = unreadable.pass_over("delivery", delivery::find(db, key))?;
            let steps = notification::steps(db, found.subject.row)?;
            let subject = &found.subject;
            Ok(delivery
                .flatten()
                .map(|delivery| delivery::view((subject, &steps), user, delivery)))
        })
    }

    fn attempts(&self, app: AppId, id: DeliveryId) -> Answer<'_, Option<Vec<AttemptView>>> {
        let unreadable = self.unreadable();
        self.read(Class::List, move |db| {
            let Some((found, row, _)) = resolve(db, &app, id)? else {
                return Ok(None);
            };
            let key = key(&found, row);
            let delivery = unreadable.pass_over("delivery", delivery::find(db, key))?;
            match delivery.flatten() {
                Some(found) => {
                    let of = (id, found.state.status);
                    attempt::views(db, key, of, &unreadable).map(Some)
                }
                None => Ok(None),
            }
        })
    }

    fn findings(&self, asked: FindingsQuery) -> Answer<'_, Option<Findings>> {
        let (key, unreadable) = (self.contact_key(), self.unreadable());
        self.read(Class::List, move |db| {
            let Some(mut found) = findings::of(db, &asked, &unreadable)? else {
                return Ok(None);
            };
            if found.delivery.is_none() {
                let is_erased = findings::is_erased(db, &asked, (&key, &unreadable))?;
                found.notification.is_erased = is_erased;
            }
            Ok(Some(found))
        })
    }
}

fn hand_over(
    txn: &mut Txn<'_>,
    handed: &HandOvers,
    unreadable: &Unreadable,
) -> Result<(), rusqlite::Error> {
    let db = txn.connection();
    let HandOvers { batch, seed, now } = handed;
    let mut noting = Noting {
        seed,
        now: *now,
        unreadable,
        changes: Changes::default(),
        grown: BTreeMap::new(),
        due: Vec::new(),
    };
    for hand_over in batch {
        handover::note(db, hand_over, &mut noting)?;
    }
    let (changes, grown, due) = (noting.changes, noting.grown, noting.due);
    if let Some(at) = batch.iter().map(|hand_over| hand_over.at).max() {
        changes.write(txn, at)?;
    }
    for subject in &due {
        wake(txn, subject, *now)?;
    }
    for (app, users) in grown {
        let users = users.into_iter().map(Grown::unread).collect();
        event::log_grew(txn, &app, users, *now)?;
    }
    Ok(())
}

fn take(
    txn: &mut Txn<'_>,
    report: &FactReport,
    unreadable: &Unreadable,
) -> Result<Option<Vec<FactResult>>, rusqlite::Error> {
    let db = txn.connection();
    if !present::is_present(db, &report.session)? {
        return Ok(None);
    }
    let mut desk = Desk::open(db, report, unreadable)?;
    let facts = report.facts.iter();
    let results = facts
        .map(|fact| desk.take(db, fact))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(cursor) = &report.cursor
        && let Standing::Known(place) = desk.standing(db, cursor)?
    {
        let session = report.session.clone();
        present::confirm(db, &Confirmed { session, place })?;
    }
    let grown = desk.has_grown.then(|| Grown::unread(desk.user.clone()));
    let grown = grown.into_iter().collect();
    let (has_rest, due) = (desk.has_rest, desk.due);
    for responding in desk.responses {
        response::write(txn, responding, report.now)?;
    }
    desk.changes.write(txn, report.now)?;
    for subject in due {
        wake(txn, &subject, report.now)?;
    }
    event::log_grew(txn, &report.session.app, grown, report.now)?;
    if has_rest {
        let stage = Stage {
            kind: WorkKind::MarkRead,
            due: report.now,
        };
        event::work_due(txn, &report.session.app, stage, report.now)?;
    }
    Ok(Some(results))
}

/// The notification, the row and the name of the user that a delivery's id leads to.
pub(super) fn resolve(
    db: &Connection,
    app: &AppId,
    id: DeliveryId,
) -> Result<Option<(notification::Found, i64, UserId)>, rusqlite::Error> {
    for found in notification::of_delivery(db, app, id)? {
        let hash = user_hash_of(id, found.subject.id);
        for (row, user) in user::by_hash(db, app, hash)? {
            let is_its = delivery_id(found.subject.id, &user) == id;
            if is_its && delivery::find(db, key(&found, row)).is_ok_and(|found| found.is_some()) {
                return Ok(Some((found, row, user)));
            }
        }
    }
    Ok(None)
}

fn notifications(
    db: &Connection,
    app: &AppId,
    page: &PageQuery<NotificationPlace>,
    unreadable: &Unreadable,
) -> Result<List<NotificationView>, rusqlite::Error> {
    let before = page.after.map(|place| place.row);
    let mut rows = notification::page(db, app, before, page.limit.saturating_add(1))?;
    let is_longer = cut(&mut rows, page.limit);
    let last = rows.last().map(|(row, _)| NotificationPlace { row: *row });
    let mut data = Vec::with_capacity(rows.len());
    for (_, shown) in rows {
        if let Some(shown) = unreadable.pass_over("notification", shown)? {
            data.push(notification::with_counts(db, shown)?);
        }
    }
    Ok(List {
        data,
        next_cursor: last.filter(|_| is_longer).map(|last| last.to_string()),
    })
}

fn deliveries(
    db: &Connection,
    found: &notification::Found,
    page: &PageQuery<DeliveryPlace>,
    unreadable: &Unreadable,
) -> Result<List<DeliveryView>, rusqlite::Error> {
    let subject = &found.subject;
    let after = page.after.map(|place| place.user);
    let mut rows = delivery::page(db, subject.row, after, page.limit.saturating_add(1))?;
    let is_longer = cut(&mut rows, page.limit);
    // A row that cannot be read is a place all the same.
    let last = rows.last().map(|(user, _)| DeliveryPlace {
        notification: subject.id,
        user: *user,
    });
    let steps = notification::steps(db, subject.row)?;
    let mut data = Vec::with_capacity(rows.len());
    for (_, row) in rows {
        let read = unreadable.pass_over("delivery", row)?;
        data.extend(read.map(|(user, found)| delivery::view((subject, &steps), user, found)));
    }
    Ok(List {
        data,
        next_cursor: last.filter(|_| is_longer).map(|last| last.to_string()),
    })
}

fn watched(
    db: &Connection,
    watch: &WatchQuery,
    unreadable: &Unreadable,
) -> Result<Option<Watched>, rusqlite::Error> {
    let WatchQuery {
        app,
        id,
        after,
        limit,
        now,
    } = watch;
    let Some(found) = notification::find(db, app, *id)? else {
        return Ok(None);
    };
    let counts = count::of(db, found.subject.row)?;
    let changed = match after {
        Some(after) => event::changed_after(db, found.subject.row, *after, *limit)?,
        None => Vec::new(),
    };
    let mut deliveries = Vec::with_capacity(changed.len());
    for row in changed {
        deliveries.extend(change(db, &found, row, unreadable)?);
    }
    let (status, warnings) = found.standing(counts);
    Ok(Some(Watched {
        version: found.version,
        status,
        is_recalled: found.is_recalled,
        counts,
        deliveries,
        warnings,
        is_over: is_watched_out(&found.outlook(counts), *now),
    }))
}

/// A delivery that changed, as it is now; `None` when it or its user is gone.
fn change(
    db: &Connection,
    found: &notification::Found,
    row: i64,
    unreadable: &Unreadable,
) -> Result<Option<DeliveryChange>, rusqlite::Error> {
    let subject = &found.subject;
    let delivery = unreadable.pass_over("delivery", delivery::find(db, key(found, row)))?;
    let (Some(delivery), Some(user)) = (delivery.flatten(), user::name(db, row)?) else {
        return Ok(None);
    };
    Ok(Some(DeliveryChange {
        id: delivery_id(subject.id, &user),
        user,
        status: delivery.state.status,
        reason: delivery.state.reason,
        late: delivery.state.late,
    }))
}

const fn key(found: &notification::Found, user: i64) -> Key {
    Key {
        notification: found.subject.row,
        user,
    }
}
