//! What a step finds at the user's mailbox.

use vestnik_model::Reason;

use super::{Found, View, find_address, is_under_way, target::Target};
use crate::{
    attempt::{Attempt, State},
    delivery::needs_no_letter,
};

pub(super) fn find(view: &View<'_>) -> Found {
    let mut found = Found::default();
    let attempt = view.mailbox.and_then(|mailbox| mailbox.attempt.as_ref());
    if needs_no_letter(view.state, view.steps) && !is_under_way(view, attempt, Target::Mailbox) {
        // The proof came after the step before had given way. What waits is not sent; nothing is lost.
        found.is_handed = true;
        let waits = |it: &&Attempt| it.is_under_way() || it.state == State::Retrying;
        let waiting = attempt.filter(waits).cloned();
        found
            .ends
            .extend(waiting.map(|it| (Target::Mailbox, it.dropped())));
        return found;
    }
    match view.mailbox {
        None => found.failed(Reason::RecipientNoAddress),
        Some(mailbox) => {
            find_address(view, mailbox, Target::Mailbox, &mut found);
        }
    }
    found
}
