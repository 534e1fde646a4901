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

/// What is said of a receipt whose consumer never knows it, and after how many seconds.
fn put_off(stage: &mut Stage) -> (u64, Status) {
    stage.outputs();
    stage.receive(&receipt(5, "a"));
    for second in 0..=40 {
        for output in stage.outputs() {
            if let Output::Deliver(key, _) = output {
                stage.handle(Input::Answered(key, Answer::Unknown));
            }
        }
        let commands = stage.commands();
        let answers = commands.iter().filter(|own| own.sequence_number() == 5);
        if let Some(answer) = answers.last() {
            return (second, Status(u32::from(answer.status())));
        }
        stage.pass(SECOND);
    }
    panic!("it is held for ever");
}

#[test]
fn a_receipt_is_repeated_while_its_submission_is_open() {
    let mut stage = Stage::bound(config());
    stage.submit(1, "Hi");
    stage.commands();
    for _ in 0..3 {
        assert_eq!(put_off(&mut stage), (10, Status::TEMPORARY));
    }
    // Another submission does not matter: it was made after the receipt.
    stage.submit(2, "Hi");
    stage.receive(&submit_answer(2, Status::OK, "b"));
    // The id has to be kept, and the receipt is then another system's.
    assert_eq!(put_off(&mut stage), (4, Status::OK));
}

#[test]
fn a_receipt_that_is_unknown_when_its_submission_ended_is_offered_for_a_while() {
    let mut stage = Stage::bound(config());
    stage.submit(1, "Hi");
    stage.commands();
    stage.receive(&receipt(5, "a"));
    let (key, _) = delivered(&mut stage);
    stage.handle(Input::Answered(key, Answer::Unknown));
    for _ in 0..2 {
        stage.pass(2 * SECOND);
        delivered(&mut stage);
        stage.handle(Input::Answered(key, Answer::Unknown));
    }
    stage.receive(&submit_answer(2, Status::OK, "a"));
    assert_eq!(stage.accepted(), [(1, "a".to_owned())]);
    stage.pass(2 * SECOND);
    delivered(&mut stage);
    stage.handle(Input::Answered(key, Answer::Unknown));
    assert!(stage.commands().is_empty());
    stage.pass(2 * SECOND);
    delivered(&mut stage);
    stage.handle(Input::Answered(key, Answer::Taken));
    assert_eq!(response(&mut stage), (5, Status::OK));
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
