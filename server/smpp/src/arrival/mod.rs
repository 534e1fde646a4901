//! What a message centre hands over: receipts of messages, and messages that people wrote.

mod id;
mod message;
mod read;
mod receipt;
mod state;
#[cfg(test)]
mod tests;

pub use id::{MessageId, ReceiptIds};
pub use message::{Incoming, Segment};
pub(crate) use read::{Reading, read_data, read_deliver};
pub use receipt::{Receipt, ReceiptParts};
pub use state::{State, state_of_all};

/// What a message centre hands over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// What became of a message.
    Receipt(Receipt),
    /// A message that a person wrote, or another system.
    Message(Incoming),
}

/// What the one that an arrival was handed to says of it; the message centre is answered accordingly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is kept durably: `ESME_ROK`.
    Taken,
    /// It is a receipt of a message that is not known. Its submission may be unanswered still, or its id not
    /// kept yet: the receipt is offered again a few times, and the message centre is asked to repeat it
    /// (`ESME_RX_T_APPN`) while a submission that was made before it is not answered. If it stays unknown, it is
    /// another system's, and is acknowledged: a message centre that is refused sends nothing else before it.
    Unknown,
    /// It cannot be kept at the moment: `ESME_RX_T_APPN`, and the message centre repeats it.
    Later,
    /// It will never be kept: `ESME_RX_R_APPN`, and the message centre drops it. So are messages of people
    /// refused where nobody reads them.
    Never,
}
