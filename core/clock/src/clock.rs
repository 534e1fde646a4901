//! The trait.

use std::{fmt::Debug, sync::Arc};

use jiff::Timestamp;

use crate::Monotonic;

/// A source of time and of randomness.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The time of day, in whole milliseconds. It may step in either direction.
    fn now(&self) -> Timestamp;

    /// A time that never goes back and that includes the time for which the machine was suspended.
    /// Deadlines are counted in it.
    fn monotonic(&self) -> Monotonic;

    /// 32 bytes that nobody can predict, fit for keys and tokens.
    fn random(&self) -> [u8; 32];
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn monotonic(&self) -> Monotonic {
        (**self).monotonic()
    }

    fn random(&self) -> [u8; 32] {
        (**self).random()
    }
}
