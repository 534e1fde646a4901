//! What happened in an App.

use jiff::Timestamp;
use vestnik_model::{AppId, DeliveryId, EventId};

use super::{MemoryStore, webhooks::swept, world::World};
use crate::{
    Answer, Event, Events,
    effect::Told,
    events::{Asked, Happened, HappenedPage, Names, What},
};

impl Events for MemoryStore {
    fn happened(&self, asked: Asked) -> Answer<'_, HappenedPage> {
        self.read(move |world| {
            let mut page = HappenedPage {
                swept: swept(world, &asked.app),
                ..HappenedPage::default()
            };
            let mut named = 0;
            let newer = world.events.range(asked.from..).map(|(_, event)| event);
            let own = newer.filter(|event| event.app == asked.app && is_told(event));
            for event in own.take(asked.rows as usize) {
                page.seen = Some(event.number);
                let Some(happened) = happened(world, event) else {
                    continue;
                };
                named += happened.named();
                page.rows.push(happened);
                if named >= asked.deliveries as usize {
                    break;
                }
            }
            page
        })
    }

    fn event_before(&self, app: AppId, at: Timestamp) -> Answer<'_, EventId> {
        self.read(move |world| {
            let mut own = world.events.values().filter(|event| event.app == app);
            let first = own.find(|event| is_told(event) && event.at >= at);
            EventId::of(first.map_or(world.last_event, |event| event.number.saturating_sub(1)))
        })
    }
}

/// Whether the App's backend is told of an event.
pub(super) fn is_told(event: &Event) -> bool {
    What::of(event.effect.clone()).is_some()
}

/// `None` when what it is about was deleted since.
fn happened(world: &World, event: &Event) -> Option<Happened> {
    let mut happened = Happened::of(event.clone(), Names::default())?;
    // What is told of a person does not outlive them.
    let is_there = |delivery: &DeliveryId| {
        let user = world.delivery_ids.get(delivery).map(|(_, user)| user);
        user.is_some_and(|user| world.name_of(*user).is_some())
    };
    match &mut happened.what {
        What::Responded { responded, .. } if !is_there(&responded.delivery) => return None,
        What::Told(Told::Deliveries { whose, .. }) => {
            whose.retain(|(delivery, _)| is_there(delivery));
        }
        What::Told(told) => {
            let user = told.user();
            if user.is_some_and(|user| world.user_key(&event.app, user).is_none()) {
                return None;
            }
        }
        What::Responded { .. } | What::Changed(_) => {}
    }
    if let Some(id) = happened.what.notification() {
        let key = world.notification_ids.get(&id)?;
        let row = world.notifications.get(key)?;
        happened.names = Names {
            external_id: row.external_id.clone(),
            correlation_id: row.correlation_id.clone(),
        };
    }
    Some(happened)
}
