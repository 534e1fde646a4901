//! Chats that people open and block.
//!
//! A gateway says that a person blocked a chat or opened it again, in any order and as often as it likes: what happened
//! last counts ([`Standing`]). A person opens a chat by a link that carries a secret, and so tells who they are ([`LINK_LIFETIME`]).

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
    /// Whether the gateway told no time of the block: it was before `died_at`, which is when the report came.
    pub is_undated: bool,
}

/// A person has a chat at the gateway already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Own {
    /// Whether it is the chat that they opened.
    pub is_same: bool,
    /// How it stands.
    pub standing: Standing,
}

impl Standing {
    /// A chat that was opened at a time.
    #[must_use]
    pub const fn open(set_at: Timestamp) -> Self {
        Self {
            set_at,
            died_at: None,
            is_undated: false,
        }
    }

    /// The same after a gateway said that the person blocked it, and told the time unless `is_undated`; `None` if that
    /// is no news, or they opened it since.
    #[must_use]
    pub fn blocked(self, at: Timestamp, is_undated: bool) -> Option<Self> {
        let is_dated_now = self.is_undated && !is_undated;
        let is_news = self.died_at.is_none() || is_dated_now;
        (is_news && !is_earlier(at, self.set_at)).then_some(Self {
            died_at: Some(at.max(self.set_at)),
            is_undated,
            ..self
        })
    }

    /// The same after a gateway said that the person opened it; `None` if that is no news, or they blocked it since. A
    /// block of which the gateway told no time counts as before: if it was not, the next message is refused and says so,
    /// while a person who is taken for blocked gets none.
    #[must_use]
    pub fn opened(self, at: Timestamp) -> Option<Self> {
        let is_blocked_later = |died_at| !self.is_undated && is_earlier(at, died_at);
        let is_later = !self.died_at.is_some_and(is_blocked_later);
        (is_later && !is_earlier(at, self.set_at)).then(|| Self::open(at.max(self.set_at)))
    }
}

/// How a chat stands that a person opened by a link at a time, by the chat that they had and by how it stood with
/// `another` person who had it; `None` if it is not theirs: they have got another one since, or somebody else has got
/// this one since.
#[must_use]
pub fn bound(own: Option<Own>, another: Option<Standing>, at: Timestamp) -> Option<Standing> {
    let of_other_chat = own.filter(|own| !own.is_same).map(|own| own.standing);
    let mut since = of_other_chat.into_iter().chain(another);
    if since.any(|standing| is_earlier(at, standing.set_at)) {
        return None;
    }
    let of_chat = own.filter(|own| own.is_same).map(|own| own.standing);
    let known = of_chat.or(another);
    known.map_or_else(
        || Some(Standing::open(at)),
        |known| known.opened(at).or(Some(known)),
    )
}

/// Gateways tell times in seconds, and others in milliseconds: of two in one second the one that was told last is the
/// later one.
fn is_earlier(one: Timestamp, other: Timestamp) -> bool {
    one.as_second() < other.as_second()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn standing(set_at: i64, died_at: Option<i64>) -> Standing {
        Standing {
            died_at: died_at.map(at),
            ..Standing::open(at(set_at))
        }
    }

    #[test]
    fn what_happened_last_to_a_chat_counts() {
        let open = standing(10, None);
        assert_eq!(open.blocked(at(11), false), Some(standing(10, Some(11))));
        assert_eq!(open.blocked(at(9), false), None);
        assert_eq!(open.opened(at(12)), Some(standing(12, None)));
        let blocked = standing(10, Some(20));
        assert_eq!(blocked.blocked(at(21), false), None);
        assert_eq!(blocked.opened(at(19)), None);
        assert_eq!(blocked.opened(at(20)), Some(standing(20, None)));
        assert_eq!(standing(20, None).blocked(at(19), false), None);
    }

    #[test]
    fn a_time_in_seconds_is_not_before_one_of_the_same_second() {
        let millis = |millis| Timestamp::from_millisecond(millis).unwrap();
        let blocked = standing(10, None).blocked(millis(20_300), false).unwrap();
        let opened = blocked.opened(at(20)).unwrap();
        assert_eq!((opened.set_at, opened.died_at), (at(20), None));
        let set = Standing::open(millis(30_500));
        let blocked = set.blocked(at(30), false).unwrap();
        assert_eq!(blocked.died_at, Some(millis(30_500)));
    }

    #[test]
    fn a_block_without_a_time_does_not_outlast_what_the_person_does() {
        let blocked = standing(10, None).blocked(at(30), true).unwrap();
        assert_eq!(blocked.opened(at(20)), Some(standing(20, None)));
        assert_eq!(blocked.opened(at(9)), None);
        assert_eq!(blocked.blocked(at(25), false), Some(standing(10, Some(25))));
        assert_eq!(blocked.blocked(at(31), true), None);
    }

    #[test]
    fn a_late_link_wipes_nothing_that_happened_since() {
        let own = |is_same, standing| Some(Own { is_same, standing });
        let (open, blocked) = (standing(10, None), standing(10, Some(20)));
        assert_eq!(bound(None, None, at(15)), Some(standing(15, None)));
        // The same chat.
        let check = |known, second, expected| {
            assert_eq!(bound(own(true, known), None, at(second)), Some(expected));
            assert_eq!(bound(None, Some(known), at(second)), Some(expected));
        };
        check(open, 15, standing(15, None));
        check(blocked, 15, blocked);
        check(blocked, 25, standing(25, None));
        assert_eq!(bound(own(true, open), None, at(5)), Some(open));
        // Another chat, or another person.
        assert_eq!(bound(own(false, open), None, at(5)), None);
        assert_eq!(bound(None, Some(open), at(5)), None);
        assert_eq!(
            bound(own(false, blocked), None, at(15)),
            Some(standing(15, None))
        );
    }

    #[test]
    fn what_a_link_carries_is_known_by_its_hash() {
        assert_eq!(link_hash("a"), link_hash("a"));
        assert_ne!(link_hash("a"), link_hash("b"));
    }
}
