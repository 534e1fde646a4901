//! A cascade of which a letter is the only step.

use super::*;

/// Only a letter, to a mailbox.
fn letter(mailbox: Address) -> Case {
    let only = StepRequest {
        channel: StepChannel::Email,
        wait_for: Some(Goal::Handed),
        within_seconds: None,
        on_unproven: None,
    };
    Case {
        steps: Steps::from_stored(vec![only]),
        mailbox: Some(mailbox),
        ..Case::new(Vec::new())
    }
}

#[test]
fn a_letter_is_repeated_until_it_is_proven() {
    let mailbox = |attempt| address(Channel::Email, attempt);
    // A mail server has time to answer.
    letter(mailbox(None)).check(&[Target::Mailbox], 0, Some(1_540), None);
    let sending = mailbox(Some(attempt(State::Sending, Some(1_540), None)));
    letter(sending.clone()).check(&[], 0, Some(1_540), None);
    // Nobody knows whether it was taken.
    letter(sending)
        .at(1_540)
        .check(&[Target::Mailbox], 0, Some(2_980), None);
    let sent = mailbox(Some(attempt(State::Sent, None, None)));
    letter(sent)
        .proven(Evidence::Sent)
        .check(&[], 0, None, None);
    let failed = mailbox(Some(attempt(
        State::Failed,
        None,
        Some(Reason::ProviderContentRejected),
    )));
    letter(failed).check(&[], 0, None, Some(Reason::ProviderContentRejected));
}

#[test]
fn a_dead_mailbox_and_an_app_without_a_server_get_no_letter() {
    let mailbox = address(Channel::Email, None);
    let dead = Address {
        is_dead: true,
        ..mailbox.clone()
    };
    letter(dead).check(&[], 0, None, Some(Reason::RecipientNoAddress));
    let unserved = Address {
        has_provider: false,
        ..mailbox
    };
    letter(unserved).check(&[], 0, None, Some(Reason::ConfigNoRoute));
}
