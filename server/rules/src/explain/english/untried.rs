//! Attempts that had no try, or are to have another, and providers that did not get them.

use super::{Target, capital};

pub(super) fn passed_over(Target { what, to, by }: &Target, why: &str, is_asked: bool) -> String {
    let (subject, taker) = (capital(what), capital(by));
    if is_asked {
        format!(
            "{subject} for {to} was not taken by {by}, because {why}; the next provider came after it."
        )
    } else {
        format!(
            "{taker} was passed over with {what} for {to}, because {why}; the next provider came after it."
        )
    }
}

pub(super) fn due(Target { what, to, .. }: &Target, when: &str) -> String {
    let subject = capital(what);
    format!("{subject} for {to} was held back before it was sent; it is tried {when}.")
}

pub(super) fn dropped(Target { what, to, .. }: &Target) -> String {
    let why = "before its turn it was not needed any more, or its step was over";
    format!("{} for {to} was not sent: {why}.", capital(what))
}

pub(super) fn anew(Target { what, to, .. }: &Target, when: &str) -> String {
    let subject = capital(what);
    format!("{subject} for {to} is tried anew {when}, because the sender asked for it.")
}
