//! Live fan-out: devices receive what their users' logs have gained.
//!
//! A hint names a user whose log has grown. The user becomes *dirty*; a worker takes dirty users in a
//! fair order, reads the user's log once for all of their live devices, and sends each device the
//! entries from its own place on. A hint of this process's own commit may name the one entry that the
//! log gained: devices that stand before it are sent it without a read. A lost hint costs time and never an entry: places are compared with
//! the heads of the logs again and again. Once committed, nothing between the commit and the sockets
//! waits for a disk: what was handed over is noted in [`Notes`], written in batches.

mod connections;
mod dirty;
mod fan_out;
mod frames;
mod gained;
mod notes;
mod presence;
mod recheck;
mod watchers;
mod written;

pub(crate) use connections::{
    Admission, Caps, Connections, Greeted, LiveDevice, Position, Principal,
};
pub(crate) use dirty::{Dirty, Due};
pub(crate) use fan_out::{FanOut, PageBounds};
pub(crate) use notes::{Notes, flush_notes};
pub(crate) use presence::{PresenceBoard, renew_presence};
pub(crate) use recheck::{Recheck, recheck};
pub(crate) use watchers::{Everything, Full, WatchCaps, Watched, Watchers};
pub(crate) use written::Unconfirmed;
