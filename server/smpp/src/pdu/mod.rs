//! PDUs: what is written is encoded by `rusmpp`, what comes is read here.
//!
//! Message centres deviate from the specification in what they send: ids and `receipted_message_id` without
//! a null, parameters of another length than theirs, times of other lengths, addresses that are not ASCII.
//! `rusmpp` refuses a whole PDU for each of these, and it reads a known parameter without regard to the
//! length that is said for it. A receipt that is refused is a fact lost, and the message centre repeats it for
//! days. So what is read here is a handful of fields, each within its own bounds.

mod body;
mod command;
mod frame;
mod status;
mod write;

pub(crate) use body::{Body, Tag};
pub(crate) use command::Command;
pub(crate) use frame::{Frame, Frames};
pub use frame::{FrameFault, MAX_PDU};
pub use status::Status;
pub(crate) use write::{bind, encode, encode_empty, string};
