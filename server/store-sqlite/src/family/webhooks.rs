//! Webhooks: where an App's events are sent.

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{AppId, WebhookId};
use vestnik_rules::{
    webhook::{IDLE, State, Webhook, change, has_room},
    work::{Claim, Stage, WorkKind},
};
use vestnik_sqlite::Priority::{Mass, Urgent};
use vestnik_store::{
    Answer, Webhooks,
    effect::Told,
    webhooks::{Changing, Known, NewWebhook, Noting, WebhookChanged, WebhookCreated, disabled},
};

use crate::{
    SqliteStore,
    seal::Seal,
    store::Class::List,
    table::{
        Txn, app, event, told,
        webhook::{self, Stored},
        work::{self, Held, Next},
    },
};

impl Webhooks for SqliteStore {
    fn create_webhook(&self, new: NewWebhook) -> Answer<'_, WebhookCreated> {
        let seal = self.seal();
        self.write(Urgent, move |txn| create(txn, &seal, &new))
    }

    fn webhook(&self, app: AppId, id: WebhookId) -> Answer<'_, Option<Known>> {
        let seal = self.seal();
        self.read(List, move |db| {
            let found = webhook::find(db, &seal, &app, id)?;
            found.map(|stored| known(db, stored)).transpose()
        })
    }

    fn webhooks(&self, app: AppId) -> Answer<'_, Vec<Known>> {
        let with = (self.seal(), self.unreadable());
        self.read(List, move |db| {
            let all = webhook::of_app(db, (&with.0, &with.1), &app)?.into_iter();
            all.map(|stored| known(db, stored)).collect()
        })
    }

    fn change_webhook(&self, changing: Changing) -> Answer<'_, WebhookChanged> {
        let seal = self.seal();
        self.write(Urgent, move |txn| make_change(txn, &seal, &changing))
    }

    fn delete_webhook(&self, app: AppId, id: WebhookId) -> Answer<'_, bool> {
        let seal = self.seal();
        self.write(Urgent, move |txn| {
            let Some(stored) = webhook::find(txn, &seal, &app, id)? else {
                return Ok(false);
            };
            if let Some(work) = stored.work {
                work::delete(txn, work)?;
            }
            webhook::delete(txn, stored.row)?;
            Ok(true)
        })
    }

    fn webhook_turn(&self, claim: Claim) -> Answer<'_, Option<Known>> {
        let seal = self.seal();
        self.write(Mass, move |txn| turn(txn, &seal, &claim))
    }

    fn note_webhook(&self, noting: Noting) -> Answer<'_, Option<State>> {
        let seal = self.seal();
        self.write(Mass, move |txn| note(txn, &seal, &noting))
    }
}

fn create(
    txn: &mut Txn<'_>,
    seal: &Seal,
    new: &NewWebhook,
) -> Result<WebhookCreated, rusqlite::Error> {
    let NewWebhook {
        app,
        id,
        target,
        events,
        max,
        now,
    } = new.clone();
    if !has_room(webhook::count(txn, &app)?, max) {
        return Ok(WebhookCreated::Full);
    }
    let webhook = Webhook {
        id,
        target,
        events,
        state: State::new(event::last(txn)?),
        created_at: now,
    };
    let row = webhook::insert(txn, seal, &app, &webhook)?;
    let stage = Stage {
        kind: WorkKind::Webhook,
        due: IDLE,
    };
    let work = work::insert(txn, &app, row, stage, None)?;
    webhook::set_work(txn, row, Some(work))?;
    let swept = app::swept(txn, &app)?;
    Ok(WebhookCreated::Made(Known::of(webhook, swept)))
}

fn known(db: &Connection, stored: Stored) -> Result<Known, rusqlite::Error> {
    let swept = app::swept(db, &stored.app)?;
    Ok(Known::of(stored.webhook, swept))
}

fn make_change(
    txn: &mut Txn<'_>,
    seal: &Seal,
    changing: &Changing,
) -> Result<WebhookChanged, rusqlite::Error> {
    let Changing {
        app,
        id,
        change: asked,
        now,
    } = changing;
    let Some(stored) = webhook::find(txn, seal, app, *id)? else {
        return Ok(WebhookChanged::Unknown);
    };
    let last = event::last(txn)?;
    let Ok((webhook, is_anew)) = change(stored.webhook.clone(), asked.clone(), last, *now) else {
        return Ok(WebhookChanged::Beyond);
    };
    let told = disabled(*id, &stored.webhook.state, &webhook.state);
    let stored = Stored { webhook, ..stored };
    webhook::set_target(txn, seal, &stored)?;
    webhook::set_state(txn, stored.row, &stored.webhook.state)?;
    if is_anew {
        begin_anew(txn, &stored, *now)?;
    }
    tell(txn, app, told, *now)?;
    Ok(WebhookChanged::Changed(known(txn, stored)?))
}

/// Makes the row of work of a webhook anew: whoever holds it loses it.
fn begin_anew(txn: &mut Txn<'_>, stored: &Stored, now: Timestamp) -> Result<(), rusqlite::Error> {
    let due = due(txn, &stored.app, &stored.webhook.state, now)?;
    let stage = due.map(|due| Stage {
        kind: WorkKind::Webhook,
        due,
    });
    match (stored.work, stage) {
        (Some(work), Some(stage)) => work::set(txn, work, stage, None)?,
        (Some(work), None) => {
            work::delete(txn, work)?;
            webhook::set_work(txn, stored.row, None)?;
        }
        (None, Some(stage)) => {
            let work = work::insert(txn, &stored.app, stored.row, stage, None)?;
            webhook::set_work(txn, stored.row, Some(work))?;
        }
        (None, None) => {}
    }
    match stage {
        Some(stage) => event::work_due(txn, &stored.app, stage, now),
        None => Ok(()),
    }
}

/// When a webhook has something to do.
fn due(
    db: &Connection,
    app: &AppId,
    state: &State,
    now: Timestamp,
) -> Result<Option<Timestamp>, rusqlite::Error> {
    let has_more = event::is_any_from(db, app, state.cursor.next_number())?;
    Ok(state.due(has_more, now))
}

/// The row of a claim with its webhook, if the claim holds it.
fn held(
    db: &Connection,
    seal: &Seal,
    claim: &Claim,
) -> Result<Option<(Held, Option<Stored>)>, rusqlite::Error> {
    let Some(held) = work::held(db, claim)? else {
        return Ok(None);
    };
    let stored = webhook::by_row(db, seal, &held.app, held.target)?;
    Ok(Some((held, stored)))
}

fn turn(txn: &mut Txn<'_>, seal: &Seal, claim: &Claim) -> Result<Option<Known>, rusqlite::Error> {
    let Some((held, stored)) = held(txn, seal, claim)? else {
        return Ok(None);
    };
    match stored {
        Some(stored) if stored.webhook.state.disabled.is_none() => known(txn, stored).map(Some),
        Some(_) | None => {
            webhook::set_work(txn, held.target, None)?;
            work::delete(txn, held.id)?;
            Ok(None)
        }
    }
}

fn note(txn: &mut Txn<'_>, seal: &Seal, noting: &Noting) -> Result<Option<State>, rusqlite::Error> {
    let Noting {
        claim,
        note,
        goes_on,
        now,
    } = noting;
    let Some((held, Some(stored))) = held(txn, seal, claim)? else {
        return Ok(None);
    };
    let state = stored.webhook.state.clone().noted(note, *now);
    webhook::set_state(txn, stored.row, &state)?;
    if !goes_on {
        rest(txn, &held, &state, *now)?;
    }
    let told = disabled(stored.webhook.id, &stored.webhook.state, &state);
    tell(txn, &held.app, told, *now)?;
    Ok(Some(state))
}

/// The App's backend is told something about a webhook, if there is something.
fn tell(
    txn: &mut Txn<'_>,
    app: &AppId,
    told: Option<Told>,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let Some(told) = told else { return Ok(()) };
    told::write(txn, app, told::Of::App, (told, now))
}

/// Ends a claim: the row waits for the next time, or is deleted.
fn rest(
    txn: &mut Txn<'_>,
    held: &Held,
    state: &State,
    now: Timestamp,
) -> Result<(), rusqlite::Error> {
    let Some(due) = due(txn, &held.app, state, now)? else {
        webhook::set_work(txn, held.target, None)?;
        return work::finish(txn, held, &Next::Done, now);
    };
    if due <= now {
        return work::finish(txn, held, &Next::More(None), now);
    }
    let stage = Stage {
        kind: WorkKind::Webhook,
        due,
    };
    work::finish(txn, held, &Next::Stage(stage), now)?;
    event::work_due(txn, &held.app, stage, now)
}
