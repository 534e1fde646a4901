//! The store as a whole.

use std::path::PathBuf;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use vestnik_sqlite::Priority::Urgent;
use vestnik_store::{
    Answer, Event, Operations,
    operations::{NewLife, Secrets},
};

use crate::{
    SqliteStore,
    backup::back_up,
    failure::store_error,
    integrity,
    life::Life,
    open::forget_future,
    seal::Seal,
    store::Class::{Hot, List},
    table::{
        Txn, event,
        meta::{self, ACCESS},
        secret,
    },
};

impl Operations for SqliteStore {
    fn secrets(&self, offered: Secrets) -> Answer<'_, Secrets> {
        let seal = self.seal();
        self.write(Urgent, move |txn| secret::ensure(txn, &seal, &offered))
    }

    fn begin_life(&self, life: NewLife) -> Answer<'_, ()> {
        Box::pin(async move {
            let seal = self.seal();
            let begun = self.write(Urgent, move |txn| begin_life(txn, &seal, &life));
            let life = begun.await?;
            self.write_life(life).await;
            Ok(())
        })
    }

    fn events(&self, after: u64, limit: u32) -> Answer<'_, Vec<Event>> {
        let unreadable = self.unreadable();
        self.read(List, move |db| {
            // Rows that cannot be read must not look like the end.
            let mut after = after;
            loop {
                let (events, seen) = event::after(db, after, limit, &unreadable)?;
                if !events.is_empty() || seen == after {
                    return Ok(events);
                }
                after = seen;
            }
        })
    }

    fn last_event(&self) -> Answer<'_, u64> {
        self.read(Hot, event::last)
    }

    fn ping(&self, _now: Timestamp) -> Answer<'_, ()> {
        Box::pin(async { self.writer().probe().await.map_err(store_error) })
    }

    fn backup(&self, to: PathBuf) -> Answer<'_, ()> {
        Box::pin(back_up(self, to))
    }

    fn check_integrity(&self) -> Answer<'_, Vec<String>> {
        Box::pin(integrity::check(self))
    }

    fn is_alive(&self) -> bool {
        self.writer().is_alive()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let last = self.write(Urgent, grow).await;
            self.shut_down().await;
            match last {
                Ok(life) => self.write_life(life).await,
                Err(vestnik_store::StoreError::Closed) => {}
                // The next opening goes on from the generation of the last one.
                Err(error) => tracing::warn!(%error, "the end of the database's use was not noted"),
            }
        })
    }
}

fn begin_life(txn: &mut Txn<'_>, seal: &Seal, begun: &NewLife) -> Result<Life, rusqlite::Error> {
    let generation = meta::life(txn)?.map_or(0, |life| life.generation);
    let life = Life {
        epoch: begun.epoch,
        generation,
    }
    .grown();
    meta::put_life(txn, life)?;
    forget_future(txn, begun.now)?;
    secret::put(txn, seal, ACCESS, &begun.access)?;
    Ok(life)
}

/// Notes that the database is being closed.
fn grow(txn: &mut Txn<'_>) -> Result<Life, rusqlite::Error> {
    let life = meta::life(txn)?.map(Life::grown);
    let life = life.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    meta::put_life(txn, life)?;
    Ok(life)
}
