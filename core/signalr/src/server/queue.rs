use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio::sync::Notify;

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
/// Senders push and never wait; the connection's own task pops.
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
}

#[derive(Debug, Default)]
struct Inner {
    frames: VecDeque<Bytes>,
    bytes: usize,
    state: State,
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

impl SendQueue {
    pub(crate) fn new(limits: QueueLimits) -> Self {
        Self {
            limits,
            inner: Mutex::default(),
            readable: Notify::new(),
            writable: Notify::new(),
        }
    }

    /// Queues a frame, or says why not. A lone frame is taken whatever its size.
    pub(crate) fn try_push(&self, frame: Bytes) -> Result<(), SendError> {
        let mut inner = self.lock();
        if inner.state != State::Open {
            return Err(SendError::Gone);
        }
        let crowded = inner.frames.len() >= self.limits.frames
            || inner.bytes + frame.len() > self.limits.bytes;
        if crowded && !inner.frames.is_empty() {
            return Err(SendError::Full);
        }
        inner.bytes += frame.len();
        inner.frames.push_back(frame);
        drop(inner);
        self.readable.notify_one();
        Ok(())
    }

    /// Queues a frame as soon as there is room; fails only when the connection is gone.
    pub(crate) async fn push(&self, frame: Bytes) -> Result<(), SendError> {
        loop {
            let room = self.writable.notified();
            match self.try_push(frame.clone()) {
                Err(SendError::Full) => room.await,
                outcome @ (Ok(()) | Err(SendError::Gone | SendError::Unwritable)) => {
                    return outcome;
                }
            }
        }
    }

    /// Takes the oldest frame. An empty queue gives its storage back: idle connections keep none.
    pub(crate) fn pop(&self) -> Popped {
        let mut inner = self.lock();
        let Some(frame) = inner.frames.pop_front() else {
            inner.frames = VecDeque::new();
            return inner.pop_end();
        };
        inner.bytes -= frame.len();
        drop(inner);
        self.writable.notify_waiters();
        Popped::Frame(frame)
    }

    /// Takes a wish to close but no frame, while the client cannot read frames yet.
    pub(crate) fn pop_close(&self) -> Popped {
        self.lock().pop_end()
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    fn queue(frames: usize, bytes: usize) -> SendQueue {
        SendQueue::new(QueueLimits { frames, bytes })
    }

    fn frame(length: usize) -> Bytes {
        Bytes::from(vec![b'x'; length])
    }

    #[test]
    fn is_bounded_by_count() {
        let queue = queue(2, 1_000);
        assert_eq!(queue.try_push(frame(1)), Ok(()));
        assert_eq!(queue.try_push(frame(1)), Ok(()));
        assert_eq!(queue.try_push(frame(1)), Err(SendError::Full));
        assert_eq!(queue.pop(), Popped::Frame(frame(1)));
        assert_eq!(queue.try_push(frame(1)), Ok(()));
    }

    #[test]
    fn is_bounded_by_bytes_but_takes_one_large_frame() {
        let queue = queue(100, 10);
        assert_eq!(queue.try_push(frame(50)), Ok(()));
        assert_eq!(queue.try_push(frame(1)), Err(SendError::Full));
        assert_eq!(queue.pop(), Popped::Frame(frame(50)));
        assert_eq!(queue.try_push(frame(6)), Ok(()));
        assert_eq!(queue.try_push(frame(5)), Err(SendError::Full));
        assert_eq!(queue.try_push(frame(4)), Ok(()));
    }

    #[test]
    fn closes_after_what_was_queued() {
        let queue = queue(10, 10);
        queue.try_push(frame(1)).unwrap();
        queue.close(true);
        queue.close(false);
        assert_eq!(queue.try_push(frame(1)), Err(SendError::Gone));
        assert_eq!(queue.pop(), Popped::Frame(frame(1)));
        assert_eq!(
            queue.pop(),
            Popped::Close {
                allow_reconnect: true
            }
        );
        assert_eq!(queue.pop(), Popped::Empty);
    }

    #[tokio::test(start_paused = true)]
    async fn a_patient_sender_is_woken_by_room_and_by_the_end() {
        let queue = queue(1, 10);
        queue.try_push(frame(1)).unwrap();
        let patient = async || {
            tokio::time::timeout(PATIENCE, queue.push(frame(2)))
                .await
                .unwrap()
        };
        let (sent, popped) = tokio::join!(patient(), async { queue.pop() });
        assert_eq!((sent, popped), (Ok(()), Popped::Frame(frame(1))));
        let (sent, ()) = tokio::join!(patient(), async { queue.end() });
        assert_eq!(sent, Err(SendError::Gone));
    }
}
