//! Chats that people open and block.
//!
//! A gateway says that a person blocked a chat or opened it again, in any order and as often as it likes: what happened
//! last counts. A person opens a chat by a link that carries a secret, and so tells who they are ([`LINK_LIFETIME`]).

use aws_lc_rs::digest::{SHA256, digest};
use jiff::{SignedDuration, Timestamp};

/// How long a link by which a chat is opened is of use.
pub const LINK_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// The hash of what a link carries, which is all that is stored of it: it has 256 random bits.
#[must_use]
pub fn link_hash(parameter: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, parameter.as_bytes()).as_ref());
    hash
}

/// When a chat was last opened, and since when it is blocked, if it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// When the person opened it, or the App's backend set it.
    pub set_at: Timestamp,
    /// Since when it is blocked, or gone.
    pub died_at: Option<Timestamp>,
}

impl Standing {
    /// The same after a gateway said that the person blocked it; `None` if that is no news, or they opened it since.
    #[must_use]
    pub fn blocked(self, at: Timestamp) -> Option<Self> {
        let is_news = self.died_at.is_none() && at >= self.set_at;
        is_news.then_some(Self {
            died_at: Some(at),
            ..self
        })
    }

    /// The same after a gateway said that the person opened it; `None` if that is no news, or they blocked it since.
    #[must_use]
    pub fn opened(self, at: Timestamp) -> Option<Self> {
        let is_later = self.died_at.is_none_or(|died_at| at >= died_at);
        (is_later && at >= self.set_at).then_some(Self {
            set_at: at,
            died_at: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn standing(set_at: i64, died_at: Option<i64>) -> Standing {
        Standing {
            set_at: at(set_at),
            died_at: died_at.map(at),
        }
    }

    #[test]
    fn what_happened_last_to_a_chat_counts() {
        let open = standing(10, None);
        assert_eq!(open.blocked(at(11)), Some(standing(10, Some(11))));
        assert_eq!(open.blocked(at(9)), None);
        assert_eq!(open.opened(at(12)), Some(standing(12, None)));
        let blocked = standing(10, Some(20));
        assert_eq!(blocked.blocked(at(21)), None);
        assert_eq!(blocked.opened(at(19)), None);
        assert_eq!(blocked.opened(at(20)), Some(standing(20, None)));
        assert_eq!(standing(20, None).blocked(at(19)), None);
    }

    #[test]
    fn what_a_link_carries_is_known_by_its_hash() {
        assert_eq!(link_hash("a"), link_hash("a"));
        assert_ne!(link_hash("a"), link_hash("b"));
    }
}
