//! A mailing across the night in which clocks are changed, in virtual time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, civil::time};
use serde_json::json;
use vestnik_model::publish::Schedule;

use super::{super::*, at, in_zone, schedule};

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

/// What a server keeps of a mailing: who is due when, who was notified when, and how far its pace is.
struct Mailing {
    schedule: Schedule,
    accepted_at: Timestamp,
    queue: BTreeSet<(Timestamp, usize)>,
    notified: BTreeMap<usize, Vec<Timestamp>>,
    missed: BTreeSet<usize>,
    pace: Pace,
    /// The recipients whose place in the pace has been taken.
    placed: BTreeSet<usize>,
}

fn recipient(index: usize) -> Recipient<'static> {
    let quiet = QuietHours::new(time(21, 30, 0, 0), time(9, 30, 0, 0));
    Recipient {
        quiet: quiet.filter(|_| index.is_multiple_of(5)),
        ..in_zone(ZONES[index % ZONES.len()])
    }
}

impl Mailing {
    fn accept(schedule: Schedule, recipients: usize, accepted_at: Timestamp) -> Self {
        Self {
            schedule,
            accepted_at,
            queue: (0..recipients).map(|index| (accepted_at, index)).collect(),
            notified: BTreeMap::new(),
            missed: BTreeSet::new(),
            pace: Pace::default(),
            placed: BTreeSet::new(),
        }
    }

    /// Does what is due first, `late` after it was.
    fn step(&mut self, late: SignedDuration) -> bool {
        let Some((due_at, index)) = self.queue.pop_first() else {
            return false;
        };
        let now = due_at + late;
        let moment = Moment {
            accepted_at: self.accepted_at,
            now,
        };
        let has_place = self.placed.remove(&index);
        let recipient = recipient(index);
        let Turn { due, has_place } = turn(
            &self.schedule,
            &recipient,
            moment,
            &mut self.pace,
            has_place,
        );
        if has_place {
            self.placed.insert(index);
        }
        match due {
            Due::At { at, .. } => {
                self.queue.insert((at, index));
            }
            Due::Missed(_) => {
                self.missed.insert(index);
            }
            Due::Now => self.notified.entry(index).or_default().push(now),
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
    let mut mailing = Mailing::accept(schedule, recipients, at("2026-03-20T12:00:00Z"));
    let mut steps = 0_usize;
    // Now and then the server is busy, and wakes late.
    while mailing.step(SignedDuration::from_millis(
        if steps.is_multiple_of(1_009) { 700 } else { 0 },
    )) {
        steps += 1;
        assert!(steps < 20 * recipients, "it comes to an end");
    }
    assert_eq!(mailing.notified.len() + mailing.missed.len(), recipients);
    check_times(&mailing);
    // A day's three quarters of an hour hold 1,350 of the 1,500 of a zone: the others come later.
    let days: BTreeSet<_> = mailing
        .notified
        .iter()
        .map(|(index, times)| day(*index, times[0]))
        .collect();
    assert!(days.len() > 1, "{days:?}");
}

fn day(index: usize, at: Timestamp) -> jiff::civil::Date {
    local(index, at).date()
}

fn local(index: usize, at: Timestamp) -> jiff::civil::DateTime {
    zone(ZONES[index % ZONES.len()]).unwrap().to_datetime(at)
}

fn check_times(mailing: &Mailing) {
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
    // Late wakes aside, which shift single ones by less than a second, no minute has more than its number.
    for (first, last) in all.iter().zip(all.iter().skip(31)) {
        assert!(last.duration_since(*first) >= SignedDuration::from_secs(60));
    }
}
