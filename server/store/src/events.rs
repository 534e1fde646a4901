//! What happened in an App, for its backend.

use jiff::Timestamp;
use vestnik_model::{AppId, DeliveryStatus, EventId, NotificationId, NotificationStatus};

use crate::{
    Answer,
    effect::{ChangedDelivery, Effect, Event, Responded, Told},
};

/// The event table, as one App may read it.
pub trait Events {
    /// What happened from a number on, oldest first.
    fn happened(&self, asked: Asked) -> Answer<'_, HappenedPage>;
    /// The place behind which the App's events of a time, and later ones, are; the end if there is none.
    /// A clock that was set back can hide some that are older than their neighbours.
    fn event_before(&self, app: AppId, at: Timestamp) -> Answer<'_, EventId>;
}

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The tenant.
    pub app: AppId,
    /// The number of the first event.
    pub from: u64,
    /// The most rows that are looked at.
    pub rows: u32,
    /// A page ends with the row with which it has at least so many deliveries: a row can have as many
    /// as a part of an audience.
    pub deliveries: u32,
}

/// A page of what happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HappenedPage {
    /// What happened, oldest first, without what is about notifications that were deleted since.
    pub rows: Vec<Happened>,
    /// The number of the last row that was looked at; none if there was none.
    pub seen: Option<u64>,
    /// The number of the last event of the App that is kept no longer, 0 before the first. One at or behind
    /// the place that the page begins at is missing in it.
    pub swept: u64,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// The number of its event.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// What the sender calls the notification that it is about.
    pub names: Names,
    /// What.
    pub what: What,
}

/// What a sender calls a notification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// The sender's own number for it.
    pub external_id: Option<String>,
    /// The process that it belongs to.
    pub correlation_id: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A notification changed.
    Changed(Changed),
    /// A person did something with a button of a notification.
    Responded {
        /// The notification.
        notification: NotificationId,
        /// What they did.
        responded: Responded,
    },
    /// Something else.
    Told(Told),
}

/// A change of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The notification.
    pub notification: NotificationId,
    /// The deliveries that changed one by one.
    pub deliveries: Vec<ChangedDelivery>,
    /// How many deliveries came to each status.
    pub reached: Vec<(DeliveryStatus, u64)>,
    /// The status that the notification came to; none if it stayed.
    pub became: Option<NotificationStatus>,
}

impl What {
    /// What an effect tells the App's backend; none if it is told nothing of it.
    #[must_use]
    pub fn of(effect: Effect) -> Option<Self> {
        match effect {
            Effect::NotificationChanged {
                notification,
                deliveries,
                reached,
                became,
            } => Some(Self::Changed(Changed {
                notification,
                deliveries,
                reached,
                became,
            })),
            Effect::Responded {
                notification,
                responded,
            } => Some(Self::Responded {
                notification,
                responded,
            }),
            Effect::Told(told) => Some(Self::Told(told)),
            Effect::LogGrew { .. }
            | Effect::Stopped { .. }
            | Effect::Revoked(_)
            | Effect::WorkDue { .. } => None,
        }
    }

    /// The notification that it is about, if it is about one.
    #[must_use]
    pub const fn notification(&self) -> Option<NotificationId> {
        match self {
            Self::Changed(changed) => Some(changed.notification),
            Self::Responded { notification, .. } => Some(*notification),
            Self::Told(told) => told.notification(),
        }
    }
}

impl Happened {
    /// How many deliveries it names.
    #[must_use]
    pub fn named(&self) -> usize {
        match &self.what {
            What::Changed(changed) => changed.deliveries.len(),
            What::Told(Told::Deliveries { whose, .. }) => whose.len(),
            What::Responded { .. }
            | What::Told(
                Told::Settled { .. }
                | Told::Provider { .. }
                | Told::Installation { .. }
                | Told::Preference { .. }
                | Told::WebhookDisabled { .. },
            ) => 1,
        }
    }

    /// An event with what the sender calls its notification; none if the App's backend is told nothing of it.
    #[must_use]
    pub fn of(event: Event, names: Names) -> Option<Self> {
        let Event {
            number,
            app: _,
            at,
            effect,
        } = event;
        Some(Self {
            number,
            at,
            names,
            what: What::of(effect)?,
        })
    }
}
