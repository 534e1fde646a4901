//! Peers that break the protocol, and connections that break.

use proptest::prelude::*;

use super::{
    SECOND,
    stage::{Stage, config},
};
use crate::{
    FrameFault, Status, Verdict,
    fixture::{self as peer, receipt, submit_answer},
    session::{Closing, Input, Output, Ticket, Trouble},
};

/// What a message centre says to a session that was given two messages.
fn conversation() -> Vec<u8> {
    [
        peer::empty(0x15, 900),
        submit_answer(3, Status::OK, "second"),
        receipt(901, "second"),
        submit_answer(2, Status::OK, "first"),
    ]
    .concat()
}

/// Where each PDU of the conversation ends.
fn ends() -> Vec<usize> {
    let (said, mut ends, mut at) = (conversation(), Vec::new(), 0);
    while at < said.len() {
        at += usize::from(said[at + 3]);
        ends.push(at);
    }
    ends
}

fn with_two_messages() -> Stage {
    let mut stage = Stage::bound(config());
    stage.submit(1, "one");
    stage.submit(2, "two");
    stage
}

#[test]
fn a_connection_is_cut_at_every_byte() {
    let (said, ends) = (conversation(), ends());
    for cut in 0..=said.len() {
        let mut stage = with_two_messages();
        stage.receive(&said[..cut]);
        stage.handle(Input::Lost);
        let outputs = stage.outputs();
        let is_taken = |ticket| {
            let mut ended = outputs.iter().filter_map(|output| match output {
                Output::Ended(own, outcome) => (*own == Ticket(ticket)).then_some(outcome),
                Output::Write(_)
                | Output::Bound(_)
                | Output::Late(..)
                | Output::Deliver(..)
                | Output::Trouble(_)
                | Output::Closed(_) => None,
            });
            let outcome = ended.next().unwrap();
            assert!(ended.next().is_none(), "{cut}");
            let is_accepted = matches!(outcome.verdict, Verdict::Accepted { .. });
            assert!(is_accepted || outcome.verdict == Verdict::UNPROVEN, "{cut}");
            is_accepted
        };
        assert_eq!(is_taken(2), cut >= ends[1], "{cut}");
        assert_eq!(is_taken(1), cut >= ends[3], "{cut}");
        let is_between = cut == 0 || ends.contains(&cut);
        let closing = match is_between {
            true => Closing::Lost,
            false => Closing::Trouble(Trouble::Cut),
        };
        assert_eq!(outputs.last(), Some(&Output::Closed(closing)), "{cut}");
    }
}

#[test]
fn a_length_that_cannot_be_ends_the_session() {
    for (length, fault) in [
        (15, FrameFault::TooShort(15)),
        (0x0100_0000, FrameFault::TooLong(0x0100_0000)),
        (
            u32::from_be_bytes(*b"HTTP"),
            FrameFault::TooLong(0x4854_5450),
        ),
    ] {
        let mut stage = Stage::bound(config());
        stage.receive(&length.to_be_bytes());
        stage.is_closed_by(Trouble::Frame(fault));
        // What comes behind it is not looked at.
        stage.receive(&peer::empty(0x15, 1));
        assert_eq!(stage.outputs(), []);
        assert!(stage.commands().is_empty());
    }
}

#[test]
fn half_a_pdu_is_not_waited_for_however_slowly_it_comes() {
    let mut stage = Stage::bound(config());
    let said = receipt(5, "a");
    let mut drops = said.chunks(1);
    for _ in 0..14 {
        stage.receive(drops.next().unwrap());
        stage.pass(SECOND);
    }
    assert_eq!(stage.outputs(), []);
    stage.receive(drops.next().unwrap());
    stage.pass(SECOND);
    stage.is_closed_by(Trouble::Half);
}

#[test]
fn a_wrong_sequence_number_answers_nothing() {
    let mut stage = with_two_messages();
    stage.receive(&submit_answer(99, Status::OK, "a"));
    stage.receive(&peer::empty(0x8000_0015, 2_000));
    let stray = || Output::Trouble(Trouble::Stray);
    assert_eq!(stage.outputs(), [stray(), stray()]);
    stage.receive(&submit_answer(2, Status::OK, "a"));
    assert_eq!(stage.accepted(), [(1, "a".to_owned())]);
    // An answer given twice is a stray one, too.
    stage.receive(&submit_answer(2, Status::OK, "a"));
    assert_eq!(stage.outputs(), [stray()]);
}

#[test]
fn an_answer_to_another_question_ends_the_session() {
    let mut stage = with_two_messages();
    stage.receive(&peer::empty(0x8000_0015, 2));
    let outputs = stage.outputs();
    assert_eq!(outputs[0], Output::Trouble(Trouble::WrongKind));
    assert_eq!(outputs.len(), 4);
}

#[test]
fn a_generic_nack_is_the_answer_to_what_it_names() {
    let mut stage = with_two_messages();
    stage.receive(&peer::empty_of(0x8000_0000, Status::INVALID_COMMAND, 2));
    let (_, outcome) = stage.ended().remove(0);
    assert!(matches!(outcome.verdict, Verdict::Rejected { .. }));
    // One that says that all is well says nothing of the kind.
    stage.receive(&peer::empty(0x8000_0000, 3));
    let (_, outcome) = stage.ended().remove(0);
    assert!(matches!(outcome.verdict, Verdict::Retry { .. }));
    let status = Status::INVALID_COMMAND_LENGTH;
    stage.receive(&peer::empty_of(0x8000_0000, status, 0));
    stage.is_closed_by(Trouble::Desynchronised(status));
}

#[test]
fn unexpected_requests_are_refused_and_nothing_else_happens() {
    let mut stage = Stage::bound(config());
    for (command, trouble) in [
        (0x04, Trouble::Unexpected(0x04)),
        (0x09, Trouble::Unexpected(0x09)),
        (0x0b, Trouble::Outbind),
        (0x0001_0201, Trouble::Unexpected(0x0001_0201)),
    ] {
        stage.receive(&peer::empty(command, 7));
        assert_eq!(stage.outputs(), [Output::Trouble(trouble)]);
        assert_eq!(stage.sent(), ["generic_nack 7"]);
    }
    stage.receive(&peer::empty(0x0102, 8));
    assert_eq!((stage.outputs(), stage.sent()), (vec![], vec![]));
    assert!(stage.has_room());
}

#[test]
fn a_peer_that_says_it_is_not_bound_is_bound_anew() {
    let mut stage = with_two_messages();
    stage.receive(&submit_answer(2, Status::INVALID_BIND_STATUS, ""));
    let outputs = stage.outputs();
    let [
        Output::Trouble(Trouble::NotBound),
        Output::Ended(Ticket(1), first),
        Output::Ended(Ticket(2), second),
        Output::Closed(_),
    ] = &outputs[..]
    else {
        panic!("{outputs:?}");
    };
    assert_eq!(first.verdict, Verdict::UNAVAILABLE);
    assert_eq!(second.verdict, Verdict::UNPROVEN);
}

#[test]
fn a_peer_that_takes_no_answers_is_not_read_and_then_left() {
    let mut stage = Stage::bound(config());
    stage.is_taking = false;
    let questions = peer::empty(0x15, 1).repeat(1_000);
    let mut read = 0;
    while stage.session.wants_read() {
        stage.receive(&questions);
        read += questions.len();
        assert!(read < 200_000);
    }
    stage.pass(30 * SECOND);
    stage.is_closed_by(Trouble::Stuck);
}

proptest! {
    #[test]
    fn chunks_make_no_difference(chunk in 1_usize..70) {
        let mut stage = with_two_messages();
        for bytes in conversation().chunks(chunk) {
            stage.receive(bytes);
        }
        let outputs = stage.outputs();
        let ended = outputs.iter().filter(|output| {
            matches!(output, Output::Ended(_, outcome) if outcome.verdict.may_be_taken())
        });
        prop_assert_eq!(ended.count(), 2);
        prop_assert_eq!(outputs.len(), 3);
    }

    /// Anything at all, shaped like PDUs or not: every message ends once, the last is the close, and there is
    /// always progress.
    #[test]
    fn anything_may_be_said(
        said in prop::collection::vec((any_command(), 0_u32..6, any_status(), any_body()), 0..30),
        noise in prop::collection::vec(any::<u8>(), 0..40),
        chunk in 1_usize..200,
    ) {
        let mut stage = with_two_messages();
        let mut bytes: Vec<u8> = said.into_iter().flat_map(pdu).collect();
        bytes.extend(noise);
        for bytes in bytes.chunks(chunk) {
            stage.receive(bytes);
            stage.pass(SECOND / 4);
        }
        stage.handle(Input::Lost);
        let outputs = stage.outputs();
        for ticket in [1, 2] {
            let ended = outputs.iter().filter(
                |output| matches!(output, Output::Ended(Ticket(own), _) if *own == ticket),
            );
            prop_assert_eq!(ended.count(), 1);
        }
        let closed = outputs.iter().position(|output| matches!(output, Output::Closed(_)));
        prop_assert_eq!(closed, Some(outputs.len() - 1));
    }
}

fn any_command() -> impl Strategy<Value = u32> {
    let known = [
        0x04,
        0x05,
        0x06,
        0x15,
        0x103,
        0x8000_0004,
        0x8000_0000,
        0x8000_0009,
        0x8000_0015,
    ];
    prop_oneof![9 => prop::sample::select(known.to_vec()), 1 => any::<u32>()]
}

fn any_status() -> impl Strategy<Value = u32> {
    prop_oneof![3 => Just(0), 1 => 0_u32..0x120]
}

fn any_body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(b"id\0".to_vec()),
        Just(receipt(1, "id")[16..].to_vec()),
        prop::collection::vec(any::<u8>(), 0..60)
    ]
}

fn pdu((command, sequence, status, body): (u32, u32, u32, Vec<u8>)) -> Vec<u8> {
    let length = u32::try_from(16 + body.len()).unwrap();
    let head = [length, command, status, sequence];
    let head = head.iter().flat_map(|field| field.to_be_bytes());
    head.chain(body).collect()
}
