//! What the message centre hands over.

use super::{
    SECOND,
    stage::{Stage, config},
};
use crate::{
    Answer, Arrival, Status,
    fixture::{self as peer, receipt, submit_answer},
    session::{ArrivalKey, Input, Output, Trouble},
};

/// The only arrival that is to be handed to the consumer.
fn delivered(stage: &mut Stage) -> (ArrivalKey, String) {
    let mut outputs = stage.outputs();
    match (outputs.pop(), outputs.pop()) {
        (Some(Output::Deliver(key, Arrival::Receipt(receipt))), None) => {
            (key, receipt.id.to_string())
        }
        other => panic!("{other:?}"),
    }
}

/// The only response, with its sequence number.
fn response(stage: &mut Stage) -> (u32, Status) {
    let commands = stage.commands();
    let [command] = &commands[..] else {
        panic!("{commands:?}");
    };
    (
        command.sequence_number(),
        Status(u32::from(command.status())),
    )
}

#[test]
fn a_arrival_is_acknowledged_when_its_consumer_has_it() {
    for (answer, wanted) in [
        (Answer::Taken, Status::OK),
        (Answer::Later, Status::TEMPORARY),
        (Answer::Never, Status::REFUSED),
    ] {
        let mut stage = Stage::bound(config());
        stage.receive(&receipt(77, "a"));
        let (key, id) = delivered(&mut stage);
        assert_eq!(id, "a");
        stage.pass(9 * SECOND);
        assert!(stage.commands().is_empty());
        stage.handle(Input::Answered(key, answer));
        assert_eq!(response(&mut stage), (77, wanted));
        // Once only.
        stage.handle(Input::Answered(key, answer));
        assert!(stage.commands().is_empty());
    }
}

#[test]
fn a_consumer_that_says_nothing_has_it_repeated() {
    let mut stage = Stage::bound(config());
    stage.receive(&receipt(5, "a"));
    let (key, _) = delivered(&mut stage);
    stage.pass(10 * SECOND);
    assert_eq!(response(&mut stage), (5, Status::TEMPORARY));
    stage.handle(Input::Answered(key, Answer::Taken));
    assert!(stage.commands().is_empty());
}

#[test]
fn a_receipt_before_the_answer_to_its_submission_waits_for_it() {
    let mut stage = Stage::bound(config());
    stage.submit(1, "Hi");
    stage.commands();
    stage.receive(&receipt(5, "a"));
    let (key, _) = delivered(&mut stage);
    stage.handle(Input::Answered(key, Answer::Unknown));
    assert!(stage.commands().is_empty());
    stage.receive(&submit_answer(2, Status::OK, "a"));
    assert_eq!(stage.accepted(), [(1, "a".to_owned())]);
    stage.pass(2 * SECOND);
    assert_eq!(delivered(&mut stage), (key, "a".to_owned()));
    stage.handle(Input::Answered(key, Answer::Taken));
    assert_eq!(response(&mut stage), (5, Status::OK));
}

#[test]
fn a_receipt_that_stays_unknown_stops_nothing() {
    let mut stage = Stage::bound(config());
    stage.receive(&receipt(5, "other"));
    for _ in 0..3 {
        let (key, _) = delivered(&mut stage);
        stage.handle(Input::Answered(key, Answer::Unknown));
        assert!(stage.commands().is_empty());
        stage.pass(2 * SECOND);
    }
    let (key, _) = delivered(&mut stage);
    stage.handle(Input::Answered(key, Answer::Unknown));
    assert_eq!(response(&mut stage), (5, Status::OK));
    let trouble = Output::Trouble(Trouble::UnknownReceipt);
    assert_eq!(stage.outputs(), [trouble]);
}

#[test]
fn arrivals_are_bounded() {
    let mut stage = Stage::bound(config());
    for sequence in 1..=64 {
        stage.receive(&receipt(sequence, "a"));
    }
    assert!(stage.commands().is_empty());
    stage.outputs();
    stage.receive(&receipt(65, "a"));
    assert_eq!(response(&mut stage), (65, Status::TEMPORARY));
    assert_eq!(stage.outputs(), [Output::Trouble(Trouble::Crowded)]);
}

#[test]
fn what_cannot_be_read_is_refused_for_good() {
    let mut stage = Stage::bound(config());
    let mut cut = receipt(5, "a");
    cut.truncate(40);
    cut[3] = 40;
    stage.receive(&cut);
    assert_eq!(response(&mut stage), (5, Status::PERMANENT));
    assert_eq!(stage.outputs(), [Output::Trouble(Trouble::Unreadable)]);
}

#[test]
fn nothing_is_delivered_before_the_bind() {
    let mut stage = Stage::new(config());
    stage.commands();
    stage.receive(&receipt(5, "a"));
    assert_eq!(response(&mut stage), (5, Status::INVALID_BIND_STATUS));
    assert_eq!(stage.outputs(), []);
    stage.receive(&peer::bind_answer(1, Status::OK, None));
    stage.receive(&receipt(6, "a"));
    assert_eq!(stage.outputs().len(), 2);
}
