//! Tries of which nobody knows whether they were taken, where the sender wants no other one.

use super::*;
use crate::attempt::begin;

/// Push for a minute, then a letter, or the letter alone, with nothing tried twice.
fn giving_up(channels: &[StepChannel]) -> Steps {
    let last = channels.len() - 1;
    let step = |(number, channel): (usize, &StepChannel)| StepRequest {
        channel: *channel,
        wait_for: Some(Goal::Delivered),
        within_seconds: (number < last).then_some(60),
        on_unproven: Some(OnUnproven::GiveUp),
    };
    Steps::from_stored(channels.iter().enumerate().map(step).collect())
}

fn cascade_of(devices: Vec<Device>) -> Case {
    Case {
        steps: giving_up(&[StepChannel::Push, StepChannel::Email]),
        ..Case::new(devices)
    }
}

/// A push that was written whole and not answered.
fn unproven() -> Attempt {
    Attempt {
        tries: 1,
        unproven: 1,
        ..attempt(State::Failed, None, Some(Reason::ProviderUnproven))
    }
}

#[test]
fn what_is_unproven_is_waited_for_and_then_the_next_step_begins() {
    let case = || cascade_of(vec![phone(1, Some(unproven()))]);
    case().at(101).check(&[], 0, Some(160), None);
    case().at(159).check(&[], 0, Some(160), None);
    let over = case().at(160);
    over.check(&[Target::Mailbox], 1, Some(1_600), None);
    assert_eq!(over.look().course.switched, Some(Reason::FallbackSwitched));
    // A device that confirms proves it.
    let proven = case()
        .at(120)
        .proven(Evidence::Receipt(ReceiptKind::Delivered));
    proven.check(&[], 0, None, None);
    // Without the sender's word the step is over as soon as nothing more is tried.
    let usual = Case::cascade(vec![phone(1, Some(unproven()))]).at(101);
    usual.check(&[Target::Mailbox], 1, Some(1_541), None);
}

#[test]
fn a_hand_over_that_is_not_proven_reaches_no_goal() {
    let mut case = cascade_of(vec![phone(1, Some(unproven()))]).at(160);
    case.attempts = vec![(push(1, Channel::Fcm), unproven())];
    case.check(&[Target::Mailbox], 1, Some(1_600), None);
}

#[test]
fn a_try_that_its_process_left_behind_is_not_made_again() {
    let left = begin(None, at(130));
    let held = cascade_of(vec![phone(1, Some(left.clone()))]).at(129);
    held.check(&[], 0, Some(130), None);
    assert_eq!(held.look().ends, []);
    let lost = cascade_of(vec![phone(1, Some(left.clone()))]).at(130);
    lost.check(&[], 0, Some(160), None);
    assert_eq!(
        lost.look().ends,
        [(push(1, Channel::Fcm), left.clone().given_up())]
    );
    let usual = Case::cascade(vec![phone(1, Some(left))]).at(130);
    usual.check(&[push(1, Channel::Fcm)], 0, Some(160), None);
    assert_eq!(usual.look().ends, []);
    // What is known not to have been taken is.
    let waits = attempt(State::Retrying, Some(120), Some(Reason::ProviderThrottled));
    let waits = cascade_of(vec![phone(1, Some(waits))]).at(120);
    waits.check(&[push(1, Channel::Fcm)], 0, Some(150), None);
    // To whoever leaves things to a dispatch, that is something to be done.
    let course = lost.course;
    let left = lost.look().left_to_dispatch(course, at(130));
    assert_eq!((left.ends, left.course.due_at), (vec![], Some(at(130))));
}

#[test]
fn no_other_service_brings_what_may_have_come() {
    let device = |first| {
        Device::new(
            id(1),
            vec![
                address(Channel::Fcm, Some(first)),
                address(Channel::Webpush, None),
            ],
        )
    };
    let case = cascade_of(vec![device(unproven())]).at(101);
    case.check(&[], 0, Some(160), None);
    let left = begin(None, at(130));
    let case = cascade_of(vec![device(left)]).at(130);
    case.check(&[], 0, Some(160), None);
}

#[test]
fn a_last_step_ends_with_what_nobody_proved() {
    let letter = |it| Case {
        steps: giving_up(&[StepChannel::Email]),
        mailbox: Some(address(Channel::Email, Some(it))),
        ..Case::new(Vec::new())
    };
    let end = Some(Reason::ProviderUnproven);
    letter(unproven()).check(&[], 0, None, end);
    let left = letter(begin(None, at(130))).at(130);
    left.check(&[], 0, None, end);
    assert_eq!(left.look().ends.len(), 1);
    // What another channel has handed over stands.
    letter(unproven())
        .proven(Evidence::Sent)
        .check(&[], 0, None, None);
}

/// Whichever device is looked at first, and whatever became of the address since.
#[test]
fn that_something_may_have_been_taken_is_said_before_any_other_failure() {
    let blocked = || Device {
        blocked: Some(Reason::BlockedOs),
        ..phone(2, None)
    };
    let given_up = || phone(1, Some(unproven()));
    let mut dead = given_up();
    dead.addresses[0].is_dead = true;
    for devices in [
        vec![blocked(), given_up()],
        vec![given_up(), blocked()],
        vec![dead.clone()],
    ] {
        let case = Case {
            steps: giving_up(&[StepChannel::Push]),
            ..Case::new(devices)
        };
        let end = case.at(101).look().end;
        assert_eq!(end, Some(Reason::ProviderUnproven));
    }
    // No other service brings it either.
    let other = address(Channel::Webpush, None);
    dead.addresses.push(other);
    cascade_of(vec![dead])
        .at(101)
        .check(&[], 0, Some(160), None);
}

#[test]
fn the_other_devices_follow_when_the_primary_one_was_waited_for() {
    let first = Device {
        opened_at: Some(at(50)),
        ..phone(1, Some(unproven()))
    };
    let mut case = cascade_of(vec![first, phone(2, None)]);
    case.wanted = Wanted {
        devices: Devices::PrimaryThenAll,
        ..Wanted::ALL
    };
    case.addressed = Addressed::only(Some(vec![id(1)]));
    // Half of the step.
    case.at(101).check(&[], 0, Some(130), None);
}
