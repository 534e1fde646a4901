//! Webhooks: where a receiver stands in its App's events, and what its answers change.
//!
//! A webhook is a reader of the event table with a cursor. Its events are sent one after the other; the
//! cursor moves in the commit after the receiver took one, so none is lost, none overtakes another, and
//! a crash between both sends one again under the same id. A receiver that does not take an event is
//! asked again by [`vestnik_webhook::schedule`] and disabled after its last try, or at once if it says
//! that it is gone.
//!
//! Events are kept for [`EVENTS_KEPT`](crate::work::EVENTS_KEPT). A webhook that falls behind that is
//! told by an event of its own ([`State::missed`]).
//!
//! ```
//! use vestnik_model::{EventId, webhook::WebhookAnswer};
//! use vestnik_rules::webhook::{Note, State, Tried, Verdict};
//!
//! let now = "2026-11-28T09:00:00Z".parse()?;
//! let state = State::new(41);
//! let tried = Tried {
//!     event: EventId::of(42),
//!     verdict: Verdict::of(503, None),
//!     answer: WebhookAnswer { at: now, status: Some(503), trouble: None },
//! };
//! let state = state.noted(&Note { passed: None, tried: Some(tried), random: 100 }, now);
//! assert_eq!(state.cursor, EventId::of(41));
//! let again = state.retry_at.unwrap();
//! assert_eq!(again.duration_since(now).as_secs(), 5);
//! # Ok::<(), jiff::Error>(())
//! ```

use std::{collections::BTreeSet, fmt};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use vestnik_model::{
    EventId, EventKind, WebhookId,
    webhook::{WebhookAnswer, WebhookDisabledReason},
};
pub use vestnik_webhook::Verdict;
use vestnik_webhook::schedule;

use crate::identity::half;

/// When the row of work of a webhook is due that has nothing to send: never. An event of the App makes
/// it due.
pub const IDLE: Timestamp = Timestamp::constant(253_370_764_800, 0);

/// What a webhook's requests are signed with, as texts. At most two keys, so that a receiver can change
/// over.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    current: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    former: Option<Former>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Former {
    key: String,
    until: Timestamp,
}

impl Keys {
    /// One key.
    #[must_use]
    pub const fn new(key: String) -> Self {
        Self {
            current: key,
            former: None,
        }
    }

    /// A new key; the present one signs beside it up to a time. One that was former already signs no
    /// longer.
    #[must_use]
    pub fn rotated(self, key: String, until: Timestamp) -> Self {
        let former = Former {
            key: self.current,
            until,
        };
        Self {
            current: key,
            former: Some(former),
        }
    }

    /// The present key.
    #[must_use]
    pub fn current(&self) -> &str {
        &self.current
    }

    /// What signs now, the present key first.
    #[must_use]
    pub fn signing(&self, now: Timestamp) -> Vec<&str> {
        let former = self.former.iter().filter(|former| now < former.until);
        let former = former.map(|former| former.key.as_str());
        std::iter::once(self.current.as_str())
            .chain(former)
            .collect()
    }

    /// Until when a former key signs too, if one does.
    #[must_use]
    pub fn former_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.former.as_ref()?.until;
        (now < until).then_some(until)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

/// Where events are sent and how they are signed: what is kept sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The address. It may have a password in it.
    pub url: String,
    /// The keys.
    pub keys: Keys,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Target")
    }
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where its events go.
    pub target: Target,
    /// The kinds of events that it is sent; every kind if absent.
    pub events: Option<BTreeSet<EventKind>>,
    /// How it does.
    pub state: State,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Webhook {
    /// Whether an event of a kind is sent.
    #[must_use]
    pub fn wants(&self, kind: EventKind) -> bool {
        let events = self.events.as_ref();
        kind.is_of_webhook() || events.is_none_or(|events| events.contains(&kind))
    }
}

/// Whether an App with so many webhooks may have another.
#[must_use]
pub const fn has_room(count: u32, max: u32) -> bool {
    count < max
}

/// How a webhook does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Events up to this one were taken or not wanted.
    pub cursor: EventId,
    /// Why nothing is sent, and since when.
    pub disabled: Option<(WebhookDisabledReason, Timestamp)>,
    /// How often in a row the event behind the cursor failed.
    pub failures: u32,
    /// Since when it fails.
    pub failing_since: Option<Timestamp>,
    /// When it is tried again.
    pub retry_at: Option<Timestamp>,
    /// What the last request came to.
    pub last: Option<WebhookAnswer>,
}

/// What is to be noted of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Events up to this one are not wanted.
    pub passed: Option<EventId>,
    /// The event behind them was sent.
    pub tried: Option<Tried>,
    /// A random number, which spreads the next tries.
    pub random: u64,
}

/// What became of an event that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The event.
    pub event: EventId,
    /// What the answer means.
    pub verdict: Verdict,
    /// The answer.
    pub answer: WebhookAnswer,
}

impl State {
    /// A webhook that is sent what happens behind the event of this number.
    #[must_use]
    pub const fn new(last: u64) -> Self {
        Self {
            cursor: EventId::of(last),
            disabled: None,
            failures: 0,
            failing_since: None,
            retry_at: None,
            last: None,
        }
    }

    /// The state after something was noted.
    #[must_use]
    pub fn noted(mut self, note: &Note, now: Timestamp) -> Self {
        if let Some(passed) = note.passed {
            self.cursor = self.cursor.max(passed);
        }
        let Some(tried) = &note.tried else {
            return self;
        };
        self.last = Some(tried.answer.clone());
        match tried.verdict {
            Verdict::Taken => {
                self.cursor = self.cursor.max(tried.event);
                self.recovered()
            }
            Verdict::Gone => self.disabled(WebhookDisabledReason::Gone, now),
            Verdict::Failed { slow } => {
                let slow = slow.and_then(|slow| SignedDuration::try_from(slow).ok());
                self.failed(slow.unwrap_or_default(), note.random, now)
            }
        }
    }

    fn failed(mut self, slow: SignedDuration, random: u64, now: Timestamp) -> Self {
        self.failures = self.failures.saturating_add(1);
        self.failing_since = self.failing_since.or(Some(now));
        let wait = schedule::wait(self.failures, random);
        let Some(wait) = wait.and_then(|wait| SignedDuration::try_from(wait).ok()) else {
            return self.disabled(WebhookDisabledReason::Failing, now);
        };
        let retry_at = now.checked_add(wait.max(slow));
        self.retry_at = Some(retry_at.unwrap_or(Timestamp::MAX));
        self
    }

    fn recovered(mut self) -> Self {
        self.failures = 0;
        (self.failing_since, self.retry_at) = (None, None);
        self
    }

    /// Nothing is sent any more. The first reason stands; what is known of failures stays visible.
    #[must_use]
    pub fn disabled(mut self, reason: WebhookDisabledReason, now: Timestamp) -> Self {
        self.retry_at = None;
        self.disabled = self.disabled.or(Some((reason, now)));
        self
    }

    /// Events are sent from the cursor on, the next one at once.
    #[must_use]
    pub fn enabled(mut self) -> Self {
        self.disabled = None;
        self.recovered()
    }

    /// The address is another one: what failed at the former is tried at once.
    #[must_use]
    pub fn moved(self) -> Self {
        self.recovered()
    }

    /// Goes on behind another event, at once.
    #[must_use]
    pub fn replayed(mut self, after: EventId) -> Self {
        self.cursor = after;
        self.recovered()
    }

    /// When there is something to do: never if it is disabled, [`IDLE`] if nothing is to be sent.
    #[must_use]
    pub fn due(&self, has_more: bool, now: Timestamp) -> Option<Timestamp> {
        match (self.disabled, self.retry_at) {
            (Some(_), _) => None,
            (None, Some(retry_at)) => Some(retry_at),
            (None, None) if has_more => Some(now),
            (None, None) => Some(IDLE),
        }
    }

    /// The last of the events behind the cursor that are kept no longer, if there are any; `swept` is
    /// the number of the last event of the App that was deleted because of its age, 0 before the first.
    #[must_use]
    pub fn missed(&self, swept: u64) -> Option<EventId> {
        missed(self.cursor, swept)
    }
}

/// The id of the event that tells a webhook that what lies behind one event and up to another is kept no
/// longer. No event has it that a receiver could have already; it lies at the place of the last one that is
/// missed, so that a receiver can read on behind it.
#[must_use]
pub fn gap_id(webhook: WebhookId, after: EventId, up_to: EventId) -> EventId {
    let part = format!("{webhook} {after} {up_to}");
    EventId::behind(up_to.number, half(b"gap", part.as_bytes()))
}

/// The last of the events behind a cursor that are kept no longer, if there are any; see [`State::missed`].
#[must_use]
pub fn missed(cursor: EventId, swept: u64) -> Option<EventId> {
    (swept > 0 && cursor.next_number() <= swept).then_some(EventId::of(swept))
}

/// What an administrator changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Another address, other kinds of events; what is absent stays.
    Edit {
        /// The address.
        url: Option<String>,
        /// The kinds, every kind if none is named.
        events: Option<Option<BTreeSet<EventKind>>>,
    },
    /// A new key; the present one signs beside it up to a time.
    Rotate {
        /// The key.
        key: SecretText,
        /// Up to when.
        until: Timestamp,
    },
    /// Send.
    Enable,
    /// Do not send.
    Disable,
    /// Go on behind an event.
    Replay(EventId),
}

/// A key as text, which is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(pub String);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText")
    }
}

/// An event is not there yet: it belongs to a history that a restore has undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beyond;

/// A webhook after a change; the second value tells whether a turn that is under way ends, its request
/// counts no longer, and the row of work begins anew. That is so whenever the turn would go on with another
/// address, other kinds, other keys or another place than the webhook's: it would pass over events that are
/// wanted now, or sign by a key that was withdrawn. `last` is the number of the last event.
///
/// # Errors
/// [`Beyond`] if it is to go on behind an event that is not there.
pub fn change(
    mut webhook: Webhook,
    change: Change,
    last: u64,
    now: Timestamp,
) -> Result<(Webhook, bool), Beyond> {
    let before = webhook.clone();
    let state = webhook.state;
    let (state, is_asked) = match change {
        Change::Edit { url, events } => {
            webhook.events = events.unwrap_or(webhook.events);
            let is_moved = url.is_some();
            webhook.target.url = url.unwrap_or(webhook.target.url);
            let state = if is_moved { state.moved() } else { state };
            (state, is_moved)
        }
        Change::Rotate { key, until } => {
            webhook.target.keys = webhook.target.keys.rotated(key.0, until);
            (state, false)
        }
        Change::Enable => (state.enabled(), true),
        Change::Disable => (state.disabled(WebhookDisabledReason::Operator, now), true),
        Change::Replay(after) if after.number > last => return Err(Beyond),
        Change::Replay(after) => (state.replayed(after), true),
    };
    webhook.state = state;
    let is_anew = is_asked || webhook != before;
    Ok((webhook, is_anew))
}

#[cfg(test)]
mod tests;
