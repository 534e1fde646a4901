mod bypass;
#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use tokio::sync::Notify;

use self::bypass::Bypass;
pub(crate) use self::bypass::WrittenPast;
use super::{
    outgoing::Outgoing,
    wire::Wire,
    written::{Receipt, Written},
};
use crate::protocol::TransferFormat;

/// Why a connection did not take a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The client reads more slowly than frames come; this frame was not queued.
    #[error("the connection's queue is full")]
    Full,
    /// The connection's protocol cannot hold an argument of the frame.
    #[error("the frame cannot be written for the connection")]
    Unwritable,
    /// The connection has not begun, is ending or has ended.
    #[error("the connection is gone")]
    Gone,
}

/// The frames that wait for one connection's socket, bounded by count and by bytes.
///
/// Senders push and never wait. While the connection's own task has something to do it pops and
/// writes; while it rests, whoever pushes writes to the socket past it, as far as the socket takes
/// it at once.
#[derive(Debug)]
pub(crate) struct SendQueue {
    limits: QueueLimits,
    inner: Mutex<Inner>,
    /// Wakes the connection's task: there is a frame, or the state changed.
    readable: Notify,
    /// Wakes senders that chose to wait for room.
    writable: Notify,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueLimits {
    pub(crate) frames: usize,
    pub(crate) bytes: usize,
    /// How many bytes one write past the task may put together.
    pub(crate) batch: usize,
}

#[derive(Debug, Default)]
struct Inner {
    frames: Outgoing,
    state: State,
    bypass: Bypass,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    /// Somebody asked for the end; the task has not acted on it yet.
    Closing {
        allow_reconnect: bool,
    },
    /// The caller's token expired; the task has not acted on it yet.
    Expiring,
    Gone,
}

/// What the connection's task finds when it looks into its queue.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Popped {
    Frame(Bytes),
    Empty,
    /// Close the connection; the frames before were all popped.
    Close {
        allow_reconnect: bool,
    },
    /// Close the connection because the caller's token expired.
    Expired,
}

/// Who brings a frame that was queued to the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carriage {
    /// The task, or somebody who owes a flush already.
    Seen,
    /// Whoever queued it, by [`SendQueue::flush`].
    Owed,
}

impl SendQueue {
    pub(crate) fn new(limits: QueueLimits) -> Self {
        Self {
            limits,
            inner: Mutex::default(),
            readable: Notify::new(),
            writable: Notify::new(),
        }
    }

    /// Takes a frame, or says why not. A lone frame is taken whatever its size.
    pub(crate) fn try_push(&self, now: Instant, frame: Bytes) -> Result<(), SendError> {
        self.push_with(now, frame, None)
    }

    /// Takes a frame as [`try_push`](Self::try_push) does, and reports when it was written.
    pub(crate) fn try_push_tracked(
        &self,
        now: Instant,
        frame: Bytes,
    ) -> Result<Written, SendError> {
        let (receipt, written) = Receipt::future();
        self.push_with(now, frame, Some(receipt))?;
        Ok(written)
    }

    fn push_with(
        &self,
        now: Instant,
        frame: Bytes,
        receipt: Option<Receipt>,
    ) -> Result<(), SendError> {
        let mut inner = self.lock();
        inner.admit(&frame, self.limits)?;
        let is_done = inner.bypass.is_quiet(now) && inner.write_past(now, &frame, self.limits);
        if is_done {
            inner.bypass.settle(receipt);
        } else {
            inner.frames.push(frame);
            inner.frames.track(receipt);
        }
        let needs_task = !is_done || inner.bypass.is_with_task();
        drop(inner);
        if needs_task {
            self.readable.notify_one();
        }
        Ok(())
    }

    /// Takes a frame as [`try_push`](Self::try_push) does, but writes nothing yet.
    pub(crate) fn try_enqueue(&self, now: Instant, frame: Bytes) -> Result<Carriage, SendError> {
        let mut inner = self.lock();
        inner.admit(&frame, self.limits)?;
        inner.frames.push(frame);
        if inner.bypass.is_awaited() {
            return Ok(Carriage::Seen);
        }
        if inner.bypass.is_quiet(now) {
            inner.bypass.await_flush();
            return Ok(Carriage::Owed);
        }
        drop(inner);
        self.readable.notify_one();
        Ok(Carriage::Seen)
    }

    /// Writes what waits, unless somebody else has done so or the task is about to.
    pub(crate) fn flush(&self, now: Instant) {
        let mut inner = self.lock();
        if !inner.bypass.end_wait() {
            return;
        }
        let is_done = inner.write_out(now, self.limits);
        let needs_task = !is_done || inner.bypass.is_with_task();
        drop(inner);
        self.writable.notify_waiters();
        if needs_task {
            self.readable.notify_one();
        }
    }

    /// Queues a frame as soon as there is room; fails only when the connection is gone.
    pub(crate) async fn push(
        &self,
        clock: impl Fn() -> Instant,
        frame: Bytes,
    ) -> Result<(), SendError> {
        loop {
            let room = self.writable.notified();
            match self.try_push(clock(), frame.clone()) {
                Err(SendError::Full) => room.await,
                outcome @ (Ok(()) | Err(SendError::Gone | SendError::Unwritable)) => {
                    return outcome;
                }
            }
        }
    }

    /// Takes the oldest frame, and what reports that it was written. An empty queue gives its
    /// storage back: idle connections keep none.
    pub(crate) fn pop(&self) -> (Popped, Vec<Receipt>) {
        let mut inner = self.lock();
        let Some(frame) = inner.frames.pop() else {
            return (inner.pop_end(), Vec::new());
        };
        let receipts = inner.frames.passed();
        drop(inner);
        self.writable.notify_waiters();
        (Popped::Frame(frame), receipts)
    }

    /// Takes a wish to close but no frame, while the client cannot read frames yet.
    pub(crate) fn pop_close(&self) -> Popped {
        self.lock().pop_end()
    }

    /// Lets senders write to a socket themselves whenever the task rests.
    pub(crate) fn open_bypass(&self, wire: Arc<Wire>, format: TransferFormat) {
        self.lock().bypass.open(wire, format);
    }

    /// The task rests, having written all that it has; unless something waits for it here.
    pub(crate) fn rest(&self) -> bool {
        let mut inner = self.lock();
        let is_idle = inner.frames.is_empty() && inner.state == State::Open;
        if is_idle {
            inner.bypass.rest();
        }
        is_idle
    }

    /// The task works: nobody else writes until it rests. Says what others wrote meanwhile.
    pub(crate) fn take_over(&self) -> WrittenPast {
        self.lock().bypass.take_over()
    }

    /// Waits until [`pop`](Self::pop) may have something new. Cancel safe; one waiter only.
    pub(crate) async fn changed(&self) {
        self.readable.notified().await;
    }

    /// Makes the connection's task look after other things that were left for it.
    pub(crate) fn wake(&self) {
        self.readable.notify_one();
    }

    /// Asks the connection's task to close after the frames queued so far.
    pub(crate) fn close(&self, allow_reconnect: bool) {
        self.end_by(State::Closing { allow_reconnect });
    }

    /// As [`close`](Self::close), because the caller's token expired.
    pub(crate) fn expire(&self) {
        self.end_by(State::Expiring);
    }

    fn end_by(&self, state: State) {
        let mut inner = self.lock();
        if inner.state == State::Open {
            inner.state = state;
        }
        drop(inner);
        self.readable.notify_one();
        self.writable.notify_waiters();
    }

    /// Drops all frames and takes no more.
    pub(crate) fn end(&self) {
        let mut inner = self.lock();
        *inner = Inner {
            state: State::Gone,
            ..Inner::default()
        };
        drop(inner);
        self.writable.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // No code under this lock can panic half-way through a change.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn admit(&self, frame: &Bytes, limits: QueueLimits) -> Result<(), SendError> {
        if self.state != State::Open {
            return Err(SendError::Gone);
        }
        let is_crowded =
            self.frames.len() >= limits.frames || self.frames.bytes() + frame.len() > limits.bytes;
        if is_crowded && !self.frames.is_empty() {
            return Err(SendError::Full);
        }
        Ok(())
    }

    /// Writes what waits and then a frame; says whether all that is done with.
    fn write_past(&mut self, now: Instant, frame: &Bytes, limits: QueueLimits) -> bool {
        self.write_out(now, limits) && !self.bypass.is_with_task() && self.bypass.write(now, frame)
    }

    /// Writes what waits, as far as the socket takes it; the rest is left for the task.
    fn write_out(&mut self, now: Instant, limits: QueueLimits) -> bool {
        while !self.bypass.is_with_task()
            && let Some(joined) = self.frames.take_batch(limits.batch)
        {
            if self.bypass.write(now, &joined) {
                let receipts = self.frames.passed();
                self.bypass.settle(receipts);
            } else {
                self.frames.push_front(joined);
            }
        }
        self.frames.is_empty()
    }

    /// Takes a wish to close, once.
    fn pop_end(&mut self) -> Popped {
        let popped = match self.state {
            State::Open | State::Gone => return Popped::Empty,
            State::Closing { allow_reconnect } => Popped::Close { allow_reconnect },
            State::Expiring => Popped::Expired,
        };
        self.state = State::Gone;
        popped
    }
}
