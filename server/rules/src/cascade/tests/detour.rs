//! Devices that several services reach.

use super::*;

const FIRST: Target = Target::Device {
    installation: InstallationId::from_uuid(Uuid::from_u128(1)),
    channel: Channel::Fcm,
};

/// A phone with an address at FCM and one at `RuStore`, and what was tried at each.
fn both(fcm: Option<Attempt>, rustore: Option<Attempt>) -> Case {
    let addresses = vec![
        address(Channel::Fcm, fcm),
        address(Channel::Rustore, rustore),
    ];
    Case::new(vec![Device::new(id(1), addresses)])
}

fn waiting(reason: Reason, until: i64) -> Option<Attempt> {
    Some(attempt(State::Retrying, Some(until), Some(reason)))
}

fn unproven(attempt: Option<Attempt>) -> Option<Attempt> {
    let unproven = 1;
    attempt.map(|attempt| Attempt {
        unproven,
        ..attempt
    })
}

/// What the only look tries.
fn tries(case: &Case) -> Vec<Channel> {
    let looked = case.look();
    looked.tries.iter().map(|target| target.channel()).collect()
}

const SECOND: &[Channel] = &[Channel::Rustore];
const NOTHING: &[Channel] = &[];

#[test]
fn the_next_address_is_tried_when_the_service_before_cannot_be_asked() {
    for (reason, wanted) in [
        (Reason::ProviderThrottled, SECOND),
        (Reason::ProviderUnavailable, SECOND),
        (Reason::ConfigProviderAuth, SECOND),
        (Reason::ConfigNoRoute, SECOND),
        (Reason::ConfigSenderNotAllowed, SECOND),
        (Reason::ConfigQuota, SECOND),
        // These are of one push, which is made again.
        (Reason::ProviderInternal, NOTHING),
        (Reason::ProviderTimeout, NOTHING),
        (Reason::ProviderRejected, NOTHING),
        // The device has no key for any service.
        (Reason::DecryptFailed, NOTHING),
        (Reason::DecryptUnknownKey, NOTHING),
    ] {
        assert_eq!(
            tries(&both(waiting(reason, 200), None)),
            wanted,
            "{reason:?}"
        );
    }
}

#[test]
fn a_try_that_is_near_is_waited_for() {
    for (until, wanted) in [(101, NOTHING), (102, NOTHING), (103, SECOND)] {
        let case = both(waiting(Reason::ProviderThrottled, until), None);
        assert_eq!(tries(&case), wanted, "{until}");
        assert!(case.look().course.due_at.is_some());
    }
    // When its time has come, the first one is asked first again.
    let case = both(waiting(Reason::ProviderThrottled, 100), None);
    assert_eq!(tries(&case), [Channel::Fcm]);
}

#[test]
fn what_may_have_been_taken_is_tried_nowhere_else() {
    let throttled = |until| unproven(waiting(Reason::ProviderThrottled, until));
    assert_eq!(tries(&both(throttled(200), None)), NOTHING);
    // Nor is the first one asked again while the second may have it, or is being asked.
    let first = || waiting(Reason::ProviderThrottled, 90);
    assert_eq!(tries(&both(first(), None)), [Channel::Fcm]);
    for second in [
        Some(attempt(State::Sent, None, None)),
        Some(attempt(State::Sending, Some(110), None)),
        unproven(waiting(Reason::ProviderUnproven, 200)),
        waiting(Reason::DecryptUnknownKey, 200),
        Some(attempt(State::Failed, None, Some(Reason::DecryptFailed))),
    ] {
        let case = both(first(), second);
        assert_eq!(tries(&case), NOTHING, "{:?}", case.devices);
    }
    // It is repeated where it may have been taken.
    let lost = unproven(waiting(Reason::ProviderUnproven, 90));
    assert_eq!(tries(&both(first(), lost)), SECOND);
    let given_up = unproven(Some(attempt(
        State::Failed,
        None,
        Some(Reason::ProviderUnproven),
    )));
    let case = both(first(), given_up.clone());
    assert_eq!(tries(&case), [Channel::Fcm], "it may be repeated");
    let case = Case {
        steps: given_up_steps(),
        ..both(first(), given_up)
    };
    assert_eq!(tries(&case), NOTHING);
}

/// Push, which gives an unproven try up.
fn given_up_steps() -> Steps {
    Steps::from_stored(vec![StepRequest {
        channel: StepChannel::Push,
        wait_for: None,
        within_seconds: None,
        on_unproven: Some(OnUnproven::GiveUp),
    }])
}

#[test]
fn what_waits_elsewhere_has_no_further_try_once_a_service_has_the_push() {
    let taken = Some(attempt(State::Sent, None, None));
    let case = both(waiting(Reason::ProviderThrottled, 200), taken);
    let looked = case.look();
    let [(target, ended)] = &looked.ends[..] else {
        panic!("one has ended: {:?}", looked.ends);
    };
    assert_eq!((*target, ended.state), (FIRST, State::Failed));
    assert_eq!(ended.reason, Some(Reason::ProviderThrottled));
    assert_eq!(looked.course.due_at, None);
}

#[test]
fn when_every_service_has_to_wait_the_first_that_can_be_asked_is() {
    let case = both(
        waiting(Reason::ProviderThrottled, 300),
        waiting(Reason::ProviderUnavailable, 200),
    );
    case.check(&[], 0, Some(200), None);
    let case = Case { now: 200, ..case };
    assert_eq!(tries(&case), SECOND);
}

#[test]
fn an_address_that_is_dead_gives_way_at_once() {
    let mut case = both(None, None);
    assert_eq!(tries(&case), [Channel::Fcm]);
    case.devices[0].addresses[0].is_dead = true;
    assert_eq!(tries(&case), SECOND);
    case.devices[0].addresses[1].has_provider = false;
    assert_eq!(case.look().end, Some(Reason::TokenDead));
}
