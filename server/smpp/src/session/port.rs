//! What a session takes and gives.

use std::fmt;

use super::trouble::{Closing, Trouble};
use crate::{
    arrival::{Answer, Arrival, MessageId},
    login::Version,
    message::Submission,
    outcome::Outcome,
};

/// A message in a session, by a number that its driver chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// A part that was taken, as is known after it had been given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    /// Which part, from 0.
    pub part: usize,
    /// Its id, if it can be read.
    pub id: Option<MessageId>,
}

/// An arrival that waits to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArrivalKey(pub(super) u64);

/// What a session takes.
pub enum Input<'a> {
    /// Bytes came, in any chunks.
    Received(&'a [u8]),
    /// What was last given to be written is written.
    Written,
    /// The connection ended.
    Lost,
    /// A place is kept for a message; only while the session [has room](super::Session::has_room).
    Reserve,
    /// No message follows for a place that was kept.
    Release,
    /// A message, for a place that was kept.
    Submit(Ticket, Submission),
    /// An arrival's consumer said something of it.
    Answered(ArrivalKey, Answer),
    /// No more messages follow: end in order.
    Stop,
    /// A deadline may have passed.
    Tick,
}

/// What a session gives.
#[derive(PartialEq, Eq)]
pub enum Output {
    /// Write these bytes, then say [`Input::Written`].
    Write(Vec<u8>),
    /// The peer bound the session, in this version.
    Bound(Version),
    /// What became of a message. Nothing follows of it but [`Output::Late`].
    Ended(Ticket, Outcome),
    /// A part of a message that had ended was taken after all.
    Late(Ticket, Late),
    /// Hand an arrival to its consumer and say [`Input::Answered`]. The same can come again.
    Deliver(ArrivalKey, Arrival),
    /// Something went wrong; the session goes on unless [`Output::Closed`] follows.
    Trouble(Trouble),
    /// The session is over: close the connection. Nothing follows.
    Closed(Closing),
}

/// Shows no bytes: there are texts, numbers and a password among them.
impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Received(bytes) => write!(f, "Received({} bytes)", bytes.len()),
            Self::Written => f.write_str("Written"),
            Self::Lost => f.write_str("Lost"),
            Self::Reserve => f.write_str("Reserve"),
            Self::Release => f.write_str("Release"),
            Self::Submit(ticket, submission) => write!(f, "Submit({ticket:?}, {submission:?})"),
            Self::Answered(key, answer) => write!(f, "Answered({key:?}, {answer:?})"),
            Self::Stop => f.write_str("Stop"),
            Self::Tick => f.write_str("Tick"),
        }
    }
}

/// Shows no bytes, likewise.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(bytes) => write!(f, "Write({} bytes)", bytes.len()),
            Self::Bound(version) => write!(f, "Bound({version:?})"),
            Self::Ended(ticket, outcome) => write!(f, "Ended({ticket:?}, {outcome:?})"),
            Self::Late(ticket, late) => write!(f, "Late({ticket:?}, {late:?})"),
            Self::Deliver(key, arrival) => write!(f, "Deliver({key:?}, {arrival:?})"),
            Self::Trouble(trouble) => write!(f, "Trouble({trouble:?})"),
            Self::Closed(closing) => write!(f, "Closed({closing:?})"),
        }
    }
}
