//! Work that is due.

use jiff::Timestamp;
use vestnik_model::open::Word as _;
use vestnik_rules::work::{Progress, WorkKind};
use vestnik_sqlite::Priority;
use vestnik_store::{
    Answer, Work,
    work::{Backlog, ClaimQuery, Claimed, FailedWork, Part},
};

use super::perform::perform;
use crate::{SqliteStore, store::Class, table::work};

impl Work for SqliteStore {
    fn claim(&self, asked: ClaimQuery) -> Answer<'_, Claimed> {
        self.write(Priority::Mass, move |txn| work::claim(txn, &asked))
    }

    fn perform(&self, part: Part) -> Answer<'_, Progress> {
        let (key, unreadable) = (self.contact_key(), self.unreadable());
        self.write(Priority::Mass, move |txn| {
            perform(txn, &part, (&key, &unreadable))
        })
    }

    fn put_back(&self, failure: FailedWork) -> Answer<'_, bool> {
        self.write(Priority::Mass, move |txn| work::put_back(txn, &failure))
    }

    fn next_due(&self, kind: WorkKind) -> Answer<'_, Option<Timestamp>> {
        self.read(Class::Hot, move |db| work::next_due(db, kind))
    }

    fn backlog(&self, now: Timestamp) -> Answer<'_, Vec<Backlog>> {
        self.read(Class::List, move |db| {
            let kinds = WorkKind::WORDS.iter();
            kinds.map(|kind| work::backlog(db, *kind, now)).collect()
        })
    }
}
