//! Whether what is being sent may be at its peer, for somebody who gives up waiting.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// Whether what a sender is handing over may be at its peer by now. Clones share it.
///
/// The future that sends something is dropped when nobody waits any longer, and gives no outcome then. This
/// says what its outcome would have been: ask [`may_be_taken`](Self::may_be_taken) *after* the future was
/// dropped.
///
/// What is sent in several requests, one after the other, has one `Writing`: each
/// [`begin`](Self::begin) is about the next one, and what its peer refused is
/// [taken back](Self::take_back).
///
/// ```
/// use vestnik_outbound::Writing;
///
/// let writing = Writing::default();
/// assert!(!writing.may_be_taken());
/// writing.begin().set();
/// assert!(writing.may_be_taken());
/// // The peer answered that it did not take it.
/// writing.take_back();
/// assert!(!writing.may_be_taken());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Writing(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    written: Written,
    collapses: bool,
}

/// Whether the last byte of one request was written, or copied to where it is written from. Until then the
/// peer cannot have the whole request.
#[derive(Debug, Clone, Default)]
pub struct Written(Arc<AtomicBool>);

impl Writing {
    /// The mark of a request that is written next. That of the one before says nothing any more.
    #[must_use]
    pub fn begin(&self) -> Written {
        let written = Written::default();
        self.lock().written = written.clone();
        written
    }

    /// Notes whether the peer that is written to next takes a repetition as the same: who gives up waiting for its
    /// answer knows then whether to repeat.
    pub fn collapsing(&self, collapses: bool) {
        self.lock().collapses = collapses;
    }

    /// Whether the peer that was written to last takes a repetition as the same.
    #[must_use]
    pub fn collapses(&self) -> bool {
        self.lock().collapses
    }

    /// The peer is known not to have taken what was written.
    pub fn take_back(&self) {
        self.lock().written = Written::default();
    }

    /// Whether the peer may have taken something.
    #[must_use]
    pub fn may_be_taken(&self) -> bool {
        self.lock().written.is()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Written {
    /// The last byte was written.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn is(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
