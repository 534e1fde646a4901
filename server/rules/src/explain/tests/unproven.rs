//! What is said of tries of which nobody knows whether they were taken.

use vestnik_model::publish::OnUnproven;

use super::*;

/// A push of which nobody knows whether it was taken, with a step behind it.
fn unproven(on_unproven: Option<OnUnproven>, attempt: Attempt) -> Findings {
    let mut findings = findings();
    let step = |channel, within_seconds| StepRequest {
        channel,
        wait_for: Some(Goal::Delivered),
        within_seconds,
        on_unproven,
    };
    findings.notification.steps = Steps::from_stored(vec![
        step(StepChannel::Push, Some(60)),
        step(StepChannel::Email, None),
    ]);
    findings.tries = vec![tried(Channel::Fcm, attempt, "10:02:01")];
    is_due(&mut findings, "10:03:00");
    findings
}

fn left(until: &str) -> Attempt {
    Attempt {
        state: State::Sending,
        until: Some(at(until)),
        ..Attempt::HANDED
    }
}

const GIVEN_UP: &str = "1 try of a push for the Android device had no answer from FCM: it may have been taken all \
    the same, and the sender wants no further try.";

#[test]
fn a_push_that_is_given_up_is_waited_for_and_may_have_come() {
    let given_up = left("10:02:10").given_up();
    let findings = unproven(Some(OnUnproven::GiveUp), given_up);
    let words = said(&findings, "10:02:30");
    assert!(words.contains(&GIVEN_UP.to_owned()), "{words:#?}");
    let next = "If it is not delivered by connection and push before 10:03:00, e-mail is next.";
    assert!(words.contains(&next.to_owned()), "{words:#?}");
    assert!(!words.iter().any(|said| said.contains("was given up after")));
}

#[test]
fn a_push_that_its_process_left_is_promised_again_only_if_it_will_be() {
    let lost = left("10:02:10");
    let words = said(
        &unproven(Some(OnUnproven::GiveUp), lost.clone()),
        "10:02:30",
    );
    assert!(words.contains(&GIVEN_UP.to_owned()), "{words:#?}");
    let words = said(&unproven(None, lost), "10:02:30");
    assert!(!words.contains(&GIVEN_UP.to_owned()), "{words:#?}");
}
