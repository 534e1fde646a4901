//! When a delivery is due.
//!
//! A sender's [`Schedule`](vestnik_model::publish::Schedule) names a start, hours and weekdays, a deadline
//! and a pace; a recipient has a time zone and may want quiet hours. [`due`] combines them. It is asked
//! again at each moment at which something may have changed: when a delivery is made, when it comes due,
//! when it failed. It keeps no state, so that it gives the same answer after a crash.
//!
//! [`turn`] is what a store asks: the same for one delivery of a [`Mailing`], with its own life, at a
//! [`Pace`] of so many recipients a minute, which is the one thing that is kept.
//!
//! # Whose clock
//! Local times are read by the clock of a zone. [`clock`] finds the recipient's: that of their
//! installation, of their user's attribute, of the numbering plan of their telephone number, of the App,
//! in this order. It also says where the zone is from, so that a sender can be told.
//!
//! Zones are those of the time zone database that is compiled into the server, not those of the machine:
//! every server of a cluster decides alike.
//!
//! # Clocks that are changed
//! - A `send_at` that a clock skips (a gap) is as long after the change as it would have been without:
//!   02:30 becomes 03:30 where 02:00 becomes 03:00. Of one that it shows twice (a fold) the first is
//!   taken. This is how RFC 5545 (3.3.5) reads local times.
//! - Windows and quiet hours go by what the clock shows: a moment is inside if the clock reads a time that
//!   is inside. A window whose `from` is skipped opens at the change; one that is skipped whole does not
//!   open on that day.
//!
//! ```
//! use vestnik_model::publish::{Schedule, ScheduleRequest};
//! use vestnik_rules::schedule::{Due, HeldBy, Moment, Recipient, ZoneFacts, due};
//!
//! let request: ScheduleRequest = serde_json::from_str(
//!     r#"{"send_at": "2026-03-29T02:30:00", "time_zone": "recipient"}"#,
//! )?;
//! let schedule = Schedule::parse(&request).expect("it is valid");
//! let recipient = Recipient {
//!     zones: ZoneFacts { installation: Some("Europe/Berlin"), ..ZoneFacts::default() },
//!     ..Recipient::default()
//! };
//! let accepted_at = "2026-03-20T12:00:00Z".parse()?;
//! // Berlin's clocks skip this time: half an hour after the change they read 03:30.
//! let at = "2026-03-29T01:30:00Z".parse()?;
//! let moment = Moment { accepted_at, now: accepted_at };
//! assert_eq!(due(&schedule, &recipient, moment), Due::At { at, by: HeldBy::SendAt });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod attributes;
mod check;
mod clock;
mod due;
mod held;
mod hours;
mod numbering_plan;
mod pace;
mod recipient;
mod zone;

pub use self::{
    attributes::{Attributes, Said, parse_settings},
    check::{MAX_AHEAD, check},
    clock::{Clock, Located, ZoneFacts, ZoneSource, clock, locate},
    due::{Due, HeldBy, Life, Mailing, Moment, QuietHours, Recipient, Turn, due, life, span, turn},
    held::{Held, Hours, held, hours},
    numbering_plan::zone_of_phone,
    pace::Pace,
    recipient::{Known, has_hours, reads_zone, waits_by},
    zone::{zone, zone_names},
};

#[cfg(test)]
mod tests;
