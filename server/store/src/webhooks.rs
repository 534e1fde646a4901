//! Webhooks: where an App's events are sent.
//!
//! A webhook that is enabled has a row of work of kind [`Webhook`](vestnik_rules::work::WorkKind::Webhook).
//! It is due at once while there are events behind the webhook's cursor, at the time of the next try while
//! the receiver fails, and otherwise [never](vestnik_rules::webhook::IDLE): the transaction that writes an
//! event of the App makes it due, so that no event waits for somebody to look.
//!
//! Whoever claims the row asks [`Webhooks::webhook_turn`] for the webhook, reads events by
//! [`Events::happened`](crate::Events::happened), sends them one after the other, and calls
//! [`Webhooks::note_webhook`] after each. Nothing is sent within a transaction. What the cursor has passed
//! is never sent again by itself; what was taken by a receiver and not noted is sent again under its id.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use vestnik_model::{AppId, EventId, EventKind, WebhookId};
use vestnik_rules::{
    webhook::{Change, Note, State, Target, Webhook},
    work::Claim,
};

use crate::{Answer, effect::Told};

/// Webhooks of Apps.
pub trait Webhooks {
    /// Makes a webhook, which is sent what happens from now on. Effect: none.
    fn create_webhook(&self, new: NewWebhook) -> Answer<'_, WebhookCreated>;
    /// A webhook of an App.
    fn webhook(&self, app: AppId, id: WebhookId) -> Answer<'_, Option<Known>>;
    /// The webhooks of an App by id: as many as an App may have.
    fn webhooks(&self, app: AppId) -> Answer<'_, Vec<Known>>;
    /// Changes a webhook by [`vestnik_rules::webhook::change`]. Effect: `WorkDue`.
    fn change_webhook(&self, changing: Changing) -> Answer<'_, WebhookChanged>;
    /// Deletes a webhook; tells whether there was one.
    fn delete_webhook(&self, app: AppId, id: WebhookId) -> Answer<'_, bool>;
    /// The webhook of a claimed row; none if the claim does not hold it, or if it is disabled or deleted,
    /// when the row is deleted.
    fn webhook_turn(&self, claim: Claim) -> Answer<'_, Option<Known>>;
    /// Notes how far a claimed row's webhook is, and puts the row back unless the turn goes on. None if the
    /// claim does not hold it: nothing was noted. Effect: `WorkDue`.
    fn note_webhook(&self, noting: Noting) -> Answer<'_, Option<State>>;
}

/// A webhook to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWebhook {
    /// The tenant.
    pub app: AppId,
    /// Its id.
    pub id: WebhookId,
    /// Where its events go.
    pub target: Target,
    /// The kinds of events; every kind if absent.
    pub events: Option<BTreeSet<EventKind>>,
    /// The most webhooks of an App.
    pub max: u32,
    /// The time.
    pub now: Timestamp,
}

/// Whether a webhook was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookCreated {
    /// It was.
    Made(Known),
    /// The App has as many as it may have.
    Full,
}

/// A webhook as it is now. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The webhook.
    pub webhook: Arc<Webhook>,
    /// The last of the events behind its cursor that are kept no longer.
    pub missed: Option<EventId>,
}

impl Known {
    /// A webhook of an App of whose events those up to a number are kept no longer.
    #[must_use]
    pub fn of(webhook: Webhook, swept: u64) -> Self {
        Self {
            missed: webhook.state.missed(swept),
            webhook: Arc::new(webhook),
        }
    }
}

/// A change to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changing {
    /// The tenant.
    pub app: AppId,
    /// The webhook.
    pub id: WebhookId,
    /// The change.
    pub change: Change,
    /// The time.
    pub now: Timestamp,
}

/// What a change came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookChanged {
    /// There is no such webhook.
    Unknown,
    /// It was to go on behind an event that is not there.
    Beyond,
    /// It was changed.
    Changed(Known),
}

/// What to note of a claimed row's webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noting {
    /// The claim.
    pub claim: Claim,
    /// What became of events.
    pub note: Note,
    /// Whether the turn goes on: the claim holds the row.
    pub goes_on: bool,
    /// The time.
    pub now: Timestamp,
}

/// What the App's backend is told if a webhook is sent nothing any more from now on.
#[must_use]
pub fn disabled(webhook: WebhookId, before: &State, after: &State) -> Option<Told> {
    let (reason, _) = after.disabled.filter(|_| before.disabled.is_none())?;
    Some(Told::WebhookDisabled { webhook, reason })
}
