//! Wall time, suspend-aware monotonic time and randomness behind one trait.
//!
//! Decisions take time and random bytes as arguments; the code that performs them holds a
//! [`Clock`] and reads it. A program makes one [`SystemClock`], a test makes a [`ManualClock`] and
//! moves it. Nothing else of Vestnik reads the system's clocks or draws random bytes, except
//! `vestnik-signalr`, which is published by itself and depends on nothing of Vestnik.
//!
//! ```
//! use std::time::Duration;
//! use vestnik_clock::{Clock, ManualClock, new_uuid_v7};
//!
//! let clock = ManualClock::new("2026-11-28T12:00:00Z".parse()?, 7);
//! let (started, deadline) = (clock.now(), clock.monotonic() + Duration::from_secs(30));
//!
//! clock.advance(Duration::from_secs(31));
//! assert!(clock.monotonic() > deadline);
//! assert_eq!(clock.now().as_second() - started.as_second(), 31);
//! assert_ne!(new_uuid_v7(&clock), new_uuid_v7(&clock));
//! # Ok::<(), jiff::Error>(())
//! ```
//!
//! Start reading at [`Clock`].
#![forbid(unsafe_code)]

mod clock;
mod id;
mod manual;
mod monotonic;
mod now;
mod system;

pub use clock::Clock;
pub use id::new_uuid_v7;
pub use manual::ManualClock;
pub use monotonic::Monotonic;
pub use now::Now;
pub use system::SystemClock;
