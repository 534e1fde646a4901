//! What goes wrong in a session.

use crate::{
    outcome::{Outcome, Said, Verdict, of_bind},
    pdu::{FrameFault, Status},
};

/// Something that a peer must not do, or that it did not do in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The bytes are no PDUs.
    #[error("no PDU: {0}")]
    Frame(#[from] FrameFault),
    /// A PDU began and did not end in time.
    #[error("half a PDU")]
    Half,
    /// The connection ended in the middle of a PDU.
    #[error("the connection ended in the middle of a PDU")]
    Cut,
    /// It did not answer a bind, an enquiry or an unbind.
    #[error("no answer in time")]
    Silent,
    /// It takes no bytes.
    #[error("it takes no bytes")]
    Stuck,
    /// It answered a request with another request's response.
    #[error("a response of the wrong kind")]
    WrongKind,
    /// It could not read what was written, and says of nothing in particular.
    #[error("it lost track of the PDUs: {0}")]
    Desynchronised(Status),
    /// It says that the session is not bound.
    #[error("it says that the session is not bound")]
    NotBound,
    /// A response to nothing that is outstanding: late, or with a wrong sequence number.
    #[error("a response to nothing")]
    Stray,
    /// A request that a client does not take.
    #[error("an unexpected request {0:#010x}")]
    Unexpected(u32),
    /// It asks the client to bind over a connection that the client made.
    #[error("an outbind")]
    Outbind,
    /// An arrival that cannot be read.
    #[error("an arrival that cannot be read")]
    Unreadable,
    /// More arrivals at a time than are kept.
    #[error("too many arrivals at a time")]
    Crowded,
    /// A submission was not answered in time.
    #[error("a submission was not answered in time")]
    Unanswered,
    /// A receipt of a message that stayed unknown.
    #[error("a receipt of no known message")]
    UnknownReceipt,
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// The client wanted it.
    Stopped,
    /// The peer wanted it.
    Unbound,
    /// The connection ended.
    Lost,
    /// The peer refused to bind.
    Refused(Status),
    /// The peer cannot be talked to.
    Trouble(Trouble),
}

impl Closing {
    /// What each message comes to that is not begun, if the session is not to be had.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Refused(status) => Outcome {
                said: Some(Said(*status)),
                ..Outcome::unwritten(of_bind(*status))
            },
            Self::Stopped | Self::Unbound | Self::Lost | Self::Trouble(_) => {
                Outcome::unwritten(Verdict::UNAVAILABLE)
            }
        }
    }
}
