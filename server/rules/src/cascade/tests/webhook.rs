use super::*;

/// Push for a minute, then the App's backend for another, then a letter.
fn steps() -> Steps {
    let step = |channel, wait_for, within_seconds| StepRequest {
        channel,
        wait_for: Some(wait_for),
        within_seconds,
        on_unproven: None,
    };
    Steps::from_stored(vec![
        step(StepChannel::Push, Goal::Delivered, Some(60)),
        step(StepChannel::Webhook, Goal::Handed, Some(60)),
        step(StepChannel::Email, Goal::Delivered, None),
    ])
}

fn case(backend: Option<Address>) -> Case {
    Case {
        steps: steps(),
        backend,
        ..Case::new(Vec::new())
    }
}

fn backend(attempt: Option<Attempt>) -> Option<Address> {
    Some(address(Channel::Webhook, attempt))
}

#[test]
fn whom_no_device_reaches_is_reached_by_the_backend_and_else_by_a_letter() {
    // It is answered within seconds, as a push is.
    case(backend(None)).check(&[Target::Backend], 1, Some(130), None);
    for (reason, unusable) in [
        (Reason::ConfigNoRoute, None),
        (
            Reason::ConfigNoRoute,
            backend(None).map(|of| Address {
                has_provider: false,
                ..of
            }),
        ),
        (
            Reason::ProviderRejected,
            backend(Some(attempt(
                State::Failed,
                None,
                Some(Reason::ProviderRejected),
            ))),
        ),
    ] {
        let looked = case(unusable).look();
        assert_eq!(looked.tries, [Target::Mailbox]);
        assert_eq!(looked.course.switched, Some(reason));
    }
}

#[test]
fn what_the_backend_took_goes_no_further() {
    let sent = attempt(State::Sent, None, None);
    let taken = Case {
        attempts: vec![(Target::Backend, sent.clone())],
        ..case(backend(Some(sent)))
    };
    taken
        .proven(Evidence::Sent)
        .at(300)
        .check(&[], 1, None, None);
}

#[test]
fn a_request_that_nobody_settled_is_repeated_unless_the_sender_gives_it_up() {
    let lost = || backend(Some(attempt(State::Sending, Some(130), None)));
    let waits = case(lost());
    let looked = waits.look();
    assert_eq!((looked.tries.as_slice(), looked.course.step), (&[][..], 1));
    assert_eq!(waits.at(130).look().tries, [Target::Backend]);
}

#[test]
fn a_late_proof_keeps_the_backend_from_being_asked() {
    let course = Course {
        step: 1,
        ..Course::new(at(100))
    };
    let waiting = attempt(
        State::Retrying,
        Some(110),
        Some(Reason::ProviderUnavailable),
    );
    let late = Case {
        course,
        ..case(backend(Some(waiting)))
    };
    let late = late
        .proven(Evidence::Receipt(ReceiptKind::Delivered))
        .at(120);
    let looked = late.look();
    assert!(looked.tries.is_empty());
    let [(Target::Backend, ended)] = looked.ends.as_slice() else {
        panic!("one attempt ends: {looked:?}");
    };
    assert_eq!(ended.state, State::Failed);
}
