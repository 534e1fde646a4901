//! What holds a delivery, for the sender to be told, and for what was released before.

use jiff::Timestamp;
use vestnik_model::Reason;

use super::{
    clock::ZoneSource,
    due::{Due, HeldBy, Mailing, Moment, Recipient, Turn, due, life, turn},
    pace::Pace,
    recipient::waits_by,
};

/// What holds a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Until when.
    pub until: Timestamp,
    /// What.
    pub by: HeldBy,
    /// The name of the zone by whose clock it waits, and where that is known from; absent if it waits by
    /// none.
    pub zone: Option<(String, ZoneSource)>,
    /// When it expires, if that is before it is released.
    pub ends_at: Option<Timestamp>,
}

/// What holds a delivery that has not been released; `None` if nothing does.
#[must_use]
pub fn held(
    mailing: &Mailing<'_>,
    recipient: &Recipient<'_>,
    mut pace: Pace,
    now: Timestamp,
) -> Option<Held> {
    if recipient.opt_out.is_some() {
        return None;
    }
    let (until, by) = match ask(mailing, recipient, now) {
        Due::At { at, by } => (at, by),
        Due::Missed(_) => return None,
        Due::Now => match turn(mailing, recipient, Some(&mut pace), now) {
            Turn::Queued { until } => (until, HeldBy::Pace),
            Turn::Later { at, by } => (at, by),
            Turn::Now { .. } | Turn::Over(_) => return None,
        },
    };
    Some(of(mailing, recipient, (until, by)))
}

/// Whether a delivery that was released may go on now: to another device, to the next step, to be tried
/// again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hours {
    /// It may.
    Open,
    /// The sender's window is closed or the mailing is paused, or the recipient wants quiet.
    Closed(Held),
    /// It never may again: the only window that the sender wants is over, or the deadline comes before the
    /// hours open, or the recipient does not want it.
    Over(Reason),
}

impl Hours {
    /// The same for somebody who leaves what is to be done to a later look, and takes closed hours for open. What
    /// is over stays over.
    #[must_use]
    pub fn or_open(self) -> Self {
        match self {
            Self::Open | Self::Closed(_) => Self::Open,
            Self::Over(reason) => Self::Over(reason),
        }
    }
}

/// Whether a delivery that was released may go on now. Its start has come, whatever became of the
/// recipient's zone since, and its pace is not asked again.
#[must_use]
pub fn hours(mailing: &Mailing<'_>, recipient: &Recipient<'_>, now: Timestamp) -> Hours {
    if let Some(opt_out) = recipient.opt_out {
        return Hours::Over(opt_out.reason());
    }
    match ask(mailing, recipient, now) {
        Due::At {
            at,
            by: by @ (HeldBy::Window | HeldBy::QuietHours),
        } => Hours::Closed(of(mailing, recipient, (at, by))),
        Due::Missed(reason @ (Reason::ExpiredWindow | Reason::ExpiredDeadline)) => {
            Hours::Over(reason)
        }
        Due::Now | Due::At { .. } | Due::Missed(_) if mailing.is_paused => {
            let until = (mailing.expires_at, HeldBy::Pause);
            Hours::Closed(of(mailing, recipient, until))
        }
        Due::Now | Due::At { .. } | Due::Missed(_) => Hours::Open,
    }
}

fn ask(mailing: &Mailing<'_>, recipient: &Recipient<'_>, now: Timestamp) -> Due {
    let moment = Moment {
        accepted_at: mailing.opens_at,
        now,
    };
    due(mailing.schedule, recipient, moment)
}

fn of(mailing: &Mailing<'_>, recipient: &Recipient<'_>, (until, by): (Timestamp, HeldBy)) -> Held {
    let Mailing {
        schedule,
        opens_at,
        expires_at: _,
        ttl,
        is_paused: _,
    } = *mailing;
    let zone = waits_by(schedule, recipient, by).and_then(|located| {
        let name = located.zone.iana_name()?.to_owned();
        Some((name, located.source))
    });
    let life = life(schedule, recipient, opens_at, ttl);
    Held {
        until,
        by,
        zone,
        ends_at: life.map(|life| life.expires_at).filter(|end| *end <= until),
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, civil::time};
    use serde_json::{Value, json};
    use vestnik_model::publish::Schedule;

    use super::{
        super::{Attributes, Known, QuietHours, span},
        *,
    };
    use crate::hold::OptOut;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Of a notification that was accepted at eight in the evening in Berlin.
    #[track_caller]
    fn check<T>(
        schedule: Value,
        known: &Known,
        ask: impl Fn(&Mailing<'_>, &Recipient<'_>) -> T,
    ) -> T {
        let request = serde_json::from_value(schedule).unwrap();
        let schedule = Schedule::parse(&request).unwrap();
        let ttl = SignedDuration::from_hours(8);
        let life = span(&schedule, at("2026-11-20T19:00:00Z"), ttl);
        let mailing = Mailing {
            schedule: &schedule,
            opens_at: life.starts_at,
            expires_at: life.expires_at,
            ttl,
            is_paused: false,
        };
        ask(&mailing, &known.recipient())
    }

    fn berlin(quiet: Option<QuietHours>) -> Known {
        Known {
            installation: Some("Europe/Berlin".to_owned()),
            attributes: Attributes {
                quiet,
                ..Attributes::default()
            },
            ..Known::default()
        }
    }

    fn night() -> Option<QuietHours> {
        QuietHours::new(time(22, 0, 0, 0), time(7, 0, 0, 0))
    }

    #[test]
    fn what_holds_is_named_with_its_clock() {
        let now = at("2026-11-20T22:00:00Z");
        let wait = |schedule, known: &Known| {
            check(schedule, known, |mailing, recipient| {
                held(mailing, recipient, Pace::default(), now)
            })
        };
        let zone = |source| Some(("Europe/Berlin".to_owned(), source));
        let quiet = Held {
            until: at("2026-11-21T06:00:00Z"),
            by: HeldBy::QuietHours,
            zone: zone(ZoneSource::Installation),
            // Eight hours after it was accepted.
            ends_at: Some(at("2026-11-21T03:00:00Z")),
        };
        assert_eq!(wait(json!({}), &berlin(night())), Some(quiet));
        assert_eq!(wait(json!({}), &berlin(None)), None);
        let window =
            json!({"window": {"from": "23:30", "to": "24:00"}, "time_zone": "Europe/Berlin"});
        let closed = Held {
            until: at("2026-11-20T22:30:00Z"),
            by: HeldBy::Window,
            zone: zone(ZoneSource::Sender),
            ends_at: None,
        };
        assert_eq!(wait(window, &berlin(None)), Some(closed));
    }

    #[test]
    fn a_pace_holds_without_a_clock() {
        let now = at("2026-11-20T20:00:00Z");
        let schedule = json!({"throttle_per_minute": 1});
        let waits = check(schedule, &berlin(None), |mailing, recipient| {
            let mut pace = Pace::default();
            pace.take(mailing.schedule.per_minute.unwrap(), now)
                .unwrap();
            held(mailing, recipient, pace, now)
        });
        let expected = Held {
            until: at("2026-11-20T20:01:00.5Z"),
            by: HeldBy::Pace,
            zone: None,
            ends_at: None,
        };
        assert_eq!(waits, Some(expected));
    }

    #[test]
    fn what_is_not_wanted_waits_for_nothing() {
        let now = at("2026-11-20T22:00:00Z");
        let unwilling = Known {
            opt_out: Some(OptOut::Category),
            ..berlin(night())
        };
        let never = Hours::Over(Reason::OptoutCategory);
        let go_on = check(json!({}), &unwilling, |mailing, recipient| {
            let wait = held(mailing, recipient, Pace::default(), now);
            (wait, hours(mailing, recipient, now))
        });
        assert_eq!(go_on, (None, never.clone()));
        assert_eq!(never.clone().or_open(), never);
        // It takes no place from those who want it, and needs no time zone to end.
        let nowhere = Known {
            installation: None,
            ..unwilling
        };
        let schedule = json!({"send_at": "2026-11-20T23:00:00", "time_zone": "recipient",
                              "on_no_time_zone": "drop", "throttle_per_minute": 1});
        let (first, pace) = check(schedule, &nowhere, |mailing, recipient| {
            let mut pace = Pace::default();
            (turn(mailing, recipient, Some(&mut pace), now), pace)
        });
        assert_eq!(first, Turn::Over(Reason::OptoutCategory));
        assert_eq!(pace, Pace::default());
    }

    #[test]
    fn what_was_released_goes_on_in_open_hours() {
        let now = at("2026-11-20T22:00:00Z");
        let go_on = |schedule, known: &Known| {
            check(schedule, known, |mailing, recipient| {
                hours(mailing, recipient, now)
            })
        };
        let window = |on_missed: &str| {
            json!({"window": {"from": "19:00", "to": "22:00"}, "time_zone": "Europe/Berlin",
                   "on_missed_window": on_missed})
        };
        assert_eq!(go_on(json!({}), &berlin(None)), Hours::Open);
        let over = Hours::Over(Reason::ExpiredWindow);
        assert_eq!(go_on(window("drop"), &berlin(None)), over);
        let Hours::Closed(held) = go_on(window("next_allowed"), &berlin(None)) else {
            panic!("the window is closed");
        };
        assert_eq!(held.until, at("2026-11-21T18:00:00Z"));
        assert_eq!(Hours::Closed(held).or_open(), Hours::Open);
        // The deadline comes before the quiet hours end.
        let early = json!({"deadline": "2026-11-21T05:00:00Z"});
        let never = Hours::Over(Reason::ExpiredDeadline);
        assert_eq!(go_on(early, &berlin(night())), never);
        // The time that the sender named has come: who moved west since is not made to wait again.
        let later = json!({"send_at": "2026-11-21T09:00:00", "time_zone": "recipient"});
        assert_eq!(go_on(later, &berlin(None)), Hours::Open);
    }
}
