//! What a session is configured with.

use std::{
    num::{NonZeroU16, NonZeroU32},
    time::Duration,
};

use crate::{Coding, Login, ReceiptIds};

/// What a session is configured with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who binds.
    pub login: Login,
    /// The most submissions that are written and not answered. More, and a message centre refuses some;
    /// fewer, and each waits for the way there and back.
    pub window: NonZeroU16,
    /// The most submissions in a second, if the message centre has such a limit.
    pub per_second: Option<NonZeroU32>,
    /// What texts without an alphabet of their own are in.
    pub coding: Coding,
    /// How the ids of receipts differ from those of answers.
    pub receipt_ids: ReceiptIds,
    /// How long what is waited for.
    pub patience: Patience,
}

/// How long what is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The name, and each address with TLS. The driver's.
    pub connect: Duration,
    /// A place in the window for a message. The driver's.
    pub place: Duration,
    /// The answer to a bind, an enquiry or an unbind; the rest of a PDU that has begun.
    pub answer: Duration,
    /// The answer to a submission. Shorter, and messages that a slow message centre takes are unproven.
    pub submission: Duration,
    /// Bytes to be written that the peer does not take.
    pub write: Duration,
    /// How long the peer may be silent before it is asked whether it lives.
    pub enquire: Duration,
    /// How long parts are repeated that cannot be taken at the moment, after the first was.
    pub parts: Duration,
    /// How long an arrival may be with its consumer before the peer is asked to repeat it. Message centres
    /// wait for 10 s and more.
    pub consumer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            place: Duration::from_secs(60),
            answer: Duration::from_secs(15),
            submission: Duration::from_secs(60),
            write: Duration::from_secs(30),
            enquire: Duration::from_secs(30),
            parts: Duration::from_secs(60),
            consumer: Duration::from_secs(10),
        }
    }
}
