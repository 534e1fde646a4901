//! When a clock is inside a window next, and when it leaves it.

use jiff::{
    Timestamp, ToSpan as _,
    civil::Time,
    tz::{AmbiguousOffset, TimeZone},
};
use vestnik_model::publish::Window;

/// How many days ahead a change is looked for. A window opens every week at least, and one opening in a
/// row may be skipped by the clock.
const DAYS: i64 = 15;

/// Whether the clock of a zone is inside a window.
pub(super) fn is_inside(window: &Window, zone: &TimeZone, at: Timestamp) -> bool {
    window.contains(zone.to_datetime(at))
}

/// The first moment from `from` on that is inside; `None` if there is none, near the end of the calendar.
pub(super) fn next_inside(window: &Window, zone: &TimeZone, from: Timestamp) -> Option<Timestamp> {
    if is_inside(window, zone, from) {
        return Some(from);
    }
    let changes = changes(window.from, zone, from);
    changes.filter(|at| is_inside(window, zone, *at)).min()
}

/// The first moment from `from` on that is outside; `None` if there is none.
pub(super) fn next_outside(window: &Window, zone: &TimeZone, from: Timestamp) -> Option<Timestamp> {
    if !is_inside(window, zone, from) {
        return Some(from);
    }
    let changes = changes(window.to, zone, from);
    changes.filter(|at| !is_inside(window, zone, *at)).min()
}

/// The moments behind `from` at which the clock may pass an edge of a window: it reads `edge`, or it is
/// changed.
fn changes(edge: Time, zone: &TimeZone, from: Timestamp) -> impl Iterator<Item = Timestamp> {
    let today = zone.to_datetime(from).date();
    let days = (-1..=DAYS).filter_map(move |day| today.checked_add(day.days()).ok());
    let readings = days.flat_map(move |day| moments(zone, day.to_datetime(edge)));
    let end = from
        .checked_add((24 * DAYS).hours())
        .unwrap_or(Timestamp::MAX);
    let transitions = zone
        .following(from)
        .map(|transition| transition.timestamp());
    let transitions = transitions.take_while(move |at| *at <= end);
    readings.chain(transitions).filter(move |at| *at > from)
}

/// The moments at which the clock reads `wall`: none if it is skipped, two if it is shown twice.
fn moments(zone: &TimeZone, wall: jiff::civil::DateTime) -> impl Iterator<Item = Timestamp> {
    let reading = zone.to_ambiguous_timestamp(wall);
    let offsets = match reading.offset() {
        AmbiguousOffset::Unambiguous { offset } => [Some(offset), None],
        AmbiguousOffset::Gap { .. } => [None, None],
        AmbiguousOffset::Fold { before, after } => [Some(before), Some(after)],
    };
    let offsets = offsets.into_iter().flatten();
    offsets.filter_map(move |offset| offset.to_timestamp(wall).ok())
}
