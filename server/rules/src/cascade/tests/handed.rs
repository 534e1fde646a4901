//! What was handed over, by the attempts.

use super::*;

/// The device reported that it could not decrypt the push, and has no other key.
#[test]
fn a_push_that_was_not_decrypted_gives_way_at_once() {
    let failed = attempt(State::Failed, None, Some(Reason::DecryptFailed));
    let waits = attempt(State::Failed, Some(125), Some(Reason::DecryptFailed));
    let fcm = push(1, Channel::Fcm);
    let case = |attempt: &Attempt| Case {
        attempts: vec![(fcm, attempt.clone())],
        ..Case::cascade(vec![phone(1, Some(attempt.clone()))])
            .at(120)
            .proven(Evidence::Sent)
    };
    case(&waits).check(&[], 0, Some(125), None);
    case(&failed).check(&[Target::Mailbox], 1, Some(1_560), None);
    // Another service brings the same, which the device cannot decrypt either.
    let mut two = case(&failed);
    two.devices[0]
        .addresses
        .push(address(Channel::Webpush, None));
    two.check(&[Target::Mailbox], 1, Some(1_560), None);
    // What was written to its connection before did not arrive, or it would not have reported.
    let mut written = case(&failed);
    written
        .attempts
        .push((push(1, Channel::Hub), Attempt::HANDED));
    written.check(&[Target::Mailbox], 1, Some(1_560), None);
    // It counts as handed over no more.
    let mut handed = case(&failed);
    handed.steps = waiting_for(Goal::Handed);
    handed.check(&[Target::Mailbox], 1, Some(1_560), None);
    // Another device may still confirm it.
    let taken = attempt(State::Sent, None, None);
    let mut others = case(&failed);
    others.devices.push(phone(2, Some(taken.clone())));
    others.attempts.push((push(2, Channel::Fcm), taken));
    others.check(&[], 0, Some(160), None);
    // There is no step behind it: it waits in the log.
    let mut last = case(&failed);
    last.steps = Steps::default();
    last.check(&[], 0, None, None);
}

#[test]
fn what_an_installation_confirms_came_by_its_push_if_one_was_taken() {
    let taken = attempt(State::Sent, None, None);
    let failed = attempt(State::Failed, None, Some(Reason::TokenDead));
    let by = |attempts: &[(Target, &Attempt)]| came_by(attempts.iter().copied(), id(1));
    let written = (push(1, Channel::Hub), &Attempt::HANDED);
    let given_up = Attempt {
        unproven: 1,
        ..attempt(State::Failed, None, Some(Reason::ProviderUnproven))
    };
    let perhaps = (push(1, Channel::Fcm), &given_up);
    assert_eq!(by(&[perhaps]), Channel::Fcm);
    assert_eq!(by(&[perhaps, written]), Channel::Hub);
    assert_eq!(by(&[]), Channel::Hub);
    assert_eq!(by(&[written]), Channel::Hub);
    assert_eq!(
        by(&[written, (push(1, Channel::Fcm), &taken)]),
        Channel::Fcm
    );
    assert_eq!(
        by(&[written, (push(1, Channel::Fcm), &failed)]),
        Channel::Hub
    );
    let others = [(push(2, Channel::Fcm), &taken), (Target::Mailbox, &taken)];
    assert_eq!(by(&others), Channel::Hub);
}

#[test]
fn what_failed_brought_nothing() {
    let taken = attempt(State::Sent, None, None);
    let dead = attempt(State::Failed, None, Some(Reason::TokenDead));
    let (hub, fcm) = (push(1, Channel::Hub), push(1, Channel::Fcm));
    let by = |attempts: &[(Target, &Attempt)]| brought_by(attempts.iter().copied(), id(1));
    assert_eq!(by(&[]), [hub]);
    assert_eq!(by(&[(fcm, &dead)]), [hub]);
    assert_eq!(by(&[(hub, &Attempt::HANDED), (fcm, &dead)]), [hub]);
    assert_eq!(by(&[(hub, &Attempt::HANDED), (fcm, &taken)]), [hub, fcm]);
    assert_eq!(by(&[(fcm, &taken)]), [fcm]);
    // Whether the service took it is not known: it did, or the device read it in its log.
    let unproven = Attempt {
        unproven: 1,
        ..dead
    };
    assert_eq!(by(&[(fcm, &unproven)]), [fcm]);
    let under_way = attempt(State::Sending, Some(130), None);
    assert_eq!(by(&[(fcm, &under_way)]), [fcm]);
    let others = [(push(2, Channel::Fcm), &taken), (Target::Mailbox, &taken)];
    assert_eq!(by(&others), [hub]);
}
