//! The checks of a schedule: each problem with its pointer, all of them at once.

use std::num::NonZeroU32;

use jiff::{
    Timestamp,
    civil::{DateTime, Time, Weekday},
};

use super::{
    instant::{self, Instant, InstantError, parse_time},
    request::{ScheduleRequest, WindowRequest},
    timing::{EASTERNMOST, LocalStart, Schedule, Timing, at_offset},
    window::{OnMissedWindow, Weekdays, Window},
    zone::{OnNoTimeZone, RECIPIENT, ZoneName, ZoneRule},
};
use crate::{
    problem::{FieldCode, FieldProblem},
    publish::check::{Problems, Wrong},
};

/// The highest `throttle_per_minute`.
pub const MAX_PER_MINUTE: u32 = 1_000_000;

const SEND_AT: &str = "/schedule/send_at";
const TIME_ZONE: &str = "/schedule/time_zone";
const ON_NO_TIME_ZONE: &str = "/schedule/on_no_time_zone";
const ON_MISSED_WINDOW: &str = "/schedule/on_missed_window";
const DEADLINE: &str = "/schedule/deadline";

impl Schedule {
    /// Checks a request; problems point below `/schedule`.
    ///
    /// # Errors
    /// Every problem found.
    pub fn parse(request: &ScheduleRequest) -> Result<Self, Vec<FieldProblem>> {
        let mut problems = Problems::default();
        let schedule = Self::read(request, &mut problems);
        match schedule {
            Some(schedule) if problems.is_empty() => Ok(schedule),
            _ => Err(problems.0),
        }
    }

    fn read(request: &ScheduleRequest, problems: &mut Problems) -> Option<Self> {
        let start = problems.check(SEND_AT, parse_start(request.send_at.as_deref()));
        let zone = problems.check(TIME_ZONE, parse_zone(request));
        let window = read_window(request, problems);
        let deadline = problems.check(DEADLINE, parse_deadline(request.deadline.as_deref()));
        let per_minute = problems.check(
            "/schedule/throttle_per_minute",
            parse_throttle(request.throttle_per_minute),
        );
        let asked = Asked {
            start: start?,
            zone: zone?,
            window: window?,
        };
        asked.check_unused(request, problems);
        let timing = problems.check(TIME_ZONE, asked.timing());
        let (timing, deadline) = (timing?, deadline?);
        problems.check(DEADLINE, check_deadline(&timing, deadline));
        Some(Self {
            timing,
            deadline,
            respects_quiet_hours: request.respect_quiet_hours,
            per_minute: per_minute?,
        })
    }
}

/// What was read, before it is known to fit together.
struct Asked {
    start: Option<Instant>,
    zone: Option<ZoneRule>,
    window: Option<Window>,
}

impl Asked {
    /// Refuses what would have no effect: its sender expects one.
    fn check_unused(&self, request: &ScheduleRequest, problems: &mut Problems) {
        let is_local = matches!(self.start, Some(Instant::Local(_)));
        let reads_clock = is_local || self.window.is_some();
        let is_recipients = !matches!(self.zone, Some(ZoneRule::Named(_)));
        let unused = |is_given: bool, is_used: bool, needed: &str| {
            if is_given && !is_used {
                let detail = format!("has no effect without {needed}");
                Err((FieldCode::NotAllowed, detail))
            } else {
                Ok(())
            }
        };
        let local = "a send_at without an offset, or a window";
        problems.check(TIME_ZONE, unused(self.zone.is_some(), reads_clock, local));
        let is_given = request.on_no_time_zone != OnNoTimeZone::default();
        let is_used = reads_clock && is_recipients;
        problems.check(
            ON_NO_TIME_ZONE,
            unused(is_given, is_used, "a time of the recipient's zone"),
        );
        let is_given = request.on_missed_window != OnMissedWindow::default();
        problems.check(
            ON_MISSED_WINDOW,
            unused(is_given, self.window.is_some(), "a window"),
        );
    }

    fn timing(self) -> Result<Timing, Wrong> {
        let Self {
            start,
            zone,
            window,
        } = self;
        let recipients = ZoneRule::Recipient(OnNoTimeZone::default());
        Ok(match (start, window) {
            (None, None) => Timing::Now,
            (Some(Instant::Absolute(at)), None) => Timing::At(at),
            (Some(Instant::Local(wall)), window) => Timing::Local {
                zone: zone.ok_or_else(no_zone)?,
                start: LocalStart::At { wall, window },
            },
            (None, Some(window)) => Timing::Local {
                zone: zone.unwrap_or(recipients),
                start: LocalStart::Within {
                    since: None,
                    window,
                },
            },
            (Some(Instant::Absolute(since)), Some(window)) => Timing::Local {
                zone: zone.unwrap_or(recipients),
                start: LocalStart::Within {
                    since: Some(since),
                    window,
                },
            },
        })
    }
}

fn no_zone() -> Wrong {
    let detail = "is required by a send_at without an offset";
    (FieldCode::Missing, detail.to_owned())
}

fn parse_start(text: Option<&str>) -> Result<Option<Instant>, Wrong> {
    let Some(text) = text else { return Ok(None) };
    let detail = "must be a date and time of RFC 3339, such as 2026-11-21T09:00:00Z, or the same without \
                  an offset";
    Instant::parse(text)
        .map(Some)
        .map_err(|error| not_an_instant(error, detail))
}

fn not_an_instant(error: InstantError, wanted: &str) -> Wrong {
    match error {
        InstantError::Malformed => malformed(wanted),
        InstantError::OutOfRange => {
            let latest = format!("must be at the latest {:.0}", Timestamp::MAX);
            (FieldCode::OutOfRange, latest)
        }
    }
}

/// The zone that is asked for; absent if nothing is.
fn parse_zone(request: &ScheduleRequest) -> Result<Option<ZoneRule>, Wrong> {
    let on_unknown = request.on_no_time_zone;
    let Some(name) = request.time_zone.as_deref() else {
        // A window is the recipient's unless another zone is named.
        let recipients = request.window.is_some() && on_unknown != OnNoTimeZone::default();
        return Ok(recipients.then_some(ZoneRule::Recipient(on_unknown)));
    };
    if name == RECIPIENT {
        return Ok(Some(ZoneRule::Recipient(on_unknown)));
    }
    let name = ZoneName::parse(name);
    let detail = "must be 'recipient' or the name of an IANA time zone, such as Europe/Berlin";
    name.map(|name| Some(ZoneRule::Named(name)))
        .ok_or_else(|| malformed(detail))
}

/// The window, if one is asked for; nothing at all if it has problems.
fn read_window(request: &ScheduleRequest, problems: &mut Problems) -> Option<Option<Window>> {
    let Some(window) = &request.window else {
        return Some(None);
    };
    let WindowRequest { from, to, weekdays } = window;
    let from = problems.check("/schedule/window/from", parse_clock(from));
    let to = problems.check("/schedule/window/to", parse_end(to));
    let weekdays = read_weekdays(weekdays, problems);
    Some(Some(Window {
        from: from?,
        to: to?,
        weekdays: weekdays?,
        on_missed: request.on_missed_window,
    }))
}

fn parse_clock(text: &str) -> Result<Time, Wrong> {
    parse_time(text).ok_or_else(not_a_time)
}

fn parse_end(text: &str) -> Result<Time, Wrong> {
    instant::parse_end(text).ok_or_else(not_a_time)
}

fn not_a_time() -> Wrong {
    malformed("must be a time of the day, such as 09:00")
}

fn read_weekdays(numbers: &[u8], problems: &mut Problems) -> Option<Weekdays> {
    if numbers.is_empty() {
        return Some(Weekdays::ALL);
    }
    if numbers.len() > 7 {
        let wrong = (FieldCode::TooLong, "must have at most 7 entries".to_owned());
        return problems.check("/schedule/window/weekdays", Err(wrong));
    }
    let days: Vec<_> = numbers
        .iter()
        .enumerate()
        .map(|(index, number)| {
            let pointer = format!("/schedule/window/weekdays/{index}");
            problems.check(&pointer, parse_weekday(*number))
        })
        .collect();
    Weekdays::new(days.into_iter().collect::<Option<Vec<_>>>()?)
}

fn parse_weekday(number: u8) -> Result<Weekday, Wrong> {
    let day = i8::try_from(number)
        .ok()
        .and_then(|number| Weekday::from_monday_one_offset(number).ok());
    let detail = "must be 1 (Monday) to 7 (Sunday)";
    day.ok_or_else(|| (FieldCode::OutOfRange, detail.to_owned()))
}

fn parse_deadline(text: Option<&str>) -> Result<Option<Timestamp>, Wrong> {
    let detail = "must be a date and time of RFC 3339 with an offset, such as 2026-11-21T09:00:00Z";
    match text.map(Instant::parse) {
        None => Ok(None),
        Some(Ok(Instant::Absolute(deadline))) => Ok(Some(deadline)),
        Some(Ok(Instant::Local(_))) => Err(malformed(detail)),
        Some(Err(error)) => Err(not_an_instant(error, detail)),
    }
}

/// Refuses a deadline by which no recipient's clock has reached the start.
fn check_deadline(timing: &Timing, deadline: Option<Timestamp>) -> Result<(), Wrong> {
    let start = match timing {
        Timing::Now => None,
        Timing::At(at) => Some(*at),
        Timing::Local { start, .. } => match start {
            LocalStart::At { wall, .. } => Some(earliest(*wall)),
            LocalStart::Within { since, .. } => *since,
        },
    };
    match (start, deadline) {
        (Some(start), Some(deadline)) if deadline <= start => {
            let detail = "must be later than send_at";
            Err((FieldCode::OutOfRange, detail.to_owned()))
        }
        _ => Ok(()),
    }
}

fn earliest(wall: DateTime) -> Timestamp {
    at_offset(wall, EASTERNMOST)
}

fn parse_throttle(number: Option<u32>) -> Result<Option<NonZeroU32>, Wrong> {
    let Some(number) = number else {
        return Ok(None);
    };
    let in_range = NonZeroU32::new(number).filter(|number| number.get() <= MAX_PER_MINUTE);
    let detail = || format!("must be 1 to {MAX_PER_MINUTE}");
    in_range
        .map(Some)
        .ok_or_else(|| (FieldCode::OutOfRange, detail()))
}

fn malformed(detail: &str) -> Wrong {
    (FieldCode::Malformed, detail.to_owned())
}
