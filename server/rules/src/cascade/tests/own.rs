//! A step that waits for a hand-over waits for its own.

use super::*;

/// The steps, each with its goal, for a minute each but for the last.
fn steps(of: &[(StepChannel, Goal)]) -> Steps {
    let last = of.len() - 1;
    let of = of.iter().enumerate().map(|(index, of)| StepRequest {
        channel: of.0,
        wait_for: Some(of.1),
        within_seconds: (index < last).then_some(60),
        on_unproven: None,
    });
    Steps::from_stored(of.collect())
}

/// The second step began at 160, after the first had handed the delivery over, and nobody confirmed it.
fn second(of: &[(StepChannel, Goal)], first: Target, devices: Vec<Device>) -> Case {
    let taken = attempt(State::Sent, None, None);
    let course = Course {
        step: 1,
        ..Course::new(at(160))
    };
    Case {
        steps: steps(of),
        course,
        attempts: vec![(first, taken)],
        ..Case::new(devices).at(160).proven(Evidence::Sent)
    }
}

/// A phone whose push was taken, and which is off.
fn off() -> Vec<Device> {
    vec![phone(1, Some(attempt(State::Sent, None, None)))]
}

fn backend_after_push(backend: Option<Attempt>) -> Case {
    let of = [
        (StepChannel::Push, Goal::Delivered),
        (StepChannel::Webhook, Goal::Handed),
        (StepChannel::Email, Goal::Delivered),
    ];
    let mut case = second(&of, push(1, Channel::Fcm), off());
    let tried = backend.clone();
    case.attempts
        .extend(tried.map(|tried| (Target::Backend, tried)));
    case.backend = Some(address(Channel::Webhook, backend));
    case
}

#[test]
fn a_push_is_no_hand_over_to_the_backend() {
    // It is asked, within its minute.
    backend_after_push(None).check(&[Target::Backend], 1, Some(190), None);
    let refused = attempt(State::Failed, None, Some(Reason::ProviderRejected));
    let refused = backend_after_push(Some(refused)).at(161);
    refused.check(&[Target::Mailbox], 2, Some(1_601), None);
    let absent = Case {
        backend: None,
        ..backend_after_push(None)
    };
    absent.check(&[Target::Mailbox], 2, Some(1_600), None);
    let busy = Some(Reason::ProviderUnavailable);
    let busy = || backend_after_push(Some(attempt(State::Retrying, Some(230), busy)));
    busy().at(219).check(&[], 1, Some(220), None);
    busy()
        .at(220)
        .check(&[Target::Mailbox], 2, Some(1_660), None);
}

#[test]
fn what_the_step_handed_over_and_what_a_device_confirms_reach_its_goal() {
    let taken = attempt(State::Sent, None, None);
    let taken = backend_after_push(Some(taken)).at(300);
    taken.check(&[], 1, None, None);
    let confirmed = backend_after_push(None).proven(Evidence::Receipt(ReceiptKind::Delivered));
    confirmed.at(300).check(&[], 1, None, None);
}

#[test]
fn a_push_is_no_hand_over_to_a_mailbox() {
    let of = [
        (StepChannel::Push, Goal::Delivered),
        (StepChannel::Email, Goal::Handed),
        (StepChannel::Webhook, Goal::Handed),
    ];
    let case = |letter: Option<Attempt>| {
        let mut case = second(&of, push(1, Channel::Fcm), off());
        let tried = letter.clone();
        case.attempts
            .extend(tried.map(|tried| (Target::Mailbox, tried)));
        case.mailbox = Some(address(Channel::Email, letter));
        case.backend = Some(address(Channel::Webhook, None));
        case
    };
    let rejected = attempt(State::Failed, None, Some(Reason::ProviderRejected));
    case(Some(rejected)).check(&[Target::Backend], 2, Some(190), None);
    // A letter that was taken was, though the person has another mailbox since, or none.
    let mut moved = case(Some(attempt(State::Sent, None, None)));
    moved.check(&[], 1, None, None);
    moved.mailbox = None;
    moved.at(300).check(&[], 1, None, None);
    // One that came back was not.
    let back = attempt(State::Failed, None, Some(Reason::EmailBounced));
    case(Some(back)).check(&[Target::Backend], 2, Some(190), None);
}

#[test]
fn a_letter_is_no_hand_over_to_a_device() {
    let of = |goal| {
        [
            (StepChannel::Email, Goal::Delivered),
            (StepChannel::Push, goal),
            (StepChannel::Webhook, Goal::Handed),
        ]
    };
    let case = |goal, devices| {
        let taken = attempt(State::Sent, None, None);
        let mut case = second(&of(goal), Target::Mailbox, devices);
        case.mailbox = Some(address(Channel::Email, Some(taken)));
        case.backend = Some(address(Channel::Webhook, None));
        case
    };
    let dead = attempt(State::Failed, None, Some(Reason::TokenDead));
    for goal in [Goal::Handed, Goal::Delivered] {
        for devices in [Vec::new(), vec![phone(1, Some(dead.clone()))]] {
            // There is nobody who could confirm it: the step gives way at once.
            case(goal, devices).check(&[Target::Backend], 2, Some(190), None);
        }
    }
    let mut came_back = case(Goal::Handed, Vec::new());
    came_back.attempts[0].1 = attempt(State::Failed, None, Some(Reason::EmailBounced));
    came_back.check(&[Target::Backend], 2, Some(190), None);
    let mut written = case(Goal::Handed, vec![Device::new(id(1), Vec::new())]);
    let hub = (push(1, Channel::Hub), Attempt::HANDED);
    written.attempts.push(hub);
    written.at(300).check(&[], 1, None, None);
}

#[test]
fn a_push_is_no_hand_over_to_a_connection() {
    let of = [
        (StepChannel::Push, Goal::Delivered),
        (StepChannel::Hub, Goal::Handed),
        (StepChannel::Email, Goal::Delivered),
    ];
    let case = || second(&of, push(1, Channel::Fcm), off());
    case().check(&[Target::Mailbox], 2, Some(1_600), None);
    let mut written = case();
    let hub = (push(1, Channel::Hub), Attempt::HANDED);
    written.attempts.push(hub);
    written.at(300).check(&[], 1, None, None);
}
