//! What happened to an App's notifications.

use jiff::Timestamp;
use vestnik_model::{AppId, EventId};
use vestnik_store::{
    Answer, Events,
    events::{Asked, HappenedPage},
};

use crate::{SqliteStore, store::Class::List, table::event};

impl Events for SqliteStore {
    fn happened(&self, asked: Asked) -> Answer<'_, HappenedPage> {
        let unreadable = self.unreadable();
        self.read(List, move |db| event::of_app(db, &asked, &unreadable))
    }

    fn event_before(&self, app: AppId, at: Timestamp) -> Answer<'_, EventId> {
        self.read(List, move |db| event::before(db, &app, at))
    }
}
