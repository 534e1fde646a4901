//! Publishes by calls of the store in one process: what REST costs is what is missing here.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Result, ensure};
use vestnik_clock::SystemClock;
use vestnik_store::{
    Operations as _, Publishing as _,
    publishing::{NewNotification, PublishOutcome},
};
use vestnik_store_sqlite::{SqliteStore, StoreOptions};

use super::super::{load::micros_of, seed};
use crate::{clock, say, stat::percentile};

/// As many calls at a time as there are connections over REST: the store commits them in groups.
const CALLS: usize = 64;

/// Publishes and prints seconds and the 99th percentile in milliseconds.
pub(super) fn publish(database: &Path, count: usize, users: usize) -> Result<()> {
    let new: Result<Vec<_>> = (0..count)
        .map(|number| seed::accepted(seed::to_user(number % users + 1, "Order".to_owned())))
        .collect();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run(database, new?))
}

async fn run(database: &Path, new: Vec<NewNotification>) -> Result<()> {
    let options = StoreOptions::new(Arc::new(SystemClock));
    let store = SqliteStore::open(database, options)?;
    let (new, next) = (Arc::new(new), Arc::new(AtomicUsize::new(0)));
    let times = Arc::new(Mutex::new(Vec::with_capacity(new.len())));
    let begun = clock::now();
    let calls: Vec<_> = (0..CALLS)
        .map(|_| {
            let (store, new) = (store.clone(), Arc::clone(&new));
            let (next, times) = (Arc::clone(&next), Arc::clone(&times));
            tokio::spawn(async move {
                while let Some(new) = new.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let asked = clock::now();
                    let outcome = store.publish(new.clone()).await?;
                    ensure!(
                        matches!(outcome, PublishOutcome::Accepted(_)),
                        "a publish was not accepted"
                    );
                    let micros = micros_of(clock::now() - asked);
                    times
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(micros);
                }
                Ok(())
            })
        })
        .collect();
    for call in calls {
        call.await??;
    }
    let seconds = (clock::now() - begun).as_secs_f64();
    store.close().await;
    let mut micros = std::mem::take(&mut *times.lock().unwrap_or_else(PoisonError::into_inner));
    micros.sort_unstable();
    say::out(format!("{seconds} {}", percentile(&micros, 0.99) / 1_000.0));
    Ok(())
}
