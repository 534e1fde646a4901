use super::*;

const NONE: Counts = Counts {
    scheduled: 0,
    pending: 0,
    sent: 0,
    delivered: 0,
    read: 0,
    suppressed: 0,
    failed: 0,
    undelivered: 0,
    unconfirmed: 0,
    expired: 0,
    cancelled: 0,
    double_contact: 0,
    late: 0,
    clicked: 0,
};

#[track_caller]
fn check(expansion: Expansion, counts: Counts, expected: NotificationStatus) {
    assert_eq!(counts.status(expansion, ErrorPolicy::Any), expected);
}

/// As many as were lost, of four that were wanted.
#[test]
fn the_policy_says_how_many_lost_deliveries_are_an_error() {
    use NotificationStatus::{Cancelled, Error, Expired, Sent};
    let four = |lost| Counts {
        sent: 4 - lost,
        undelivered: lost,
        suppressed: 9,
        ..NONE
    };
    for (lost, expected) in [
        (0, [Sent, Sent, Sent]),
        (1, [Error, Sent, Sent]),
        (2, [Error, Sent, Sent]),
        (3, [Error, Error, Sent]),
        (4, [Error, Error, Error]),
    ] {
        let policies = [ErrorPolicy::Any, ErrorPolicy::Majority, ErrorPolicy::All];
        let found = policies.map(|policy| four(lost).status(Expansion::Done, policy));
        assert_eq!(found, expected, "{lost} lost");
    }
    for policy in [ErrorPolicy::Any, ErrorPolicy::Majority, ErrorPolicy::All] {
        let status = |counts: Counts| counts.status(Expansion::Done, policy);
        let one_of_one = Counts { failed: 1, ..NONE };
        assert_eq!(status(one_of_one), Error);
        assert_eq!(status(Counts { expired: 2, ..NONE }), Expired);
        let stopped = Counts {
            cancelled: 1,
            failed: 3,
            ..NONE
        };
        assert_eq!(status(stopped), Cancelled);
        assert_eq!(status(NONE), Sent);
    }
}

#[test]
fn the_outcome_says_how_many_reached_the_goal() {
    use Outcome::{Complete, None, Partial};
    #[track_caller]
    fn check(counts: Counts, expansion: Expansion, expected: [Outcome; 3]) {
        let goals = [Goal::Handed, Goal::Delivered, Goal::Read];
        assert_eq!(goals.map(|goal| counts.outcome(expansion, goal)), expected);
    }
    let done = Expansion::Done;
    check(NONE, done, [None; 3]);
    check(Counts { sent: 2, ..NONE }, done, [Complete, None, None]);
    let delivered = Counts {
        delivered: 2,
        ..NONE
    };
    check(delivered, done, [Complete, Complete, None]);
    check(Counts { read: 2, ..NONE }, done, [Complete; 3]);
    let mixed = Counts {
        sent: 1,
        delivered: 1,
        read: 1,
        ..NONE
    };
    check(mixed, done, [Complete, Partial, Partial]);
    // The audience is not known, or some of it waits.
    check(mixed, Expansion::Running, [Partial; 3]);
    let waits = Counts {
        pending: 1,
        ..mixed
    };
    check(waits, done, [Partial; 3]);
    // Who did not want it, and who was left out, is no failure.
    let excluded = Counts {
        read: 1,
        suppressed: 5,
        cancelled: 5,
        ..NONE
    };
    check(excluded, done, [Complete; 3]);
    check(excluded, Expansion::Stopped, [Complete; 3]);
    let unconfirmed = Counts {
        read: 1,
        unconfirmed: 1,
        ..NONE
    };
    check(unconfirmed, done, [Partial; 3]);
}

#[test]
fn a_running_notification_says_how_far_it_is() {
    check(Expansion::Scheduled, NONE, NotificationStatus::Scheduled);
    check(Expansion::Running, NONE, NotificationStatus::Accepted);
    check(
        Expansion::Done,
        Counts { pending: 2, ..NONE },
        NotificationStatus::Queued,
    );
    check(
        Expansion::Done,
        Counts {
            scheduled: 2,
            ..NONE
        },
        NotificationStatus::Queued,
    );
    let some_early = Counts {
        scheduled: 1,
        read: 1,
        ..NONE
    };
    check(Expansion::Done, some_early, NotificationStatus::Sending);
    check(
        Expansion::Running,
        Counts { sent: 2, ..NONE },
        NotificationStatus::Sending,
    );
    let some_read = Counts {
        pending: 1,
        read: 1,
        ..NONE
    };
    check(Expansion::Done, some_read, NotificationStatus::Sending);
    let unconfirmed = Counts {
        pending: 1,
        unconfirmed: 1,
        ..NONE
    };
    check(Expansion::Done, unconfirmed, NotificationStatus::Sending);
}

#[test]
fn a_settled_notification_follows_hand_over() {
    check(Expansion::Done, NONE, NotificationStatus::Sent);
    let handed = Counts {
        sent: 1,
        delivered: 1,
        read: 1,
        ..NONE
    };
    check(Expansion::Done, handed, NotificationStatus::Sent);
    check(
        Expansion::Done,
        Counts {
            unconfirmed: 3,
            ..NONE
        },
        NotificationStatus::Sent,
    );
    let lost = Counts {
        sent: 1,
        undelivered: 1,
        ..NONE
    };
    check(Expansion::Done, lost, NotificationStatus::Error);
    let unwanted = Counts {
        sent: 1,
        suppressed: 4,
        ..NONE
    };
    check(Expansion::Done, unwanted, NotificationStatus::Sent);
    let failed = Counts { failed: 1, ..NONE };
    check(Expansion::Done, failed, NotificationStatus::Error);
    let part_expired = Counts {
        unconfirmed: 1,
        expired: 1,
        ..NONE
    };
    check(Expansion::Done, part_expired, NotificationStatus::Error);
    check(
        Expansion::Done,
        Counts { expired: 3, ..NONE },
        NotificationStatus::Expired,
    );
}

#[test]
fn a_cancelled_notification_says_so_however_far_it_came() {
    check(Expansion::Stopped, NONE, NotificationStatus::Cancelled);
    check(
        Expansion::Stopped,
        Counts { read: 9, ..NONE },
        NotificationStatus::Cancelled,
    );
    let part = Counts {
        sent: 1,
        cancelled: 1,
        ..NONE
    };
    check(Expansion::Done, part, NotificationStatus::Cancelled);
    let waits = Counts {
        pending: 1,
        cancelled: 1,
        ..NONE
    };
    check(Expansion::Done, waits, NotificationStatus::Queued);
}

#[test]
fn every_counter_is_part_of_the_total() {
    let mut counts = NONE;
    for (number, counter) in Counter::ALL.into_iter().enumerate() {
        *counts.of(counter) += 1;
        assert_eq!(counts.total(), number as u64 + 1);
    }
    let fields = serde_json::to_value(counts).unwrap();
    let names: Vec<_> = fields.as_object().unwrap().keys().cloned().collect();
    for mark in Mark::ALL {
        *counts.number(Count::Marked(mark)) += 1;
    }
    assert_eq!(counts.total(), Counter::ALL.len() as u64);
    let standing = Counter::ALL.into_iter().map(Count::Standing);
    let all = standing.chain(Mark::ALL.into_iter().map(Count::Marked));
    let mut words: Vec<_> = all.clone().map(Count::as_str).collect();
    words.sort_unstable();
    assert_eq!(names, words);
    for count in all {
        assert_eq!(Count::from_word(count.as_str()), Some(count));
    }
}

#[test]
fn other_versions_counters_are_no_obstacle() {
    let counts: Counts = serde_json::from_str(r#"{"sent": 2, "teleported": 1}"#).unwrap();
    assert_eq!(counts, Counts { sent: 2, ..NONE });
}
