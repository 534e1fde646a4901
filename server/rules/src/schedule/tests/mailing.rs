//! A mailing across the night in which clocks are changed, in virtual time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, civil::time};
use serde_json::json;
use vestnik_model::{Reason, publish::Schedule};

use super::{super::*, at, in_zone, schedule};

const TTL: SignedDuration = SignedDuration::from_hours(28 * 24);
const ZONES: [&str; 8] = [
    "Pacific/Auckland",
    "Asia/Tokyo",
    "Asia/Kolkata",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Phoenix",
    "Pacific/Honolulu",
];

/// What a server keeps of a mailing: who is looked at when, who was notified when, and its pace.
struct Played {
    schedule: Schedule,
    opens_at: Timestamp,
    queue: BTreeSet<(Timestamp, usize)>,
    notified: BTreeMap<usize, Vec<Timestamp>>,
    missed: BTreeMap<usize, Reason>,
    pace: Pace,
    now: Timestamp,
}

fn recipient(index: usize) -> Recipient<'static> {
    let quiet = QuietHours::new(time(21, 30, 0, 0), time(9, 30, 0, 0));
    Recipient {
        quiet: quiet.filter(|_| index.is_multiple_of(5)),
        ..in_zone(ZONES[index % ZONES.len()])
    }
}

impl Played {
    fn accept(schedule: Schedule, recipients: usize, accepted_at: Timestamp) -> Self {
        let opens_at = span(&schedule, accepted_at, TTL).starts_at;
        Self {
            opens_at,
            queue: (0..recipients).map(|index| (opens_at, index)).collect(),
            notified: BTreeMap::new(),
            missed: BTreeMap::new(),
            pace: Pace::default(),
            now: opens_at,
            schedule,
        }
    }

    /// Looks at what is due, `late` after it was; tells whether anything is left.
    fn part(&mut self, late: SignedDuration) -> bool {
        let Some((due_at, _)) = self.queue.first() else {
            return false;
        };
        self.now = self.now.max(*due_at) + late;
        let span = span(&self.schedule, self.opens_at, TTL);
        while let Some((at, index)) = self
            .queue
            .first()
            .copied()
            .filter(|(at, _)| *at <= self.now)
        {
            let mailing = Mailing {
                schedule: &self.schedule,
                opens_at: self.opens_at,
                expires_at: span.expires_at,
                ttl: TTL,
                is_paused: false,
            };
            // It may have been started anew since the last part.
            let mut pace = Pace::resumed(self.pace.next_free());
            let turn = turn(&mailing, &recipient(index), Some(&mut pace), self.now);
            self.pace = pace;
            if let Turn::Queued { until } = turn {
                self.now = until;
                break;
            }
            self.queue.remove(&(at, index));
            match turn {
                Turn::Later { at, .. } => drop(self.queue.insert((at, index))),
                Turn::Over(reason) => drop(self.missed.insert(index, reason)),
                Turn::Now { .. } => self.notified.entry(index).or_default().push(self.now),
                Turn::Queued { .. } => {}
            }
        }
        true
    }
}

#[test]
fn everybody_is_notified_once_at_nine_by_their_own_clock() {
    // Berlin and London change in the night before, New York three weeks before, Auckland a week after.
    let schedule = schedule(json!({
        "send_at": "2026-03-29T09:00:00", "time_zone": "recipient", "throttle_per_minute": 30,
        "window": {"from": "09:00", "to": "09:45"}, "deadline": "2026-04-02T00:00:00Z",
    }));
    let recipients = 12_000;
    let mut mailing = Played::accept(schedule, recipients, at("2026-03-20T12:00:00Z"));
    let mut parts = 0_usize;
    // Now and then the server is busy, and wakes late.
    while mailing.part(SignedDuration::from_millis(
        if parts.is_multiple_of(1_009) {
            7_000
        } else {
            0
        },
    )) {
        parts += 1;
        assert!(parts < 20 * recipients, "it comes to an end");
    }
    assert_eq!(mailing.notified.len() + mailing.missed.len(), recipients);
    check_times(&mailing);
    // A day's three quarters of an hour hold 1,300 of the 1,500 of a zone: the others come later.
    let days: BTreeSet<_> = mailing
        .notified
        .iter()
        .map(|(index, times)| day(*index, times[0]))
        .collect();
    assert!(days.len() > 1, "{days:?}");
}

#[test]
fn a_life_counts_from_the_start_of_its_recipient() {
    let schedule = schedule(json!({"send_at": "2026-03-29T09:00:00", "time_zone": "recipient"}));
    let accepted_at = at("2026-03-20T12:00:00Z");
    let hour = SignedDuration::from_hours(1);
    let span = span(&schedule, accepted_at, hour);
    let mailing = Mailing {
        schedule: &schedule,
        opens_at: span.starts_at,
        expires_at: span.expires_at,
        ttl: hour,
        is_paused: false,
    };
    let berlin = in_zone("Europe/Berlin");
    let turn = |now: &str| turn(&mailing, &berlin, None, at(now));
    let (starts, ends) = ("2026-03-29T07:00:00Z", at("2026-03-29T08:00:00Z"));
    let by = HeldBy::SendAt;
    assert_eq!(
        turn("2026-03-28T19:00:00Z"),
        Turn::Later { at: at(starts), by }
    );
    let expires_at = Some(ends);
    assert_eq!(turn(starts), Turn::Now { expires_at });
    assert_eq!(turn("2026-03-29T07:59:59Z"), Turn::Now { expires_at });
    assert_eq!(turn("2026-03-29T08:00:00Z"), Turn::Over(Reason::ExpiredTtl));
    // One that is held beyond its end is looked at when it ends.
    let quiet = QuietHours::new(time(8, 0, 0, 0), time(12, 0, 0, 0));
    let held = Recipient { quiet, ..berlin };
    let by = HeldBy::QuietHours;
    let turn = super::super::turn(&mailing, &held, None, at(starts));
    assert_eq!(turn, Turn::Later { at: ends, by });
}

fn day(index: usize, at: Timestamp) -> jiff::civil::Date {
    local(index, at).date()
}

fn local(index: usize, at: Timestamp) -> jiff::civil::DateTime {
    zone(ZONES[index % ZONES.len()]).unwrap().to_datetime(at)
}

fn check_times(mailing: &Played) {
    let mut all: Vec<Timestamp> = Vec::new();
    for (index, times) in &mailing.notified {
        assert_eq!(times.len(), 1, "{index} was notified more than once");
        let wall = local(*index, times[0]);
        let opens = if index.is_multiple_of(5) {
            time(9, 30, 0, 0)
        } else {
            time(9, 0, 0, 0)
        };
        assert!(
            (opens..time(9, 45, 0, 0)).contains(&wall.time()),
            "{index} at {wall}"
        );
        assert!(
            wall.date() >= jiff::civil::date(2026, 3, 29),
            "{index} at {wall}"
        );
        all.extend(times);
    }
    all.sort_unstable();
    // However late the server wakes, no minute has more than its number.
    for (first, last) in all.iter().zip(all.iter().skip(30)) {
        assert!(last.duration_since(*first) >= SignedDuration::from_secs(60));
    }
}

#[test]
fn a_paused_mailing_notifies_nobody_and_ends_what_expires() {
    let schedule = schedule(json!({"throttle_per_minute": 1}));
    let (opens_at, hour) = (at("2026-03-20T12:00:00Z"), SignedDuration::from_hours(1));
    let expires_at = opens_at + hour;
    let mailing = Mailing {
        schedule: &schedule,
        opens_at,
        expires_at,
        ttl: hour,
        is_paused: true,
    };
    let berlin = in_zone("Europe/Berlin");
    let mut pace = Pace::default();
    let paused = turn(&mailing, &berlin, Some(&mut pace), opens_at);
    let (at, by) = (expires_at, HeldBy::Pause);
    assert_eq!(paused, Turn::Later { at, by }, "it holds up no other one");
    assert_eq!(pace, Pace::default(), "it takes no place");
    let of_sender = held(&mailing, &berlin, pace, opens_at).map(|held| (held.by, held.until));
    assert_eq!(of_sender, Some((HeldBy::Pause, expires_at)));
    let late = turn(&mailing, &berlin, Some(&mut pace), expires_at);
    assert_eq!(late, Turn::Over(Reason::ExpiredTtl));
    // Nor is anything tried of what was released.
    let Hours::Closed(held) = hours(&mailing, &berlin, opens_at) else {
        panic!("it is held");
    };
    assert_eq!((held.by, held.until), (HeldBy::Pause, expires_at));
}
