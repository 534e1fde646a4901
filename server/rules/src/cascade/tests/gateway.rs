use vestnik_model::ProviderName;

use super::*;
use crate::{
    cascade::turn::{Start, Turn, start},
    gateway::Choice,
    patience::begin_at,
};

fn sms() -> GatewayName {
    GatewayName::parse("sms").unwrap()
}

fn target() -> Target {
    Target::Gateway(sms())
}

fn provider(name: &str) -> ProviderName {
    ProviderName::parse(name).unwrap()
}

/// Push for a minute, then a short message for another, then a letter.
fn steps(on_unproven: Option<OnUnproven>) -> Steps {
    let step = |channel, wait_for, within_seconds, on_unproven| StepRequest {
        channel,
        wait_for: Some(wait_for),
        within_seconds,
        on_unproven,
    };
    let message = StepChannel::Gateway(sms());
    Steps::from_stored(vec![
        step(StepChannel::Push, Goal::Delivered, Some(60), None),
        step(message, Goal::Handed, Some(60), on_unproven),
        step(StepChannel::Email, Goal::Delivered, None, None),
    ])
}

fn case(number: Option<Address>, on_unproven: Option<OnUnproven>) -> Case {
    Case {
        steps: steps(on_unproven),
        gateways: number.map(|number| (sms(), number)).into_iter().collect(),
        ..Case::new(Vec::new())
    }
}

fn number(attempt: Option<Attempt>) -> Address {
    address(Channel::Gateway(sms()), attempt)
}

#[test]
fn whom_no_device_reaches_is_reached_at_their_number() {
    case(Some(number(None)), None).check(&[target()], 1, Some(130), None);
}

#[test]
fn who_cannot_be_reached_by_a_gateway_is_reached_by_the_next_step() {
    let of = |change: fn(&mut Address)| {
        let mut number = number(None);
        change(&mut number);
        Some(number)
    };
    for (reason, number) in [
        (Reason::RecipientNoAddress, None),
        (Reason::ConfigNoRoute, of(|it| it.has_provider = false)),
        (Reason::BlockedChannel, of(|it| it.is_dead = true)),
    ] {
        let looked = case(number, None).look();
        assert_eq!(looked.tries, [Target::Mailbox], "{reason:?}");
        assert_eq!(looked.course.switched, Some(reason));
    }
}

#[test]
fn a_number_at_another_gateway_is_none() {
    let viber = GatewayName::parse("viber").unwrap();
    let mut other = case(Some(number(None)), None);
    other.gateways[0].0 = viber;
    let looked = other.look();
    assert_eq!(looked.course.switched, Some(Reason::RecipientNoAddress));
}

#[test]
fn a_message_that_nobody_settled_is_given_up_unless_the_sender_has_it_repeated() {
    let lost = || Some(number(Some(attempt(State::Sending, Some(130), None))));
    let given_up = case(lost(), None).at(130).look();
    assert_eq!(
        (given_up.tries.as_slice(), given_up.course.step),
        (&[][..], 1)
    );
    let [(ended, attempt)] = given_up.ends.as_slice() else {
        panic!("one attempt ends: {given_up:?}");
    };
    assert_eq!(
        (*ended, attempt.reason),
        (target(), Some(Reason::ProviderUnproven))
    );
    let repeated = case(lost(), Some(OnUnproven::Repeat)).at(130).look();
    assert_eq!(repeated.tries, [target()]);
}

/// A message that a look began at second 100, which another one may have been before.
fn begun(unproven: u32) -> Case {
    let lease_until = at(100) + lease(target());
    let known = Attempt {
        unproven,
        ..begin_at(target(), None, lease_until)
    };
    assert_eq!(known.state, State::Begun);
    Case {
        course: Course {
            step: 1,
            ..Course::new(at(100))
        },
        attempts: vec![(target(), known.clone())],
        ..case(Some(number(Some(known))), Some(OnUnproven::Repeat))
    }
}

fn turn(noted: Option<&str>, by: &str, instead_of: Option<&str>) -> Turn {
    Turn {
        target: target(),
        lease_until: at(100) + lease(target()),
        has_address: true,
        choice: Some(Choice {
            provider: provider(by),
            instead_of: instead_of.map(provider),
        }),
        noted: noted.map(provider),
    }
}

fn is_made(case: &Case, turn: Turn) -> bool {
    matches!(
        case.with_view(|view| start(view, turn)),
        Start::Made(Attempt {
            state: State::Sending,
            ..
        })
    )
}

#[test]
fn a_message_that_has_its_turn_is_sent_by_the_provider_that_may_have_it() {
    assert!(is_made(&begun(0), turn(None, "main", None)));
    assert!(is_made(&begun(0), turn(Some("main"), "backup", None)));
    assert!(is_made(&begun(1), turn(Some("main"), "main", None)));
    assert!(!is_made(&begun(1), turn(Some("main"), "backup", None)));
    let gone = Case {
        gateways: Vec::new(),
        ..begun(0)
    };
    assert!(!is_made(&gone, turn(None, "main", None)));
}

#[test]
fn what_a_provider_did_not_take_goes_to_the_next_within_the_same_try() {
    let mut sending = begun(0);
    sending.attempts[0].1.state = State::Sending;
    assert!(is_made(
        &sending,
        turn(Some("main"), "backup", Some("main"))
    ));
    // It has started already, and at another one than this says.
    assert!(!is_made(&sending, turn(Some("main"), "backup", None)));
    assert!(!is_made(
        &sending,
        turn(Some("backup"), "third", Some("main"))
    ));
    let confirmed = sending.proven(Evidence::Receipt(ReceiptKind::Delivered));
    assert!(!is_made(
        &confirmed,
        turn(Some("main"), "backup", Some("main"))
    ));
}

/// A short message that is to be delivered within a minute, then a letter.
fn waits_for_a_report(attempt: Attempt) -> Case {
    let step = |channel, wait_for, within_seconds| StepRequest {
        channel,
        wait_for: Some(wait_for),
        within_seconds,
        on_unproven: None,
    };
    let steps = Steps::from_stored(vec![
        step(StepChannel::Gateway(sms()), Goal::Delivered, Some(60)),
        step(StepChannel::Email, Goal::Handed, None),
    ]);
    Case {
        steps,
        attempts: vec![(target(), attempt.clone())],
        ..case(Some(number(Some(attempt))), None)
    }
    .proven(Evidence::Sent)
}

#[test]
fn a_step_waits_for_a_report_until_its_end() {
    let taken = || waits_for_a_report(attempt(State::Sent, None, None));
    taken().at(110).check(&[], 0, Some(160), None);
    taken()
        .at(160)
        .check(&[Target::Mailbox], 1, Some(1_600), None);
    let arrived = Evidence::Receipt(ReceiptKind::Delivered);
    taken().at(110).proven(arrived).check(&[], 0, None, None);
    let late = taken().proven(arrived).at(160);
    late.check(&[], 0, None, None);
}

#[test]
fn a_step_whose_message_is_reported_lost_gives_way_at_once() {
    let lost = attempt(State::Failed, None, Some(Reason::SmsUndeliverable));
    let looked = waits_for_a_report(lost).at(110).look();
    assert_eq!(looked.tries, [Target::Mailbox]);
    assert_eq!(looked.course.switched, Some(Reason::SmsUndeliverable));
}
