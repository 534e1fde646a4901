//! What of a schedule depends on the zones and on the time.

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{
    FieldCode, FieldProblem,
    publish::{Schedule, Timing, ZoneRule},
};

use super::zone::zone;

/// How far ahead a notification can be scheduled.
pub const MAX_AHEAD: SignedDuration = SignedDuration::from_hours(366 * 24);

/// Checks what the request alone does not say: whether the named zone exists, and whether the start is
/// within [`MAX_AHEAD`]. A start or a deadline that has passed is no problem: a request that is repeated
/// because its answer was lost is the same request.
///
/// # Errors
/// Every problem found, with a pointer into the request.
pub fn check(schedule: &Schedule, now: Timestamp) -> Result<(), Vec<FieldProblem>> {
    let mut problems = Vec::new();
    if let Timing::Local {
        zone: ZoneRule::Named(name),
        ..
    } = &schedule.timing
        && zone(name.as_str()).is_none()
    {
        let detail = "is not a time zone of the IANA database";
        let pointer = "/schedule/time_zone";
        problems.push(FieldProblem::new(pointer, FieldCode::NotAllowed, detail));
    }
    if schedule.opens_at(now).duration_since(now) > MAX_AHEAD {
        let detail = "must be at most 366 days ahead";
        let pointer = "/schedule/send_at";
        problems.push(FieldProblem::new(pointer, FieldCode::OutOfRange, detail));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}
