//! Every connection of this node, from the moment at which it is admitted.
//!
//! Connections are found by what they may be ended for: an API key, an installation, a user. All keys
//! include the App. A connection that is ended is marked first and closed then, under the same lock
//! under which frames are sent to it, so nothing is sent after the answer to a revocation.
//!
//! Locks are taken in the order index, device; neither is held across an await.

mod index;
mod live;
mod part;

pub(crate) use index::{Admission, Caps, Connections, Principal};
pub(crate) use live::{Greeted, LiveDevice, Position, Sent};
