//! The bus of a single process: consumers are called where the hint is published.

use std::{
    fmt,
    sync::{PoisonError, RwLock},
};

use super::{Bus, Consumer, Hint};

/// The bus of a single process.
#[derive(Default)]
pub struct LocalBus {
    consumers: RwLock<Vec<Consumer>>,
}

impl fmt::Debug for LocalBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalBus")
    }
}

impl Bus for LocalBus {
    fn publish(&self, hints: &[Hint]) {
        let consumers = self
            .consumers
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        for hint in hints {
            for consumer in consumers.iter() {
                consumer(hint);
            }
        }
    }

    fn attach(&self, consumer: Consumer) {
        let mut consumers = self
            .consumers
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        consumers.push(consumer);
    }
}
