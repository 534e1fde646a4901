//! What happened to an App's notifications.

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
}
