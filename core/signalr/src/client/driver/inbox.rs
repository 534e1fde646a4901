//! The items of a stream on their way to who reads it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use tokio::sync::mpsc::error::TrySendError;

use super::{command::Items, error::CallError};
use crate::{client::clock, payload::Payload};

/// How long nothing is heard for the sake of a reader that has no room. A reader that reads makes
/// room at once: it only had no turn yet.
const PATIENCE: Duration = Duration::from_millis(500);

/// The items of one stream. What one socket message brings may be more than the reader has room
/// for: the rest waits here, and nothing more is heard meanwhile.
#[derive(Debug)]
pub(super) struct Inbox {
    items: Items,
    waiting: VecDeque<Payload>,
    /// When the reader must have taken what waits.
    until: Option<Instant>,
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    /// The reader has it.
    Taken,
    /// It waits for room: see [`Inbox::empty`].
    Waits,
    /// Nobody reads any more.
    Unread,
}

impl Inbox {
    pub(super) const fn new(items: Items) -> Self {
        Self {
            items,
            waiting: VecDeque::new(),
            until: None,
        }
    }

    pub(super) fn put(&mut self, now: Instant, item: Payload) -> Put {
        if !self.waiting.is_empty() {
            self.waiting.push_back(item);
            return Put::Waits;
        }
        match self.items.try_reserve() {
            Ok(place) => {
                place.send(Ok(item));
                Put::Taken
            }
            Err(TrySendError::Full(())) => {
                self.waiting.push_back(item);
                self.until = Some(now + PATIENCE);
                Put::Waits
            }
            Err(TrySendError::Closed(())) => Put::Unread,
        }
    }

    /// Gives the reader what waits, and says whether it took it all in time. Cancel safe.
    pub(super) async fn empty(&mut self) -> bool {
        let Some(until) = self.until else {
            return true;
        };
        tokio::select! {
            biased;
            is_taken = self.give() => is_taken,
            () = tokio::time::sleep(until.saturating_duration_since(clock::now())) => false,
        }
    }

    async fn give(&mut self) -> bool {
        while !self.waiting.is_empty() {
            let Ok(place) = self.items.reserve().await else {
                return false;
            };
            if let Some(item) = self.waiting.pop_front() {
                place.send(Ok(item));
            }
        }
        true
    }

    /// Ends the stream, after what waits.
    pub(super) fn end(mut self, error: Option<CallError>) {
        if error.is_some() || !self.waiting.is_empty() {
            tokio::spawn(async move {
                self.give().await;
                if let Some(error) = error {
                    self.items.send(Err(error)).await.ok();
                }
            });
        }
    }

    /// Ends the stream without what waits, as its reader is too slow.
    pub(super) fn give_up(mut self) {
        self.waiting.clear();
        self.end(Some(CallError::Lagged));
    }
}
