//! Live fan-out: devices receive what their users' logs have gained.
//!
//! A hint names a user whose log has grown; what is sent is read from the log, from the cursor of
//! the device. A lost hint therefore costs time and never an entry, and nothing is sent out of
//! order.

mod devices;
mod fan_out;
mod hand_over;
mod queue;
mod run;

pub(crate) use devices::{Devices, Position};
pub(crate) use fan_out::FanOut;
pub(crate) use hand_over::{hand_overs, record_hand_overs};
pub(crate) use queue::{Feed, hint, recheck};
