//! What a message that came to where bounces go says of a letter.

use serde::{Deserialize, Serialize};

use crate::{
    id::{DeliveryId, NotificationId, UserId},
    open::{Open, words},
    reason::Reason,
};

/// What a message says of a letter of the App.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BounceOutcome {
    /// The letter will not be delivered.
    Lost,
    /// It was not delivered yet; the mail server goes on.
    Delayed,
    /// It lies in the mailbox, or went to a server that sends no reports.
    Arrived,
    /// The message is no delivery report: an answer of a person or a machine.
    NoReport,
    /// It is about no letter of the App that is known.
    NoLetter,
    /// It does not say what became of the letter.
    NoFate,
}

words!(BounceOutcome {
    Lost = "lost",
    Delayed = "delayed",
    Arrived = "arrived",
    NoReport = "no_report",
    NoLetter = "no_letter",
    NoFate = "no_fate",
});

/// What became of a message that came to where bounces go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BounceView {
    /// What it says.
    #[cfg_attr(feature = "openapi", schema(value_type = BounceOutcome))]
    pub outcome: Open<BounceOutcome>,
    /// The notification that the letter brought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub notification_id: Option<NotificationId>,
    /// Its delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub delivery_id: Option<DeliveryId>,
    /// The user who was written to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub user: Option<UserId>,
    /// Why the letter is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Reason>))]
    pub reason: Option<Open<Reason>>,
    /// Whether the letter counts as lost by this message; not, if it did before.
    #[serde(default)]
    pub is_news: bool,
    /// Whether the user's mailbox died by this message: it gets no letters for a while.
    #[serde(default)]
    pub mailbox_died: bool,
}

impl BounceView {
    /// A message of which nothing more is known.
    #[must_use]
    pub const fn of(outcome: BounceOutcome) -> Self {
        Self {
            outcome: Open::Known(outcome),
            notification_id: None,
            delivery_id: None,
            user: None,
            reason: None,
            is_news: false,
            mailbox_died: false,
        }
    }
}
