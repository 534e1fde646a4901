//! Tries outside the devices that have their turn a while after they began.

use super::*;
use crate::{
    cascade::turn::{Start, Turn, start},
    patience::begin_at,
    schedule::{Held, HeldBy},
};

const BEGAN: i64 = 160;

/// A letter, or a request, that a look began at second 160, of which this is known by a later one.
fn begun(target: Target) -> Case {
    let lease_until = at(BEGAN) + lease(target);
    let known = begin_at(target, None, lease_until);
    let (mailbox, backend) = match target {
        Target::Backend => (None, Some(address(Channel::Webhook, Some(known.clone())))),
        Target::Device { .. } | Target::Mailbox | Target::Gateway(_) => {
            (Some(address(Channel::Email, Some(known.clone()))), None)
        }
    };
    let step = |channel, wait_for, within_seconds| StepRequest {
        channel,
        wait_for: Some(wait_for),
        within_seconds,
        on_unproven: None,
    };
    Case {
        steps: Steps::from_stored(vec![
            step(StepChannel::Push, Goal::Delivered, Some(60)),
            step(target.step(), Goal::Handed, Some(300)),
            step(StepChannel::Hub, Goal::Delivered, None),
        ]),
        course: Course {
            step: 1,
            ..Course::new(at(BEGAN))
        },
        attempts: vec![(target, known)],
        mailbox,
        backend,
        ..Case::new(Vec::new())
    }
    .proven(Evidence::Sent)
    .at(170)
}

fn turn(target: Target) -> Turn {
    Turn {
        target,
        lease_until: at(BEGAN) + lease(target),
        has_address: true,
        choice: None,
        noted: None,
    }
}

impl Case {
    fn start(&self, turn: Turn) -> Start {
        self.with_view(|view| start(view, turn))
    }

    /// What is looked at after a try of it was put back.
    #[track_caller]
    fn put_back(mut self, target: Target) -> Looked {
        let Start::PutBack(attempt) = self.start(turn(target)) else {
            panic!("it is not made: {:?}", self.start(turn(target)));
        };
        assert_eq!(
            (attempt.state, attempt.until),
            (State::Retrying, Some(at(self.now)))
        );
        assert_eq!((attempt.tries, attempt.unproven), (0, 0));
        for known in [&mut self.mailbox, &mut self.backend].into_iter().flatten() {
            known.attempt = Some(attempt.clone());
        }
        self.attempts = vec![(target, attempt)];
        self.look()
    }
}

const OUTSIDE: [Target; 2] = [Target::Mailbox, Target::Backend];

#[test]
fn what_is_still_to_be_sent_is_sent_once() {
    for target in OUTSIDE {
        let mut case = begun(target);
        let Start::Made(attempt) = case.start(turn(target)) else {
            panic!("{target:?} is made");
        };
        let lease_until = Some(turn(target).lease_until);
        assert_eq!(
            (attempt.state, attempt.until),
            (State::Sending, lease_until)
        );
        assert!(attempt.may_be_taken());
        case.attempts = vec![(target, attempt)];
        assert_eq!(case.start(turn(target)), Start::Gone);
    }
}

#[test]
fn what_somebody_else_began_or_settled_has_no_turn() {
    for target in OUTSIDE {
        let case = begun(target);
        let other = Turn {
            lease_until: at(2_000),
            ..turn(target)
        };
        assert_eq!(case.start(other), Start::Gone);
        for state in [State::Retrying, State::Sent, State::Failed] {
            let mut case = begun(target);
            case.attempts[0].1.state = state;
            assert_eq!(case.start(turn(target)), Start::Gone, "{state:?}");
        }
        let none = Case {
            attempts: Vec::new(),
            ..begun(target)
        };
        assert_eq!(none.start(turn(target)), Start::Gone);
    }
}

#[test]
fn what_a_device_confirmed_meanwhile_is_not_sent() {
    for target in OUTSIDE {
        let case = begun(target).proven(Evidence::Receipt(ReceiptKind::Delivered));
        let looked = case.put_back(target);
        assert_eq!((&looked.tries[..], looked.course.due_at), (&[][..], None));
        let ends: Vec<_> = looked.ends.iter().map(|(to, it)| (*to, it.state)).collect();
        assert_eq!(ends, [(target, State::Failed)]);
        let read = begun(target).proven(Evidence::Receipt(ReceiptKind::Read));
        assert_eq!(read.put_back(target).tries, []);
    }
}

#[test]
fn what_its_step_has_no_time_for_is_not_sent() {
    for target in OUTSIDE {
        let Start::Made(_) = begun(target).at(179).start(turn(target)) else {
            panic!("there is time");
        };
        let mut case = begun(target);
        case.course.began_at = at(-140);
        let looked = case.at(160).put_back(target);
        assert_eq!(
            (looked.course.step, looked.course.switched),
            (2, Some(Reason::FallbackSwitched))
        );
        let ends: Vec<_> = looked.ends.iter().map(|(to, it)| (*to, it.state)).collect();
        assert_eq!(ends, [(target, State::Failed)]);
    }
}

#[test]
fn what_is_over_stopped_or_held_is_not_sent() {
    let held = Held {
        until: at(500),
        by: HeldBy::QuietHours,
        zone: None,
        ends_at: None,
    };
    for target in OUTSIDE {
        let stopped = Case {
            is_stopped: true,
            ..begun(target)
        };
        assert_eq!(stopped.put_back(target).course.due_at, None);
        let quiet = Case {
            hours: Hours::Closed(held.clone()),
            ..begun(target)
        };
        let looked = quiet.put_back(target);
        assert_eq!(
            (looked.course.due_at, looked.course.is_put_off),
            (Some(at(500)), true)
        );
        let unwanted = Case {
            hours: Hours::Over(Reason::OptoutAll),
            ..begun(target)
        };
        assert_eq!(unwanted.put_back(target).end, Some(Reason::OptoutAll));
    }
    // A letter may wait for longer than its notification lives.
    let mut expired = begun(Target::Mailbox);
    expired.course.began_at = at(9_900);
    expired.attempts[0].1.until = Some(at(11_000));
    let late = Turn {
        lease_until: at(11_000),
        ..turn(Target::Mailbox)
    };
    assert!(matches!(expired.start(late), Start::PutBack(_)));
    let expired = expired.at(10_000);
    assert!(matches!(expired.start(late), Start::PutBack(_)));
}

#[test]
fn what_has_no_address_any_more_is_not_sent_there() {
    let mut dead = begun(Target::Mailbox);
    if let Some(mailbox) = &mut dead.mailbox {
        mailbox.is_dead = true;
    }
    let looked = dead.put_back(Target::Mailbox);
    assert_eq!(looked.course.switched, Some(Reason::EmailBounced));
    let gone = Case {
        mailbox: None,
        ..begun(Target::Mailbox)
    };
    assert_eq!(gone.put_back(Target::Mailbox).tries, []);
    // The next try goes to the address that the user has now.
    let moved = Turn {
        has_address: false,
        ..turn(Target::Mailbox)
    };
    assert!(matches!(
        begun(Target::Mailbox).start(moved),
        Start::PutBack(_)
    ));
}

#[test]
fn whose_lease_is_over_has_no_turn() {
    let target = Target::Backend;
    assert!(matches!(
        begun(target).at(189).start(turn(target)),
        Start::Made(_)
    ));
    let looked = begun(target).at(190).put_back(target);
    assert_eq!(looked.tries, [target]);
}
