//! What became of a message at the message centre.

/// The state of a message (SMPP 3.4, 5.2.28 and appendix B; SMPP 5.0, 4.7.15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It waits for its time.
    Scheduled,
    /// It is on its way.
    EnRoute,
    /// It is at the phone.
    Delivered,
    /// Its validity period ended.
    Expired,
    /// Somebody deleted it at the message centre.
    Deleted,
    /// It cannot be delivered: no such subscriber, or a network that does not take it.
    Undeliverable,
    /// A person at the message centre took it in hand, or another network took it: no delivery is proven.
    Accepted,
    /// The message centre does not know.
    Unknown,
    /// The message centre refused it.
    Rejected,
    /// The message centre left it out on purpose.
    Skipped,
}

impl State {
    /// Whether no other state follows.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Delivered
            | Self::Expired
            | Self::Deleted
            | Self::Undeliverable
            | Self::Rejected
            | Self::Skipped => true,
            Self::Scheduled | Self::EnRoute | Self::Accepted | Self::Unknown => false,
        }
    }

    /// Of the parameter `message_state`.
    pub(super) const fn of_code(code: u8) -> Self {
        match code {
            0 => Self::Scheduled,
            1 => Self::EnRoute,
            2 => Self::Delivered,
            3 => Self::Expired,
            4 => Self::Deleted,
            5 => Self::Undeliverable,
            6 => Self::Accepted,
            8 => Self::Rejected,
            9 => Self::Skipped,
            _ => Self::Unknown,
        }
    }

    /// Of the word behind `stat:`. The specification has words of seven letters; others write more or less of
    /// them.
    pub(super) fn of_word(word: &str) -> Self {
        let word = word.to_ascii_uppercase();
        let begins = |beginnings: &[&str]| beginnings.iter().any(|own| word.starts_with(own));
        match () {
            () if begins(&["DELIV", "DLVRD"]) => Self::Delivered,
            () if begins(&["EXPIR"]) => Self::Expired,
            () if begins(&["DELET"]) => Self::Deleted,
            () if begins(&["UNDEL", "FAIL"]) => Self::Undeliverable,
            () if begins(&["ACCEP", "ACKED"]) => Self::Accepted,
            () if begins(&["REJEC"]) => Self::Rejected,
            () if begins(&["ENROU", "BUFF"]) => Self::EnRoute,
            () if begins(&["SCHED"]) => Self::Scheduled,
            () if begins(&["SKIP"]) => Self::Skipped,
            () => Self::Unknown,
        }
    }
}

/// The state of a message of several parts, each of which has a receipt of its own: delivered if each is, and
/// failed like the first that failed, because no phone shows a part alone as the message. None while neither is
/// known.
#[must_use]
pub fn state_of_all(parts: &[Option<State>]) -> Option<State> {
    let failed = parts
        .iter()
        .flatten()
        .find(|state| state.is_final() && **state != State::Delivered);
    if let Some(failed) = failed {
        return Some(*failed);
    }
    let is_delivered = parts.iter().all(|state| *state == Some(State::Delivered));
    (is_delivered && !parts.is_empty()).then_some(State::Delivered)
}
