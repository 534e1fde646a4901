//! Accepting, cancelling and recalling notifications.

use jiff::Timestamp;
use vestnik_model::{AppId, NotificationId, PublishAccepted};
use vestnik_rules::{
    audience::{FIRST_PART, Plan},
    edit::{self, Edited},
    idempotency::{Remembered, Verdict, verdict},
    work::{Stage, WorkKind, first_stage},
};

use super::{
    MemoryStore, asking,
    audience_files::unusable,
    contacts::plan_of,
    ending, expansion, queue, release, retry,
    row::{NotificationKey, NotificationRow, Target},
    txn::{Txn, corrupt, refused},
};
use crate::{
    Answer, Publishing, StoreError,
    publishing::{
        Edit, EditOutcome, IdempotencyRecord, NewNotification, Pause, PublishOutcome, Retry,
        RetryOutcome,
    },
};

impl Publishing for MemoryStore {
    fn publish(&self, new: NewNotification) -> Answer<'_, PublishOutcome> {
        self.write(new.notification.accepted_at, move |txn| publish(txn, new))
    }

    fn recognise(
        &self,
        app: AppId,
        record: IdempotencyRecord,
        now: Timestamp,
    ) -> Answer<'_, Verdict> {
        self.read(move |world| {
            let found = world.remembered.get(&(app, record.key));
            verdict(found, &record.body_hash, now)
        })
    }

    fn edit(&self, edit: Edit) -> Answer<'_, EditOutcome> {
        self.write(edit.now, move |txn| Ok(change(txn, edit)))
    }

    fn pause(&self, asked: Pause) -> Answer<'_, EditOutcome> {
        self.write(asked.now, move |txn| Ok(pause(txn, &asked)))
    }

    fn cancel(&self, app: AppId, id: NotificationId, now: Timestamp) -> Answer<'_, bool> {
        self.write(now, move |txn| Ok(stop(txn, &app, id, now).is_some()))
    }

    fn recall(&self, app: AppId, id: NotificationId, now: Timestamp) -> Answer<'_, bool> {
        self.write(now, move |txn| {
            let Some(key) = stop(txn, &app, id, now) else {
                return Ok(false);
            };
            let row = txn.world.notifications.get_mut(&key);
            let row = row.filter(|row| !row.is_recalled);
            if let Some(row) = row {
                row.is_recalled = true;
                txn.touched(key);
                let kind = WorkKind::Recall;
                txn.leave_work(&app, Target::Notification(key), Stage { kind, due: now });
            }
            Ok(true)
        })
    }

    fn retry(&self, asked: Retry) -> Answer<'_, RetryOutcome> {
        self.write(asked.now, move |txn| Ok(retry::begin(txn, &asked)))
    }
}

/// Changes a notification: one that is scheduled begins anew, one that is sent goes on.
fn change(txn: &mut Txn, edit: Edit) -> EditOutcome {
    let Edit {
        app,
        id,
        patch,
        now,
    } = edit;
    let Some((key, row)) = txn.world.notification(&app, id) else {
        return EditOutcome::Unknown;
    };
    let work = row.work;
    let edited = edit::edit(row.planned(), patch, (row.standing(), now));
    let row = txn.world.notifications.get_mut(&key);
    match edited.zip(row) {
        Some((Edited::Planned(planned), row)) => {
            row.replan(planned);
            let stage = first_stage(&row.life(), false);
            queue::reset(txn, work, stage);
        }
        Some((Edited::Paced(planned), row)) => {
            row.replan(planned);
            release::wake(txn, key);
        }
        None => return EditOutcome::NotEditable,
    }
    txn.touched(key);
    EditOutcome::Edited
}

/// Pauses a notification, or resumes it.
fn pause(txn: &mut Txn, asked: &Pause) -> EditOutcome {
    let Some((key, row)) = txn.world.notification(&asked.app, asked.id) else {
        return EditOutcome::Unknown;
    };
    if row.standing().is_over(asked.now) {
        return EditOutcome::NotEditable;
    }
    if row.paused_at.is_some() == asked.is_paused {
        return EditOutcome::Edited;
    }
    if let Some(row) = txn.world.notifications.get_mut(&key) {
        row.paused_at = asked.is_paused.then_some(asked.now);
    }
    txn.touched(key);
    release::wake(txn, key);
    if !asked.is_paused {
        // Among them are those that the pause put off.
        asking::of_app(txn, &asked.app, asked.now);
    }
    EditOutcome::Edited
}

fn publish(txn: &mut Txn, new: NewNotification) -> Result<PublishOutcome, StoreError> {
    let now = new.notification.accepted_at;
    let idempotency = new.idempotency.clone();
    if let Some(record) = &idempotency {
        let name = (new.app.clone(), record.key.clone());
        match verdict(txn.world.remembered.get(&name), &record.body_hash, now) {
            Verdict::New => {}
            Verdict::Replay(accepted) => return Ok(PublishOutcome::Replayed(accepted)),
            Verdict::Mismatch => return Ok(PublishOutcome::Mismatch),
        }
    }
    let plan = plan_of(&new.app, &new.publication.audience);
    let topics = plan.topics();
    let is_unknown = |name: &_| txn.world.topic_key(&new.app, name).is_none();
    let unknown: Vec<_> = topics.filter(is_unknown).collect();
    if !unknown.is_empty() {
        return Ok(PublishOutcome::UnknownTopics(unknown));
    }
    let unusable = unusable(&txn.world, &new.app, &plan);
    if !unusable.is_empty() {
        return Ok(PublishOutcome::UnusableAudiences(unusable));
    }
    let app = new.app.clone();
    let accepted = accept(txn, new, plan)?;
    if let Some(record) = idempotency {
        let remembered = Remembered {
            body_hash: record.body_hash,
            accepted: accepted.clone(),
            expires: record.expires,
        };
        txn.world.remembered.insert((app, record.key), remembered);
    }
    Ok(PublishOutcome::Accepted(accepted))
}

/// Stores a notification, expands a small audience, and leaves the rest of its life as work.
fn accept(txn: &mut Txn, new: NewNotification, plan: Plan) -> Result<PublishAccepted, StoreError> {
    let (app, id, seed) = (new.app.clone(), new.notification.id, new.seed);
    if txn.world.notification_ids.contains_key(&id) {
        return Err(refused("the notification is there already"));
    }
    let key = txn.world.next_key();
    let is_first_part = plan.is_first_part();
    let row = NotificationRow::new(new, plan);
    let begins = is_first_part && row.opens_at <= row.notification.accepted_at;
    let (life, now) = (row.life(), row.notification.accepted_at);
    txn.world.notifications.insert(key, row);
    txn.world.notification_ids.insert(id, key);
    if begins {
        let part = expansion::Part {
            notification: key,
            // One more than are listed, so that the walk reaches the end unless an address is of many.
            rows: FIRST_PART + 1,
            seed: &seed,
            now,
        };
        expansion::expand(txn, &part)?;
    }
    let row = txn.world.notifications.get(&key);
    let is_expanded = begins && row.is_some_and(|row| row.position.is_none());
    let stage = first_stage(&life, is_expanded);
    let work = txn.leave_work(&app, Target::Notification(key), stage);
    txn.touched(key);
    txn.write_changes()?;
    let row = txn.world.notifications.get_mut(&key);
    let row = row.ok_or_else(|| corrupt("a notification is gone"))?;
    row.work = work;
    Ok(row.accepted())
}

/// Stops a notification: what waits is cancelled. Gives its key, if there is such a notification.
fn stop(txn: &mut Txn, app: &AppId, id: NotificationId, now: Timestamp) -> Option<NotificationKey> {
    let (key, row) = txn.world.notification(app, id)?;
    let is_expired = row.notification.expires_at <= now;
    if row.is_cancelled {
        return Some(key);
    }
    if let Some(row) = txn.world.notifications.get_mut(&key) {
        row.is_cancelled = true;
    }
    txn.touched(key);
    txn.stopped(app, id);
    let pass = ending::Pass {
        notification: key,
        after: None,
        rows: usize::MAX,
        now,
    };
    // What has expired is left to the row of the notification's life, which is due.
    if !is_expired {
        ending::end(txn, &pass);
    }
    Some(key)
}
