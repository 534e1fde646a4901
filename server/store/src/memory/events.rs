//! What happened to an App's notifications.

use jiff::Timestamp;
use vestnik_model::{AppId, EventId};

use super::{MemoryStore, webhooks::swept, world::World};
use crate::{
    Answer, Event, Events,
    events::{Asked, Happened, HappenedPage},
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
            let own = newer.filter(|event| event.app == asked.app && is_of_notification(event));
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
            let first = own.find(|event| is_of_notification(event) && event.at >= at);
            EventId::of(first.map_or(world.last_event, |event| event.number.saturating_sub(1)))
        })
    }
}

pub(super) fn is_of_notification(event: &Event) -> bool {
    Happened::of(event.clone(), (None, None)).is_some()
}

/// `None` when the notification was deleted since, or who responded was.
fn happened(world: &World, event: &Event) -> Option<Happened> {
    let mut happened = Happened::of(event.clone(), (None, None))?;
    if let Some(responded) = &happened.responded {
        // What a person wrote does not outlive them.
        let (_, user) = world.delivery_ids.get(&responded.delivery)?;
        world.users.get(user)?.name.as_ref()?;
    }
    let id = happened.notification;
    let key = world.notification_ids.get(&id)?;
    let row = world.notifications.get(key)?;
    happened.external_id.clone_from(&row.external_id);
    happened.correlation_id.clone_from(&row.correlation_id);
    Some(happened)
}
