//! Webhooks: where an App's events are sent.

use jiff::Timestamp;
use vestnik_model::{AppId, WebhookId};
use vestnik_rules::{
    webhook::{IDLE, State, Webhook, change, has_room},
    work::{Claim, Stage, WorkKind},
};

use super::{
    MemoryStore,
    events::is_told,
    queue::{Next, finish, held, reset},
    row::{Target, WebhookRow},
    tenants::check_app,
    txn::Txn,
    world::World,
};
use crate::{
    Answer, StoreError, Webhooks,
    webhooks::{Changing, Known, NewWebhook, Noting, WebhookChanged, WebhookCreated, disabled},
};

type Key = (AppId, WebhookId);

impl Webhooks for MemoryStore {
    fn create_webhook(&self, new: NewWebhook) -> Answer<'_, WebhookCreated> {
        self.write(new.now, move |txn| create(txn, new))
    }

    fn webhook(&self, app: AppId, id: WebhookId) -> Answer<'_, Option<Known>> {
        self.read(move |world| known(world, &(app, id)))
    }

    fn webhooks(&self, app: AppId) -> Answer<'_, Vec<Known>> {
        self.read(move |world| {
            let own = world.webhooks.keys().filter(|(of, _)| *of == app);
            own.filter_map(|key| known(world, key)).collect()
        })
    }

    fn change_webhook(&self, changing: Changing) -> Answer<'_, WebhookChanged> {
        self.write(changing.now, move |txn| Ok(make_change(txn, changing)))
    }

    fn delete_webhook(&self, app: AppId, id: WebhookId) -> Answer<'_, bool> {
        self.write(Timestamp::UNIX_EPOCH, move |txn| {
            let row = txn.world.webhooks.remove(&(app, id));
            if let Some(work) = row.as_ref().and_then(|row| row.work) {
                txn.world.work.remove(&work);
            }
            Ok(row.is_some())
        })
    }

    fn webhook_turn(&self, claim: Claim) -> Answer<'_, Option<Known>> {
        self.write(Timestamp::UNIX_EPOCH, move |txn| {
            let found = key_of(&mut txn.world, &claim).map(|key| (known(&txn.world, &key), key));
            match found {
                None => Ok(None),
                Some((Some(known), _)) if known.webhook.state.disabled.is_none() => Ok(Some(known)),
                Some((_, key)) => {
                    rest(txn, &claim, &key, None);
                    Ok(None)
                }
            }
        })
    }

    fn note_webhook(&self, noting: Noting) -> Answer<'_, Option<State>> {
        self.write(noting.now, move |txn| Ok(note(txn, &noting)))
    }
}

fn create(txn: &mut Txn, new: NewWebhook) -> Result<WebhookCreated, StoreError> {
    let NewWebhook {
        app,
        id,
        target,
        events,
        max,
        now,
    } = new;
    check_app(&txn.world, &app)?;
    let own = txn.world.webhooks.keys().filter(|(of, _)| *of == app);
    if !has_room(u32::try_from(own.count()).unwrap_or(u32::MAX), max) {
        return Ok(WebhookCreated::Full);
    }
    let webhook = Webhook {
        id,
        target,
        events,
        state: State::new(txn.world.last_event),
        created_at: now,
    };
    let stage = Stage {
        kind: WorkKind::Webhook,
        due: IDLE,
    };
    let work = txn
        .world
        .insert_work(app.clone(), Target::Webhook(id), stage);
    let known = Known::of(webhook.clone(), swept(&txn.world, &app));
    let row = WebhookRow {
        webhook,
        work: Some(work),
    };
    txn.world.webhooks.insert((app, id), row);
    Ok(WebhookCreated::Made(known))
}

fn known(world: &World, key: &Key) -> Option<Known> {
    let row = world.webhooks.get(key)?;
    Some(Known::of(row.webhook.clone(), swept(world, &key.0)))
}

pub(super) fn swept(world: &World, app: &AppId) -> u64 {
    world.swept.get(app).copied().unwrap_or_default()
}

fn make_change(txn: &mut Txn, changing: Changing) -> WebhookChanged {
    let Changing {
        app,
        id,
        change: asked,
        now,
    } = changing;
    let key = (app, id);
    let Some(row) = txn.world.webhooks.get(&key).cloned() else {
        return WebhookChanged::Unknown;
    };
    let Ok((webhook, is_anew)) = change(row.webhook.clone(), asked, txn.world.last_event, now)
    else {
        return WebhookChanged::Beyond;
    };
    let state = webhook.state.clone();
    let told = disabled(id, &row.webhook.state, &state);
    txn.world.webhooks.insert(
        key.clone(),
        WebhookRow {
            webhook,
            work: row.work,
        },
    );
    if is_anew {
        begin_anew(txn, &key, &state, now);
    }
    if let Some(told) = told {
        txn.tell(&key.0, told);
    }
    known(&txn.world, &key).map_or(WebhookChanged::Unknown, WebhookChanged::Changed)
}

/// Makes the row of work of a webhook anew: whoever holds it loses it.
fn begin_anew(txn: &mut Txn, key: &Key, state: &State, now: Timestamp) {
    let due = state.due(has_more(&txn.world, &key.0, state), now);
    let work = txn.world.webhooks.get(key).and_then(|row| row.work);
    let stage = due.map(|due| Stage {
        kind: WorkKind::Webhook,
        due,
    });
    let work = match (work, stage) {
        (Some(work), Some(stage)) => {
            reset(txn, work, stage);
            Some(work)
        }
        (Some(work), None) => {
            txn.world.work.remove(&work);
            None
        }
        (None, Some(stage)) => Some(txn.leave_work(&key.0, Target::Webhook(key.1), stage)),
        (None, None) => None,
    };
    if let Some(row) = txn.world.webhooks.get_mut(key) {
        row.work = work;
    }
}

/// Whether the App has events behind the cursor.
fn has_more(world: &World, app: &AppId, state: &State) -> bool {
    let mut newer = world.events.range(state.cursor.next_number()..);
    newer.any(|(_, event)| event.app == *app && is_told(event))
}

/// The webhook of a row, if the claim still holds it.
fn key_of(world: &mut World, claim: &Claim) -> Option<Key> {
    match held(world, claim)?.target {
        Target::Webhook(id) => Some((claim.app.clone(), id)),
        Target::Store
        | Target::Provider(_)
        | Target::Notification(_)
        | Target::Topic(_)
        | Target::Upload(_)
        | Target::User(_)
        | Target::Asked(_)
        | Target::Mark(..) => None,
    }
}

fn note(txn: &mut Txn, noting: &Noting) -> Option<State> {
    let Noting {
        claim,
        note,
        goes_on,
        now,
    } = noting;
    let key = key_of(&mut txn.world, claim)?;
    let row = txn.world.webhooks.get_mut(&key)?;
    let state = row.webhook.state.clone().noted(note, *now);
    let told = disabled(key.1, &row.webhook.state, &state);
    row.webhook.state = state.clone();
    if !goes_on {
        let due = state.due(has_more(&txn.world, &key.0, &state), *now);
        rest(txn, claim, &key, due.map(|due| (due, *now)));
    }
    if let Some(told) = told {
        txn.tell(&key.0, told);
    }
    Some(state)
}

/// Ends a claim: the row waits for a time, or is deleted.
fn rest(txn: &mut Txn, claim: &Claim, key: &Key, due: Option<(Timestamp, Timestamp)>) {
    let next = match due {
        None => Next::Done,
        Some((due, now)) if due <= now => Next::More {
            target: Target::Webhook(key.1),
            after: None,
        },
        Some((due, _)) => Next::Stage(Stage {
            kind: WorkKind::Webhook,
            due,
        }),
    };
    if due.is_none()
        && let Some(row) = txn.world.webhooks.get_mut(key)
    {
        row.work = None;
    }
    let now = due.map_or(Timestamp::UNIX_EPOCH, |(_, now)| now);
    finish(txn, claim, next, now);
}
