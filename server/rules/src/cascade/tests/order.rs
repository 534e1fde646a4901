//! What holds a delivery back, in the order in which it counts.

use vestnik_model::{MinVersions, Platform};

use super::*;
use crate::{
    app_version::Build,
    schedule::{Held, HeldBy},
};

/// What a look at the only step comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It is tried.
    Go,
    /// It waits until then.
    Later(i64),
    /// Nothing is done about it any more, and it ended before.
    Nothing,
    /// It ends.
    Over(Reason),
}

/// Something that holds a delivery back.
struct Hold {
    name: &'static str,
    add: fn(&mut Case),
    verdict: Verdict,
}

/// The phone of the person.
fn its_phone(case: &mut Case) -> &mut Device {
    case.devices.first_mut().expect("the person has a phone")
}

/// Each thing that holds a delivery back, in its order.
fn in_order() -> Vec<Hold> {
    use Verdict::{Later, Nothing, Over};
    let hold = |name, add, verdict| Hold { name, add, verdict };
    vec![
        hold(
            "it ended before",
            |of| {
                let ended = Evidence::Ended(Reason::SuppressedSuperseded);
                of.state.merge(ended, at(1));
            },
            Nothing,
        ),
        hold("it is withdrawn", |of| of.is_stopped = true, Nothing),
        hold("it has expired", |of| of.now = 10_000, Nothing),
        hold(
            "it is not wanted",
            |of| of.hours = Hours::Over(Reason::OptoutCategory),
            Over(Reason::OptoutCategory),
        ),
        hold(
            "the app is too old",
            |of| {
                let newer = [("android".to_owned(), "3.0".to_owned())];
                of.wanted.minimum = MinVersions::read(&newer.into());
            },
            Over(Reason::DeviceAppTooOld),
        ),
        hold(
            "the device may confirm it",
            |of| its_phone(of).heard_at = Some(at(99)),
            Later(105),
        ),
        hold(
            "the device shows nothing",
            |of| its_phone(of).blocked = Some(Reason::BlockedOs),
            Over(Reason::BlockedOs),
        ),
        hold(
            "the address is dead",
            |of| its_phone(of).addresses[0].is_dead = true,
            Over(Reason::TokenDead),
        ),
        hold(
            "nobody pushes for the App",
            |of| its_phone(of).addresses[0].has_provider = false,
            Over(Reason::ConfigNoRoute),
        ),
    ]
}

/// A delivery by push alone to a person with one phone.
fn free() -> Case {
    let android = Build::of(Some(Platform::Android), Some("1.0"));
    Case::new(vec![Device {
        build: android,
        ..phone(1, None)
    }])
}

fn verdict(case: &Case) -> Verdict {
    let looked = case.look();
    match (looked.end, looked.tries.is_empty(), looked.course.due_at) {
        (Some(reason), _, _) => Verdict::Over(reason),
        (None, false, _) => Verdict::Go,
        (None, true, None) => Verdict::Nothing,
        (None, true, Some(due)) => Verdict::Later(due.as_second()),
    }
}

#[test]
fn of_two_things_that_hold_it_back_the_earlier_decides() {
    assert_eq!(verdict(&free()), Verdict::Go);
    let all = in_order();
    for (index, first) in all.iter().enumerate() {
        for second in &all[index..] {
            let mut case = free();
            (second.add)(&mut case);
            (first.add)(&mut case);
            let pair = format!("{} and {}", first.name, second.name);
            assert_eq!(verdict(&case), first.verdict, "{pair}");
        }
    }
}

#[test]
fn closed_hours_hold_what_a_route_would_not() {
    let closed = Hours::Closed(Held {
        until: at(500),
        by: HeldBy::QuietHours,
        zone: None,
        ends_at: None,
    });
    // By then the person may have switched notifications on again, or have a newer app.
    for hold in in_order().into_iter().skip(4) {
        let mut case = free();
        case.hours = closed.clone();
        (hold.add)(&mut case);
        assert_eq!(verdict(&case), Verdict::Later(500), "{}", hold.name);
    }
}
