use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;

use crate::{
    protocol::TransferFormat,
    server::{
        wire::{Offered, Wire},
        written::Receipt,
    },
};

/// A frame so soon after the last is left for the task: others will follow, and it puts them
/// together in one write.
const BURST: Duration = Duration::from_micros(100);

/// The way to the socket past the connection's task.
#[derive(Debug, Default)]
pub(super) struct Bypass {
    /// Nothing while there is no such way, as over any transport but a plain WebSocket.
    wire: Option<(Arc<Wire>, TransferFormat)>,
    standing: Standing,
    last_write: Option<Instant>,
    /// Of the messages whose write the task has to carry through.
    begun: Vec<Receipt>,
}

/// What was written past the task.
#[derive(Debug)]
pub(crate) struct WrittenPast {
    /// When that was last.
    pub(crate) last: Option<Instant>,
    /// The receipts of messages of which the socket took a part only.
    pub(crate) begun: Vec<Receipt>,
}

/// Who writes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The task, which looks into the queue before it rests.
    #[default]
    Task,
    /// Whoever pushes.
    Pusher,
    /// Whoever owes a flush.
    Awaited,
}

impl Bypass {
    pub(super) fn open(&mut self, wire: Arc<Wire>, format: TransferFormat) {
        self.wire = Some((wire, format));
    }

    pub(super) fn rest(&mut self) {
        if self.wire.is_some() {
            self.standing = Standing::Pusher;
        }
    }

    pub(super) fn take_over(&mut self) -> WrittenPast {
        self.standing = Standing::Task;
        WrittenPast {
            last: self.last_write,
            begun: std::mem::take(&mut self.begun),
        }
    }

    /// Reports messages that [`write`](Self::write) is done with: at once, or when the task has
    /// written what the socket did not take.
    pub(super) fn settle(&mut self, receipts: impl IntoIterator<Item = Receipt>) {
        if self.is_with_task() {
            self.begun.extend(receipts);
        } else {
            receipts.into_iter().for_each(Receipt::confirm);
        }
    }

    /// Says whether a pusher may write, and nothing was written just before.
    pub(super) fn is_quiet(&self, now: Instant) -> bool {
        let is_quiet = |last| now.saturating_duration_since(last) >= BURST;
        !self.is_with_task() && self.last_write.is_none_or(is_quiet)
    }

    pub(super) fn is_awaited(&self) -> bool {
        self.standing == Standing::Awaited
    }

    pub(super) fn await_flush(&mut self) {
        self.standing = Standing::Awaited;
    }

    /// Says whether the flush that was owed still is, and is owed no more.
    pub(super) fn end_wait(&mut self) -> bool {
        let is_awaited = self.is_awaited();
        if is_awaited {
            self.standing = Standing::Pusher;
        }
        is_awaited
    }

    pub(super) fn is_with_task(&self) -> bool {
        self.standing == Standing::Task
    }

    /// Writes messages past the task; says whether they are done with. The task has the word again
    /// when the socket did not take all of them.
    pub(super) fn write(&mut self, now: Instant, messages: &Bytes) -> bool {
        let Some((wire, format)) = &self.wire else {
            return false;
        };
        let offered = wire.offer(*format, messages);
        match offered {
            Offered::Whole => {}
            Offered::Begun | Offered::Refused => self.standing = Standing::Task,
        }
        let is_done = offered != Offered::Refused;
        if is_done {
            self.last_write = Some(now);
        }
        is_done
    }
}
