//! What becomes of messages.

use std::num::{NonZeroU16, NonZeroU32};

use rusmpp::Pdu;

use super::{
    SECOND,
    stage::{Stage, config, submission},
};
use crate::{
    Outcome, Said, Status, Verdict,
    fixture::{self as peer, submit_answer},
    outcome::BUSY,
    session::{Closing, Input, Late, Output, Ticket, Trouble},
};
use vestnik_model::Reason;

#[test]
fn a_window_of_submissions_is_outstanding() {
    let mut config = config();
    config.window = NonZeroU16::new(2).unwrap();
    let mut stage = Stage::bound(config);
    stage.submit(1, "one");
    stage.submit(2, "two");
    assert!(!stage.has_room());
    assert_eq!(stage.sent(), ["submit_sm 2", "submit_sm 3"]);
    // Answers come in any order.
    stage.receive(&submit_answer(3, Status::OK, "b"));
    assert_eq!(stage.accepted(), [(2, "b".to_owned())]);
    assert!(stage.has_room());
    stage.submit(3, "three");
    assert!(!stage.has_room());
    stage.receive(&submit_answer(2, Status::OK, "a"));
    stage.receive(&submit_answer(4, Status::OK, "c"));
    assert_eq!(stage.accepted(), [(1, "a".to_owned()), (3, "c".to_owned())]);
}

#[test]
fn the_first_part_goes_alone_and_the_others_together() {
    let mut stage = Stage::bound(config());
    stage.submit(1, &"x".repeat(400));
    assert_eq!(stage.sent(), ["submit_sm 2"]);
    stage.receive(&submit_answer(2, Status::OK, "a"));
    assert_eq!(stage.sent(), ["submit_sm 3", "submit_sm 4"]);
    stage.receive(&submit_answer(4, Status::OK, "c"));
    assert_eq!(stage.ended(), []);
    stage.receive(&submit_answer(3, Status::OK, "b"));
    let ended = stage.ended();
    let ids: Vec<_> = ended[0]
        .1
        .ids
        .iter()
        .flatten()
        .map(|id| id.as_str())
        .collect();
    assert_eq!((ids, ended[0].1.parts), (vec!["a", "b", "c"], 3));
    let Verdict::Accepted { id } = &ended[0].1.verdict else {
        panic!("{ended:?}");
    };
    assert_eq!(id.as_ref().unwrap().as_str(), "c");
}

#[test]
fn a_message_whose_first_part_is_refused_was_not_taken() {
    let mut stage = Stage::bound(config());
    stage.submit(1, &"x".repeat(400));
    stage.sent();
    stage.receive(&submit_answer(2, Status::INVALID_DESTINATION, ""));
    assert_eq!(stage.sent(), [""; 0]);
    let (_, outcome) = stage.ended().remove(0);
    let reason = Reason::TokenDead;
    assert_eq!(outcome.verdict, Verdict::Dead { reason });
    assert_eq!(outcome.said, Some(Said(Status::INVALID_DESTINATION)));
    assert!(outcome.ids.is_empty());
}

#[test]
fn a_later_part_that_is_too_much_is_repeated_as_it_was() {
    let mut stage = Stage::bound(config());
    stage.submit(1, &"x".repeat(200));
    stage.sent();
    stage.receive(&submit_answer(2, Status::OK, "a"));
    let first = stage.commands();
    stage.receive(&submit_answer(3, Status::THROTTLED, ""));
    assert!(stage.commands().is_empty());
    stage.pass(SECOND);
    let again = stage.commands();
    assert_eq!(again[0].sequence_number(), 4);
    assert_eq!(again[0].pdu(), first[0].pdu());
    assert!(matches!(again[0].pdu(), Some(Pdu::SubmitSm(_))));
    stage.receive(&submit_answer(4, Status::OK, "b"));
    assert_eq!(stage.accepted(), [(1, "b".to_owned())]);
}

/// How often a later part was repeated that is always refused so, and what it came to.
fn repeated(status: Status) -> (u32, Outcome) {
    let mut stage = Stage::bound(config());
    stage.submit(1, &"x".repeat(200));
    stage.receive(&submit_answer(2, Status::OK, "a"));
    let mut repeated = 0;
    loop {
        for command in stage.commands() {
            let sequence = command.sequence_number();
            match command.pdu() {
                Some(Pdu::EnquireLink) => stage.receive(&peer::empty(0x8000_0015, sequence)),
                Some(Pdu::SubmitSm(_)) if sequence > 2 => {
                    repeated += 1;
                    stage.receive(&submit_answer(sequence, status, ""));
                }
                _ => {}
            }
        }
        if let Some((_, outcome)) = stage.ended().pop() {
            return (repeated, outcome);
        }
        stage.pass(SECOND);
    }
}

#[test]
fn parts_are_repeated_for_a_time_only() {
    for status in [Status::QUEUE_FULL, Status::SYSTEM_ERROR, Status::TEMPORARY] {
        let (repeated, outcome) = repeated(status);
        let is_throttled = matches!(outcome.verdict, Verdict::Throttled { .. });
        assert_eq!(is_throttled, status == Status::QUEUE_FULL);
        assert!(is_throttled || matches!(outcome.verdict, Verdict::Retry { .. }));
        assert_eq!((outcome.ids.len(), outcome.parts), (1, 2));
        // At once, and after 1, 2, 4, 8 and 16 seconds; 30 more are beyond the minute.
        assert_eq!(repeated, 6, "{status}");
    }
}

#[test]
fn a_part_that_waits_to_be_repeated_holds_nobody_up() {
    let mut stage = Stage::bound(config());
    stage.submit(1, &"x".repeat(400));
    stage.receive(&submit_answer(2, Status::OK, "a"));
    stage.receive(&submit_answer(3, Status::SYSTEM_ERROR, ""));
    stage.receive(&submit_answer(4, Status::SYSTEM_ERROR, ""));
    assert_eq!(stage.sent(), ["submit_sm 2", "submit_sm 3", "submit_sm 4"]);
    stage.submit(2, "Hi");
    assert_eq!(stage.sent(), ["submit_sm 5"]);
    // Both were under way, and wait as long as one.
    stage.pass(SECOND);
    assert_eq!(stage.sent(), ["submit_sm 6", "submit_sm 7"]);
}

#[test]
fn a_part_that_is_refused_makes_the_message_what_it_is() {
    let mut stage = Stage::bound(config());
    stage.submit(1, &"x".repeat(400));
    stage.receive(&submit_answer(2, Status::OK, "a"));
    stage.receive(&submit_answer(3, Status::REFUSED, ""));
    // The other is under way.
    assert_eq!(stage.ended(), []);
    stage.receive(&submit_answer(4, Status::OK, "c"));
    let (_, outcome) = stage.ended().remove(0);
    let reason = Reason::ProviderRejected;
    assert_eq!(outcome.verdict, Verdict::Rejected { reason });
    assert_eq!(outcome.ids.len(), 2);
}

#[test]
fn a_submission_without_an_answer_is_unproven() {
    let mut config = config();
    config.window = NonZeroU16::MIN;
    let mut stage = Stage::bound(config);
    stage.submit(1, "Hi");
    stage.sent();
    assert!(!stage.has_room());
    // The peer lives and says nothing of it.
    for sequence in 1..=5 {
        stage.pass(10 * SECOND);
        stage.receive(&peer::empty(0x15, sequence));
    }
    stage.sent();
    stage.pass(10 * SECOND);
    let outputs = stage.outputs();
    let [
        Output::Trouble(Trouble::Unanswered),
        Output::Ended(_, outcome),
    ] = &outputs[..]
    else {
        panic!("{outputs:?}");
    };
    assert_eq!(outcome.verdict, Verdict::UNPROVEN);
    // Whether it is there at all is asked; its window is free again.
    assert_eq!(stage.sent(), ["enquire_link 3"]);
    assert!(stage.has_room());
    // A late answer proves that it was taken, once.
    stage.receive(&submit_answer(2, Status::OK, "a"));
    let id = crate::MessageId::of_answer(b"a", crate::ReceiptIds::Same);
    let late = Output::Late(Ticket(1), Late { part: 0, id });
    assert_eq!(stage.outputs(), [late]);
    stage.receive(&submit_answer(2, Status::OK, "a"));
    assert_eq!(stage.outputs(), [Output::Trouble(Trouble::Stray)]);
}

/// A message with a part that is known not to be taken is not whole, whatever became of another part.
#[test]
fn what_cannot_be_whole_is_not_unproven() {
    let mut stage = Stage::bound(config());
    stage.submit(1, &"x".repeat(400));
    stage.receive(&submit_answer(2, Status::OK, "a"));
    stage.receive(&submit_answer(4, Status::REFUSED, ""));
    assert_eq!(stage.ended(), []);
    stage.handle(Input::Lost);
    let outputs = stage.outputs();
    let [Output::Ended(_, outcome), Output::Closed(_)] = &outputs[..] else {
        panic!("{outputs:?}");
    };
    let reason = Reason::ProviderRejected;
    assert_eq!(outcome.verdict, Verdict::Rejected { reason });
    assert_eq!((outcome.ids.len(), outcome.parts), (1, 3));
}

#[test]
fn only_what_was_written_is_unproven() {
    let mut stage = Stage::bound(config());
    stage.is_taking = false;
    stage.submit(1, "being written");
    stage.handle(Input::Submit(Ticket(2), submission("waits")));
    stage.handle(Input::Lost);
    let outputs = stage.outputs();
    let [
        Output::Ended(_, first),
        Output::Ended(_, second),
        Output::Closed(Closing::Lost),
    ] = &outputs[..]
    else {
        panic!("{outputs:?}");
    };
    assert_eq!(first.verdict, Verdict::UNPROVEN);
    assert_eq!(second.verdict, Verdict::UNAVAILABLE);
}

#[test]
fn parts_that_were_not_written_make_no_message() {
    let mut stage = Stage::bound(config());
    stage.submit(1, &"x".repeat(400));
    stage.is_taking = false;
    // An answer to the peer is being written while the parts wait.
    stage.receive(&peer::empty(0x15, 1));
    stage.receive(&submit_answer(2, Status::OK, "a"));
    stage.handle(Input::Lost);
    let outputs = stage.outputs();
    let [Output::Ended(_, outcome), Output::Closed(_)] = &outputs[..] else {
        panic!("{outputs:?}");
    };
    assert_eq!(outcome.verdict, Verdict::UNAVAILABLE);
    assert_eq!((outcome.ids.len(), outcome.parts), (1, 3));
}

#[test]
fn a_throttled_message_is_given_back_and_others_wait() {
    let mut stage = Stage::bound(config());
    stage.submit(1, "Hi");
    stage.receive(&submit_answer(2, Status::THROTTLED, ""));
    let (_, outcome) = stage.ended().remove(0);
    assert_eq!(outcome.verdict, Verdict::Throttled { after: SECOND });
    assert!(!stage.has_room());
    assert_eq!(
        stage.session.paused_until(stage.now),
        Some(stage.now + SECOND)
    );
    stage.pass(SECOND);
    assert!(stage.has_room());
    stage.submit(2, "Hi");
    stage.receive(&submit_answer(3, Status::SYSTEM_ERROR, ""));
    let (_, outcome) = stage.ended().remove(0);
    let (reason, after) = (Reason::ProviderInternal, Some(BUSY));
    assert_eq!(outcome.verdict, Verdict::Retry { reason, after });
}

#[test]
fn no_more_is_submitted_in_a_second_than_may_be() {
    let mut config = config();
    config.per_second = NonZeroU32::new(2);
    let mut stage = Stage::bound(config);
    stage.submit(1, &"x".repeat(400));
    assert!(!stage.has_room());
    stage.receive(&submit_answer(2, Status::OK, "a"));
    assert_eq!(stage.sent(), ["submit_sm 2"]);
    stage.pass(SECOND / 2);
    assert_eq!(stage.sent(), ["submit_sm 3"]);
    stage.pass(SECOND / 2);
    assert_eq!(stage.sent(), ["submit_sm 4"]);
}

#[test]
fn a_message_whose_parts_wait_for_their_turn_is_not_given_up() {
    let mut config = config();
    config.per_second = NonZeroU32::new(2);
    config.patience.parts = 2 * SECOND;
    let mut stage = Stage::bound(config);
    stage.submit(1, &"x".repeat(153 * 6));
    for sequence in 2..8 {
        assert_eq!(stage.sent(), [format!("submit_sm {sequence}")]);
        stage.receive(&submit_answer(sequence, Status::OK, "a"));
        stage.pass(SECOND / 2);
    }
    assert_eq!(stage.accepted(), [(1, "a".to_owned())]);
}

#[test]
fn an_id_that_cannot_be_read_is_none() {
    let mut stage = Stage::bound(config());
    stage.submit(1, "Hi");
    stage.receive(&submit_answer(2, Status::OK, ""));
    assert_eq!(stage.accepted(), [(1, String::new())]);
    // Nor is its null needed.
    stage.submit(2, "Hi");
    let mut answer = submit_answer(3, Status::OK, "abc");
    answer.pop();
    answer[3] -= 1;
    stage.receive(&answer);
    assert_eq!(stage.accepted(), [(2, "abc".to_owned())]);
}

#[test]
fn a_place_that_is_kept_is_not_taken_by_parts_of_another_message() {
    let mut config = config();
    config.window = NonZeroU16::new(2).unwrap();
    let mut stage = Stage::bound(config);
    stage.submit(1, &"x".repeat(400));
    assert!(stage.has_room());
    stage.handle(Input::Reserve);
    assert!(!stage.has_room());
    stage.receive(&submit_answer(2, Status::OK, "a"));
    assert_eq!(stage.sent(), ["submit_sm 2", "submit_sm 3"]);
    stage.handle(Input::Submit(Ticket(2), submission("Hi")));
    assert_eq!(stage.sent(), ["submit_sm 4"]);
    stage.receive(&submit_answer(4, Status::OK, "b"));
    assert_eq!(stage.accepted(), [(2, "b".to_owned())]);
    assert_eq!(stage.sent(), ["submit_sm 5"]);
}

#[test]
fn a_place_that_is_given_back_is_for_the_next_part() {
    let mut config = config();
    config.window = NonZeroU16::new(2).unwrap();
    let mut stage = Stage::bound(config);
    stage.submit(1, &"x".repeat(400));
    stage.handle(Input::Reserve);
    stage.receive(&submit_answer(2, Status::OK, "a"));
    assert_eq!(stage.sent(), ["submit_sm 2", "submit_sm 3"]);
    stage.handle(Input::Release);
    assert_eq!(stage.sent(), ["submit_sm 4"]);
}

#[test]
fn places_are_given_as_fast_as_messages_may_be_written() {
    let mut config = config();
    config.per_second = NonZeroU32::new(2);
    let mut stage = Stage::bound(config);
    let mut kept = 0;
    for _ in 0..20 {
        while stage.has_room() {
            stage.handle(Input::Reserve);
            kept += 1;
        }
        stage.pass(SECOND / 10);
    }
    assert_eq!(kept, 4);
}
