use super::*;
use crate::schedule::{Held, HeldBy};

fn closed(until: i64) -> Hours {
    Hours::Closed(Held {
        until: at(until),
        by: HeldBy::Window,
        zone: None,
        ends_at: None,
    })
}

fn in_hours(hours: Hours) -> Case {
    Case {
        hours,
        ..Case::cascade(vec![phone(1, None)])
    }
}

#[test]
fn nothing_is_tried_in_closed_hours() {
    // The step would be over by then: it is looked at anew when the hours open.
    let looked = in_hours(closed(500)).at(300).look();
    assert_eq!((looked.tries, looked.end), (vec![], None));
    assert_eq!(
        (looked.course.step, looked.course.due_at),
        (0, Some(at(500)))
    );
    // It is looked at as well when the hours change, unless they have opened by then.
    let asked = looked.course.asked_anew(at(301)).unwrap();
    assert_eq!((asked.due_at, asked.is_put_off), (Some(at(301)), false));
    assert_eq!(looked.course.asked_anew(at(500)), None);
    assert_eq!(asked.asked_anew(at(300)), None);
    // A look that finds them open waits for something else, if for anything.
    assert!(!in_hours(Hours::Open).look().course.is_put_off);
}

#[test]
fn hours_that_are_over_end_a_delivery() {
    let over = in_hours(Hours::Over(Reason::ExpiredWindow));
    let looked = over.look();
    assert_eq!(
        (looked.tries, looked.end),
        (vec![], Some(Reason::ExpiredWindow))
    );
    assert_eq!(looked.course.due_at, None);
}

/// What withdrew it, or what it came to before, is what is said of it.
#[test]
fn hours_end_nothing_that_is_over() {
    let stopped = Case {
        is_stopped: true,
        ..in_hours(Hours::Over(Reason::ExpiredWindow))
    };
    let expired = in_hours(Hours::Over(Reason::ExpiredDeadline)).at(10_000);
    let ended = Evidence::Ended(Reason::CancelledSender);
    let cancelled = in_hours(Hours::Over(Reason::ExpiredWindow)).proven(ended);
    let is_closed = Case {
        is_stopped: true,
        ..in_hours(closed(500))
    };
    for case in [stopped, expired, cancelled, is_closed] {
        let looked = case.look();
        assert_eq!((looked.end, looked.course.due_at), (None, None));
    }
}
