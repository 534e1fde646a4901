//! The store as a whole.

use std::path::PathBuf;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::{MemoryStore, integrity::faults, txn::refused};
use crate::{
    Answer, Event, Operations,
    operations::{NewLife, Secrets},
};

impl Operations for MemoryStore {
    fn secrets(&self, offered: Secrets) -> Answer<'_, Secrets> {
        self.write(Timestamp::UNIX_EPOCH, move |txn| {
            Ok(txn.world.secrets.get_or_insert(offered).clone())
        })
    }

    fn begin_life(&self, life: NewLife) -> Answer<'_, ()> {
        self.write(life.now, move |txn| {
            let NewLife {
                access,
                epoch,
                now: _,
            } = life;
            txn.world.epoch = epoch;
            if let Some(secrets) = &mut txn.world.secrets {
                secrets.access = access;
            }
            Ok(())
        })
    }

    fn events(&self, after: u64, limit: u32) -> Answer<'_, Vec<Event>> {
        self.read(move |world| {
            let newer = world.events.range(after.saturating_add(1)..);
            let newer = newer.map(|(_, event)| event.clone());
            newer.take(limit as usize).collect()
        })
    }

    fn last_event(&self) -> Answer<'_, u64> {
        self.read(|world| world.last_event)
    }

    fn ping(&self, now: Timestamp) -> Answer<'_, ()> {
        self.write(now, |_| Ok(()))
    }

    fn backup(&self, _to: PathBuf) -> Answer<'_, ()> {
        Box::pin(async { Err(refused("a store in memory has no backup")) })
    }

    fn check_integrity(&self) -> Answer<'_, Vec<String>> {
        self.read(faults)
    }

    fn is_alive(&self) -> bool {
        !self.is_closed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async { self.shut() })
    }
}
