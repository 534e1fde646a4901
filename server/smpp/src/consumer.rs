//! Who takes what a message centre hands over.

use std::{fmt::Debug, future::Future, pin::Pin};

use vestnik_model::AttemptId;

use crate::{
    arrival::{Answer, Arrival},
    session::{Late, Trouble},
};

/// What a consumer says of an arrival, when it comes.
pub type Taking<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// Who takes what a message centre hands over.
///
/// The message centre is answered after [`take`](Self::take) ended, so that what is acknowledged is kept. It
/// repeats what was not acknowledged, also when it was kept and the connection ended before the answer: a
/// consumer is given the same arrival more than once.
pub trait Consumer: Debug + Send + Sync + 'static {
    /// Keeps an arrival durably. [`Patience::consumer`](crate::Patience::consumer) bounds the time, after which the
    /// future is dropped and the message centre asked to repeat the arrival; so it is if the consumer panics.
    fn take(&self, arrival: Arrival) -> Taking<'_>;

    /// A part of a message was taken, whose outcome had been [`Unproven`](crate::Verdict::Unproven): the answer
    /// came late. The message was handed over when that is known of each part whose id the outcome lacks. It is
    /// called where the session is kept, and must not take long.
    fn on_late(&self, _attempt: AttemptId, _late: Late) {}

    /// Something went wrong in the session.
    fn on_trouble(&self, _trouble: Trouble) {}
}
