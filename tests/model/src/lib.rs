//! A reference model of a server, devices and users, against which the real core of a device runs.
//!
//! Each device is the real engine of `vestnik-core` over its real files. Everything around it is of this
//! crate: the server, the network, the shell that draws, the disk that fails. All of it runs in one thread
//! and in virtual time, and follows from one seed, so that whatever happens can be made to happen again.
//!
//! A [`Sequence`] is some dozen random steps. Afterwards everything is made whole, the world comes to rest,
//! and a checker compares what onlookers wrote down: each accepted notification is in the history of each
//! device of its user, it was shown once or suppressed for a reason that holds, nothing was drawn or seen
//! at anyone else's device, and the server knows what the devices did.
//!
//! ```
//! use vestnik_device_model::Sequence;
//!
//! let outcome = Sequence::new(1).run(false);
//! assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
//! // The same seed, the same world.
//! assert_eq!(Sequence::new(1).run(false), outcome);
//! ```

mod check;
mod device;
mod disk;
mod plan;
#[cfg(feature = "planted")]
pub mod plants;
mod random;
mod run;
mod search;
mod server;
mod time;
mod world;

pub use run::{Outcome, Sequence, kind_of};
pub use search::search;
