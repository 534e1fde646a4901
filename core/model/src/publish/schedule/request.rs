//! When to send, as a sender writes it.

use serde::{Deserialize, Deserializer, Serialize};

use super::{
    timing::{LocalStart, Schedule, Timing},
    window::{OnMissedWindow, Window},
    zone::{OnNoTimeZone, RECIPIENT, ZoneRule},
};
use crate::open::{is_default, null_is_default};

/// When to send; at once, if nothing else is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ScheduleRequest {
    /// Not before this time: RFC 3339 with an offset (`2026-11-21T09:00:00Z`), or without one and then by
    /// the clock of `time_zone` (`2026-11-21T09:00:00`). A time that has passed means at once. A time
    /// that a clock skips is as long after the change as it would have been without; of a time that a
    /// clock shows twice the first is taken.
    #[serde(alias = "sendAt", skip_serializing_if = "Option::is_none")]
    pub send_at: Option<String>,
    /// Whose clock local times are read by: `recipient`, or an IANA zone's name (`Europe/Berlin`).
    /// Required by a `send_at` without an offset; a `window` is the recipient's if this is absent.
    #[serde(alias = "timeZone", skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// What becomes of a recipient whose zone is not known.
    #[serde(
        alias = "onNoTimeZone",
        deserialize_with = "null_is_default",
        skip_serializing_if = "is_default"
    )]
    pub on_no_time_zone: OnNoTimeZone,
    /// The hours at which anybody may be notified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowRequest>,
    /// What becomes of a recipient whose window has closed.
    #[serde(
        alias = "onMissedWindow",
        deserialize_with = "null_is_default",
        skip_serializing_if = "is_default"
    )]
    pub on_missed_window: OnMissedWindow,
    /// After this moment, RFC 3339 with an offset, nobody is notified any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    /// Whether it waits while a recipient wants quiet; `true` when absent. A critical notification never
    /// waits for that.
    #[serde(
        alias = "respectQuietHours",
        deserialize_with = "null_is_true",
        skip_serializing_if = "is_true"
    )]
    pub respect_quiet_hours: bool,
    /// The most recipients who are notified in any minute: 1 to 1,000,000.
    #[serde(alias = "throttlePerMinute", skip_serializing_if = "Option::is_none")]
    pub throttle_per_minute: Option<u32>,
}

/// The hours of a day, and the days, at which anybody may be notified.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WindowRequest {
    /// When it opens, `09:00`.
    pub from: String,
    /// When it closes, `21:00`; up to `24:00`. Not later than `from`: on the next day.
    pub to: String,
    /// On which weekdays it opens: 1 is Monday, 7 is Sunday. Every day when absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<u8>,
}

impl Default for ScheduleRequest {
    fn default() -> Self {
        Self::from(&Schedule::default())
    }
}

/// The request that a schedule is read from.
impl From<&Schedule> for ScheduleRequest {
    fn from(schedule: &Schedule) -> Self {
        let Schedule {
            timing,
            deadline,
            respects_quiet_hours,
            per_minute,
        } = schedule;
        let (send_at, zone) = match timing {
            Timing::Now => (None, None),
            Timing::At(at) => (Some(at.to_string()), None),
            Timing::Local { zone, start } => {
                let send_at = match start {
                    LocalStart::At { wall, .. } => Some(wall.to_string()),
                    LocalStart::Within { since, .. } => since.map(|since| since.to_string()),
                };
                (send_at, Some(zone))
            }
        };
        let window = schedule.window();
        let on_missed = window.map(|window| window.on_missed);
        let (time_zone, on_unknown) = match zone {
            Some(ZoneRule::Recipient(on_unknown)) => {
                (Some(RECIPIENT.to_owned()), Some(*on_unknown))
            }
            Some(ZoneRule::Named(name)) => (Some(name.as_str().to_owned()), None),
            None => (None, None),
        };
        Self {
            send_at,
            time_zone,
            on_no_time_zone: on_unknown.unwrap_or_default(),
            window: window.map(WindowRequest::from),
            on_missed_window: on_missed.unwrap_or_default(),
            deadline: deadline.map(|deadline| deadline.to_string()),
            respect_quiet_hours: *respects_quiet_hours,
            throttle_per_minute: per_minute.map(Into::into),
        }
    }
}

impl From<&Window> for WindowRequest {
    fn from(window: &Window) -> Self {
        let days = window.weekdays.iter();
        let days: Vec<_> = days
            .map(|day| day.to_monday_one_offset().unsigned_abs())
            .collect();
        Self {
            from: window.from.strftime("%H:%M").to_string(),
            to: window.to.strftime("%H:%M").to_string(),
            weekdays: if days.len() == 7 { Vec::new() } else { days },
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
const fn is_true(value: &bool) -> bool {
    *value
}

fn null_is_true<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Option::deserialize(deserializer).map(|value| value.unwrap_or(true))
}
