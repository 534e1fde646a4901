//! When a delivery is due.

use jiff::{
    SignedDuration, Timestamp,
    civil::{DateTime, Time},
    tz::TimeZone,
};
use vestnik_model::{
    Reason,
    publish::{LocalStart, OnMissedWindow, Schedule, Timing, Weekdays, Window, ZoneRule},
};

use crate::hold::OptOut;

use super::{
    clock::{Clock, ZoneFacts, clock, locate},
    hours::{is_inside, next_inside, next_outside},
    pace::Pace,
};

/// When a delivery is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Now.
    Now,
    /// Later.
    At {
        /// When.
        at: Timestamp,
        /// What it waits for.
        by: HeldBy,
    },
    /// Never: it ends as `expired.deadline`, as `expired.window` or as `suppressed.no_time_zone`.
    Missed(Reason),
}

/// What holds a delivery until it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HeldBy {
    /// The time that the sender named.
    SendAt,
    /// The sender's window.
    Window,
    /// The recipient's quiet hours.
    QuietHours,
    /// The pace of the mailing.
    Pace,
    /// The sender, who paused the mailing.
    Pause,
}

/// What is known of a recipient.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recipient<'a> {
    /// Of their time zone.
    pub zones: ZoneFacts<'a>,
    /// When they want quiet, by their own clock.
    pub quiet: Option<QuietHours>,
    /// Whether this notification breaks into quiet hours: it is critical, and its category allows it.
    pub is_critical: bool,
    /// Why they do not want this notification, if they do not.
    pub opt_out: Option<OptOut>,
}

/// From when to when a recipient wants quiet; across midnight if `to` is not later than `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    /// When they begin.
    from: Time,
    /// When they end; this time itself is not quiet.
    to: Time,
}

impl QuietHours {
    /// Quiet hours; `None` if they would last the whole day, which is what blocking a category is for.
    #[must_use]
    pub fn new(from: Time, to: Time) -> Option<Self> {
        (from != to).then_some(Self { from, to })
    }

    /// When they begin, and when they end.
    #[must_use]
    pub const fn hours(self) -> (Time, Time) {
        (self.from, self.to)
    }

    const fn as_window(self) -> Window {
        Window {
            from: self.from,
            to: self.to,
            weekdays: Weekdays::ALL,
            on_missed: OnMissedWindow::NextAllowed,
        }
    }
}

/// The times that the answer depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// When the notification was accepted.
    pub accepted_at: Timestamp,
    /// The time.
    pub now: Timestamp,
}

/// When something starts and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// From when on anybody may be notified.
    pub starts_at: Timestamp,
    /// From when on it is not worth delivering.
    pub expires_at: Timestamp,
}

/// When a delivery is due.
#[must_use]
pub fn due(schedule: &Schedule, recipient: &Recipient<'_>, moment: Moment) -> Due {
    let Some(plan) = Plan::new(schedule, recipient, moment.accepted_at) else {
        return Due::Missed(Reason::SuppressedNoTimeZone);
    };
    let (at, by) = match plan.first(moment.now) {
        Ok(found) => found,
        Err(reason) => return Due::Missed(reason),
    };
    if schedule.deadline.is_some_and(|deadline| at >= deadline) {
        return Due::Missed(Reason::ExpiredDeadline);
    }
    if at <= moment.now {
        return Due::Now;
    }
    Due::At { at, by }
}

/// A notification, as far as its schedule goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mailing<'a> {
    /// When it is sent.
    pub schedule: &'a Schedule,
    /// From when on anybody may be notified; not before it was accepted, or last changed.
    pub opens_at: Timestamp,
    /// From when on it is worth delivering to nobody.
    pub expires_at: Timestamp,
    /// For how long it is worth delivering to each recipient, counted from their start.
    pub ttl: SignedDuration,
    /// Whether its sender paused it: nobody further is notified.
    pub is_paused: bool,
}

/// What to do with a delivery now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It goes out, and took a place in the pace.
    Now {
        /// From when on it is not worth delivering, in whole seconds, if that is before its notification
        /// expires.
        expires_at: Option<Timestamp>,
    },
    /// It is asked about again later.
    Later {
        /// When.
        at: Timestamp,
        /// What it waits for.
        by: HeldBy,
    },
    /// It is due, and the pace has no place for it before this time. Those behind it have none either.
    Queued {
        /// When.
        until: Timestamp,
    },
    /// It ends: it has no time, or is not wanted.
    Over(Reason),
}

/// Decides what to do with a delivery now, in a mailing that goes on at a pace if it has one. It is asked
/// when the delivery is made and whenever it comes due, from what is known then, so that it gives the
/// same answer after a crash; [`Pace`] is the one thing that is kept.
///
/// The times of a recipient are read as of the opening of the mailing: nobody's start is earlier.
#[must_use]
pub fn turn(
    mailing: &Mailing<'_>,
    recipient: &Recipient<'_>,
    pace: Option<&mut Pace>,
    now: Timestamp,
) -> Turn {
    let Mailing {
        schedule,
        opens_at,
        expires_at,
        ttl,
        is_paused,
    } = *mailing;
    if let Some(opt_out) = recipient.opt_out {
        return Turn::Over(opt_out.reason());
    }
    let Some(life) = life(schedule, recipient, opens_at, ttl) else {
        return Turn::Over(Reason::SuppressedNoTimeZone);
    };
    let moment = Moment {
        accepted_at: opens_at,
        now,
    };
    let due = match due(schedule, recipient, moment) {
        Due::Missed(reason) => return Turn::Over(reason),
        Due::Now => None,
        Due::At { at, by } => Some((at, by)),
    };
    if life.expires_at <= now {
        return Turn::Over(Reason::ExpiredTtl);
    }
    if let Some((at, by)) = due {
        // One that is held until after its end is looked at when it ends.
        let at = at.min(life.expires_at);
        return Turn::Later { at, by };
    }
    if is_paused {
        // Those behind it may expire earlier: each is looked at when it ends.
        let (at, by) = (life.expires_at, HeldBy::Pause);
        return Turn::Later { at, by };
    }
    if let Some((pace, per_minute)) = pace.zip(schedule.per_minute)
        && let Err(until) = pace.take(per_minute, now)
    {
        return Turn::Queued { until };
    }
    let own = (life.expires_at < expires_at).then_some(life.expires_at);
    Turn::Now {
        expires_at: own.map(whole_seconds),
    }
}

/// The whole second of a time. The text of one is never longer than that of another time.
fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// The life of a delivery to a recipient: `ttl` from its start on, until the deadline at the latest. `None`
/// if they are not notified, because their zone is not known.
#[must_use]
pub fn life(
    schedule: &Schedule,
    recipient: &Recipient<'_>,
    accepted_at: Timestamp,
    ttl: SignedDuration,
) -> Option<Life> {
    let starts_at = Plan::new(schedule, recipient, accepted_at)?.start;
    let end = starts_at.checked_add(ttl).unwrap_or(Timestamp::MAX);
    let expires_at = schedule.deadline.map_or(end, |deadline| deadline.min(end));
    Some(Life {
        starts_at,
        expires_at,
    })
}

/// The life of a notification: from the first moment at which anybody may be notified to the last at
/// which it is worth delivering to anybody. The clock of a zone that the sender names is everybody's; a
/// recipient's may be anywhere.
#[must_use]
pub fn span(schedule: &Schedule, accepted_at: Timestamp, ttl: SignedDuration) -> Life {
    let everybody = match &schedule.timing {
        Timing::Local {
            zone: ZoneRule::Named(_),
            ..
        } => life(schedule, &Recipient::default(), accepted_at, ttl),
        Timing::Now | Timing::At(_) | Timing::Local { .. } => None,
    };
    everybody.unwrap_or_else(|| Life {
        starts_at: schedule.opens_at(accepted_at),
        expires_at: schedule.expires_at(accepted_at, ttl),
    })
}

/// A schedule for one recipient.
struct Plan {
    start: Timestamp,
    window: Option<Hours>,
    quiet: Option<Hours>,
}

/// Hours by a clock.
struct Hours {
    window: Window,
    zone: TimeZone,
}

/// How often a delivery may go from a window to quiet hours and back before they are taken to exclude
/// each other.
const MAX_ROUNDS: usize = 16;

impl Plan {
    /// `None` if the recipient is to be left out.
    fn new(schedule: &Schedule, recipient: &Recipient<'_>, accepted_at: Timestamp) -> Option<Self> {
        let (start, window) = match &schedule.timing {
            Timing::Now => (accepted_at, None),
            Timing::At(at) => (*at, None),
            Timing::Local { zone, start } => match clock(zone, &recipient.zones) {
                Clock::Of(located) => start_of(start, located.zone, accepted_at),
                Clock::SendNow => (schedule.opens_at(accepted_at), None),
                Clock::Drop => return None,
            },
        };
        let respects_quiet = schedule.respects_quiet_hours && !recipient.is_critical;
        let quiet = recipient
            .quiet
            .filter(|_| respects_quiet)
            .map(|quiet| Hours {
                window: quiet.as_window(),
                zone: locate(&recipient.zones).zone,
            });
        Some(Self {
            // A time that has passed means at once.
            start: start.max(accepted_at),
            window,
            quiet,
        })
    }

    /// The first moment, not before `now`, at which nothing holds it, and what held it last.
    fn first(&self, now: Timestamp) -> Result<(Timestamp, HeldBy), Reason> {
        let close = self.close()?;
        let (mut at, mut by) = (self.start.max(now), HeldBy::SendAt);
        for _ in 0..MAX_ROUNDS {
            let open = self.open_from(at)?;
            if open > at {
                (at, by) = (open, HeldBy::Window);
            }
            if close.is_some_and(|close| at >= close) {
                return Err(Reason::ExpiredWindow);
            }
            let calm = self.calm_from(at)?;
            if calm == at {
                return Ok((at, by));
            }
            (at, by) = (calm, HeldBy::QuietHours);
        }
        Err(Reason::ExpiredWindow)
    }

    /// When the only window that the sender wants closes; `None` if there is no such bound.
    fn close(&self) -> Result<Option<Timestamp>, Reason> {
        let Some(hours) = self.window.as_ref().filter(|hours| hours.is_only_one()) else {
            return Ok(None);
        };
        let Hours { window, zone } = hours;
        let open = next_inside(window, zone, self.start).ok_or(Reason::ExpiredWindow)?;
        let day = |at: Timestamp| zone.to_datetime(at).date();
        if day(open) > day(self.start) {
            return Err(Reason::ExpiredWindow);
        }
        Ok(next_outside(window, zone, open))
    }

    fn open_from(&self, at: Timestamp) -> Result<Timestamp, Reason> {
        self.window
            .as_ref()
            .map_or(Ok(at), |Hours { window, zone }| {
                next_inside(window, zone, at).ok_or(Reason::ExpiredWindow)
            })
    }

    fn calm_from(&self, at: Timestamp) -> Result<Timestamp, Reason> {
        match &self.quiet {
            Some(Hours { window, zone }) if is_inside(window, zone, at) => {
                next_outside(window, zone, at).ok_or(Reason::ExpiredWindow)
            }
            Some(_) | None => Ok(at),
        }
    }
}

impl Hours {
    fn is_only_one(&self) -> bool {
        match self.window.on_missed {
            OnMissedWindow::NextAllowed => false,
            OnMissedWindow::Drop => true,
        }
    }
}

fn start_of(
    start: &LocalStart,
    zone: TimeZone,
    accepted_at: Timestamp,
) -> (Timestamp, Option<Hours>) {
    let (start, window) = match start {
        LocalStart::At { wall, window } => (reached(&zone, *wall), *window),
        LocalStart::Within { since, window } => (since.unwrap_or(accepted_at), Some(*window)),
    };
    (start, window.map(|window| Hours { window, zone }))
}

/// When the clock of a zone reaches a time. One that it skips is as long after the change as it would have
/// been without; of one that it shows twice the first is taken.
fn reached(zone: &TimeZone, wall: DateTime) -> Timestamp {
    let reading = zone.to_ambiguous_timestamp(wall);
    reading.compatible().unwrap_or(Timestamp::MAX)
}
