//! The client's side of SMTP (RFC 5321), without I/O.
//!
//! A connection is two machines, one after the other: [`Opening`] until letters can be sent, then a
//! [`Transfer`] for each letter. Both take the server's replies and give a step to do. Neither has a
//! socket or a clock.

mod envelope;
mod feature;
mod opening;
mod step;
mod transfer;

pub use envelope::Envelope;
pub use feature::Features;
pub use opening::{Opening, OpeningStep, Stage};
pub use step::Line;
pub use transfer::{Transfer, TransferStep};
