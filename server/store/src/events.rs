//! What happened to an App's notifications, for its backend.

use jiff::Timestamp;
use vestnik_model::{AppId, DeliveryStatus, EventId, NotificationId, NotificationStatus};

use crate::{
    Answer,
    effect::{ChangedDelivery, Effect, Event, Responded},
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

/// A change of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// The number of its event.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// The notification.
    pub notification: NotificationId,
    /// The sender's own number for it.
    pub external_id: Option<String>,
    /// The process that it belongs to.
    pub correlation_id: Option<String>,
    /// The deliveries that changed one by one.
    pub deliveries: Vec<ChangedDelivery>,
    /// How many deliveries came to each status.
    pub reached: Vec<(DeliveryStatus, u64)>,
    /// The status that the notification came to; none if it stayed.
    pub became: Option<NotificationStatus>,
    /// What a person did with a button of it; nothing else is told beside it.
    pub responded: Option<Responded>,
}

impl Happened {
    /// How many deliveries it names.
    #[must_use]
    pub fn named(&self) -> usize {
        self.deliveries.len() + usize::from(self.responded.is_some())
    }

    /// A change with the sender's names of its notification, the external id and the correlation id;
    /// none if the event is about something else.
    #[must_use]
    pub fn of(
        event: Event,
        (external_id, correlation_id): (Option<String>, Option<String>),
    ) -> Option<Self> {
        let Event {
            number,
            app: _,
            at,
            effect,
        } = event;
        let about = |notification| Self {
            number,
            at,
            notification,
            external_id,
            correlation_id,
            deliveries: Vec::new(),
            reached: Vec::new(),
            became: None,
            responded: None,
        };
        match effect {
            Effect::NotificationChanged {
                notification,
                deliveries,
                reached,
                became,
            } => Some(Self {
                deliveries,
                reached,
                became,
                ..about(notification)
            }),
            Effect::Responded {
                notification,
                responded,
            } => Some(Self {
                responded: Some(responded),
                ..about(notification)
            }),
            Effect::LogGrew { .. }
            | Effect::Stopped { .. }
            | Effect::Revoked(_)
            | Effect::WorkDue { .. } => None,
        }
    }
}
