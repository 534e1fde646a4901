//! What the hours of a schedule make of a look.

use super::{Course, Looked};
use crate::schedule::Hours;

/// Whether a delivery is put off, or ends, by the hours of its schedule and of its recipient: what becomes of
/// it then. A step that was over meanwhile gives way when the hours open.
pub(super) fn put_off(course: Course, hours: &Hours) -> Option<Looked> {
    let (due_at, end) = match hours {
        Hours::Open => return None,
        Hours::Closed(held) => (Some(held.until), None),
        Hours::Over(reason) => (None, Some(*reason)),
    };
    Some(Looked {
        end,
        ..Looked::at(Course {
            due_at,
            is_put_off: due_at.is_some(),
            ..course
        })
    })
}
