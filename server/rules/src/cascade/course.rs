//! Where a delivery stands in its cascade.

use jiff::Timestamp;
use vestnik_model::{
    Reason,
    publish::{Step, Steps},
};

/// Where a delivery stands in its cascade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// The number of its step, from 0.
    pub step: u8,
    /// When that step began.
    pub began_at: Timestamp,
    /// When the delivery was opened to further devices; absent if it never was.
    pub opened_at: Option<Timestamp>,
    /// When it is looked at again; absent when nothing waits.
    pub due_at: Option<Timestamp>,
    /// Whether it waits for hours that are closed: it is looked at again when they open, or when they change.
    pub is_put_off: bool,
    /// Why the step before gave way to that step; absent for the first one.
    pub switched: Option<Reason>,
}

impl Course {
    /// At the beginning of its first step, to be looked at now.
    #[must_use]
    pub const fn new(now: Timestamp) -> Self {
        Self {
            step: 0,
            began_at: now,
            opened_at: None,
            due_at: Some(now),
            is_put_off: false,
            switched: None,
        }
    }

    /// The same, to be looked at now, if it waits for hours that may have changed.
    #[must_use]
    pub fn asked_anew(self, now: Timestamp) -> Option<Self> {
        let waits = self.is_put_off && self.due_at.is_some_and(|due| due > now);
        waits.then_some(Self {
            due_at: Some(now),
            is_put_off: false,
            ..self
        })
    }

    /// Until when a try makes sense: the end of the step, and of the notification.
    #[must_use]
    pub fn tries_until(&self, steps: &Steps, expires_at: Timestamp) -> Timestamp {
        let step = steps.get(self.step);
        let end = step.and_then(|step| self.step_end(step));
        end.map_or(expires_at, |end| end.min(expires_at))
    }

    /// From when on devices have the window in which they can confirm over their connection.
    pub(super) fn window_from(&self) -> Timestamp {
        self.opened_at
            .map_or(self.began_at, |opened_at| opened_at.max(self.began_at))
    }

    /// When the step gives way to the next; the last one never does.
    pub(super) fn step_end(&self, step: &Step) -> Option<Timestamp> {
        let end = self.began_at.checked_add(step.within?);
        Some(end.unwrap_or(Timestamp::MAX))
    }
}
