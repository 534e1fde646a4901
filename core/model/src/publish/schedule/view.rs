//! When a notification is sent, as its sender reads it back and as it is stored.

use serde::{Deserialize, Serialize};

use super::{
    request::{ScheduleRequest, WindowRequest},
    timing::Schedule,
    window::OnMissedWindow,
    zone::OnNoTimeZone,
};
use crate::open::Open;

/// When a notification is sent, as its sender reads it back: the fields of a [`ScheduleRequest`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct ScheduleView {
    /// Not before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_at: Option<String>,
    /// Whose clock local times are read by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// What becomes of a recipient whose zone is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<OnNoTimeZone>))]
    pub on_no_time_zone: Option<Open<OnNoTimeZone>>,
    /// The hours at which anybody may be notified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowView>,
    /// What becomes of a recipient whose window has closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<OnMissedWindow>))]
    pub on_missed_window: Option<Open<OnMissedWindow>>,
    /// After this moment nobody is notified any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    /// Whether it waits while a recipient wants quiet; `true` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub respect_quiet_hours: Option<bool>,
    /// The most recipients who are notified in any minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttle_per_minute: Option<u32>,
}

/// The hours of a day, and the days, at which anybody may be notified.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct WindowView {
    /// When it opens.
    pub from: String,
    /// When it closes.
    pub to: String,
    /// On which weekdays it opens: 1 is Monday, 7 is Sunday. Every day when absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<u8>,
}

impl ScheduleView {
    /// The schedule that was written; `None` if it is another version's, and this one would read something
    /// else.
    #[must_use]
    pub fn schedule(&self) -> Option<Schedule> {
        let Self {
            send_at,
            time_zone,
            on_no_time_zone,
            window,
            on_missed_window,
            deadline,
            respect_quiet_hours,
            throttle_per_minute,
        } = self.clone();
        let request = ScheduleRequest {
            send_at,
            time_zone,
            on_no_time_zone: known(on_no_time_zone.as_ref())?,
            window: window.map(|WindowView { from, to, weekdays }| WindowRequest {
                from,
                to,
                weekdays,
            }),
            on_missed_window: known(on_missed_window.as_ref())?,
            deadline,
            respect_quiet_hours: respect_quiet_hours.unwrap_or(true),
            throttle_per_minute,
        };
        Schedule::parse(&request).ok()
    }
}

fn known<T: crate::open::Word + Default>(word: Option<&Open<T>>) -> Option<T> {
    word.map_or_else(|| Some(T::default()), Open::known)
}

impl From<&Schedule> for ScheduleView {
    fn from(schedule: &Schedule) -> Self {
        let ScheduleRequest {
            send_at,
            time_zone,
            on_no_time_zone,
            window,
            on_missed_window,
            deadline,
            respect_quiet_hours,
            throttle_per_minute,
        } = schedule.into();
        let window =
            window.map(|WindowRequest { from, to, weekdays }| WindowView { from, to, weekdays });
        Self {
            send_at,
            time_zone,
            on_no_time_zone: set(on_no_time_zone),
            window,
            on_missed_window: set(on_missed_window),
            deadline,
            respect_quiet_hours: (!respect_quiet_hours).then_some(false),
            throttle_per_minute,
        }
    }
}

/// What differs from its default.
fn set<T: Default + PartialEq>(word: T) -> Option<Open<T>> {
    (word != T::default()).then_some(Open::Known(word))
}
