//! When a notification is sent.
//!
//! A [`ScheduleRequest`] is what a sender writes; [`Schedule`] is the same, checked. Times are absolute
//! (RFC 3339 with an offset) or local: a date and a time without an offset, which every recipient's own
//! clock reaches at another moment, or the clock of one named zone. A window limits the hours and the
//! weekdays at which anybody is notified, by the same clock.
//!
//! Nothing here knows the time zone database: whether a zone exists, and what its clock reads, is decided
//! by the server's rules.
//!
//! ```
//! use vestnik_model::publish::{LocalStart, Schedule, ScheduleRequest, Timing, ZoneRule};
//!
//! let request: ScheduleRequest = serde_json::from_str(
//!     r#"{
//!         "send_at": "2026-11-21T09:00:00", "time_zone": "recipient",
//!         "window": {"from": "09:00", "to": "21:00", "weekdays": [1, 2, 3, 4, 5]}
//!     }"#,
//! )?;
//! let schedule = Schedule::parse(&request).expect("it is valid");
//! let Timing::Local { zone: ZoneRule::Recipient(_), start } = schedule.timing else {
//!     unreachable!("it is a local time of the recipient");
//! };
//! assert!(matches!(start, LocalStart::At { window: Some(_), .. }));
//! # Ok::<(), serde_json::Error>(())
//! ```

mod instant;
mod parse;
mod request;
mod timing;
mod view;
mod window;
mod zone;

pub use self::{
    instant::{parse_end, parse_time},
    parse::MAX_PER_MINUTE,
    request::{ScheduleRequest, WindowRequest},
    timing::{LocalStart, Schedule, Timing},
    view::{ScheduleView, WindowView},
    window::{OnMissedWindow, Weekdays, Window},
    zone::{OnNoTimeZone, RECIPIENT, ZoneName, ZoneRule},
};

#[cfg(test)]
mod tests;
