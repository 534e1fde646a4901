//! Whether services take an App's credentials, as the tries that are sent show.
//!
//! A try is a sign if the service took it, if the service refused the credentials of every try, or if the
//! credentials could not be read. What a service says of one address, and trouble that passes by itself, is no
//! sign. A state changes by the first sign that contradicts it, and other credentials begin a new one, so an
//! operator is told of each state once and nothing is written while it lasts.
//!
//! # Bounds
//! A try that began before the present state did proves nothing of it. While the credentials stay, a state lasts
//! [`REST`] at least, so that a service that takes some tries and refuses others causes few changes; the first
//! refusal after they were set is told at once. A state of the future was noted by a clock that ran ahead and was
//! corrected: it has lasted long enough, and any try shows what follows it.

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{Channel, Open, ProviderState, Reason, view::ProviderView};

/// How long a state lasts at least, unless other credentials are set.
pub const REST: SignedDuration = SignedDuration::from_mins(10);

/// A state that begins later than so much after now is of the future. Another task may have noted one that begins
/// a little later than the moment at which this one looked at the clock.
const AHEAD: SignedDuration = SignedDuration::from_mins(1);

/// What is known of an App's credentials at a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// The service takes them, as far as is known.
    Working,
    /// The service refuses them, or may not be connected to.
    Refused {
        /// Why.
        reason: Reason,
        /// What the service said, for operators: a code, no content.
        said: Option<String>,
    },
    /// The server cannot read them.
    Unreadable,
}

impl Health {
    /// The health in a state. A refusal without a reason is one of the credentials.
    #[must_use]
    pub fn of(state: ProviderState, reason: Option<Reason>, said: Option<String>) -> Self {
        match state {
            ProviderState::Working => Self::Working,
            ProviderState::Refused => Self::Refused {
                reason: reason.unwrap_or(Reason::ConfigProviderAuth),
                said,
            },
            ProviderState::Unreadable => Self::Unreadable,
        }
    }

    /// The state.
    #[must_use]
    pub const fn state(&self) -> ProviderState {
        match self {
            Self::Working => ProviderState::Working,
            Self::Refused { .. } => ProviderState::Refused,
            Self::Unreadable => ProviderState::Unreadable,
        }
    }

    /// Why the credentials cannot be used, if they cannot.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::Working => None,
            Self::Refused { reason, .. } => Some(*reason),
            Self::Unreadable => Some(Reason::ConfigProviderAuth),
        }
    }

    /// What the service said when it refused them.
    #[must_use]
    pub fn said(&self) -> Option<&str> {
        match self {
            Self::Refused { said, .. } => said.as_deref(),
            Self::Working | Self::Unreadable => None,
        }
    }
}

/// The health of a provider since a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lasting {
    /// What is known of the credentials.
    pub health: Health,
    /// Since when.
    pub since: Timestamp,
}

impl Lasting {
    /// That of credentials which have just been set.
    #[must_use]
    pub const fn begin(set_at: Timestamp) -> Self {
        Self {
            health: Health::Working,
            since: set_at,
        }
    }

    /// A provider with credentials of `set_at` as its operator sees it.
    #[must_use]
    pub fn view(&self, channel: Open<Channel>, set_at: Timestamp) -> ProviderView {
        ProviderView {
            channel,
            set_at,
            state: self.health.state().into(),
            since: Some(self.since),
            reason: self.health.reason().map(Open::Known),
            said: self.health.said().map(str::to_owned),
        }
    }
}

/// What a try shows of the credentials that it was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// The service took it.
    Taken,
    /// The service refuses all that is sent with them, or may not be connected to.
    Refused(Reason),
    /// They cannot be read.
    Unreadable,
}

/// A sign, with the try that it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown<'a> {
    /// What the try shows.
    pub sign: Sign,
    /// What the service said to it, for operators: a code, no content.
    pub said: Option<&'a str>,
    /// When the try began, before its credentials were loaded.
    pub began_at: Timestamp,
}

/// What a provider comes to whose credentials were set at `set_at`, by what a try shows; `None` if it stays.
#[must_use]
pub fn after(
    lasting: &Lasting,
    set_at: Timestamp,
    shown: Shown<'_>,
    now: Timestamp,
) -> Option<Lasting> {
    let age = now.duration_since(lasting.since);
    let is_of_future = age < -AHEAD;
    let is_of_this_state = is_of_future || shown.began_at > lasting.since;
    let is_new = lasting.since == set_at;
    let has_lasted = is_of_future || is_new || age >= REST;
    let health = of_sign(shown);
    let differs = health.state() != lasting.health.state();
    (is_of_this_state && has_lasted && differs).then_some(Lasting { health, since: now })
}

/// The first change that tries cause, in their order.
#[must_use]
pub fn after_all<'a>(
    lasting: &Lasting,
    set_at: Timestamp,
    shown: impl IntoIterator<Item = Shown<'a>>,
    now: Timestamp,
) -> Option<Lasting> {
    let mut shown = shown.into_iter();
    shown.find_map(|shown| after(lasting, set_at, shown, now))
}

/// What a provider comes to when other credentials are set, as by [`Lasting::begin`], or when its credentials are
/// deleted: nothing is refused any more. `None` if that is no news to anybody.
#[must_use]
pub fn renewed(former: &Lasting) -> Option<Health> {
    (former.health != Health::Working).then_some(Health::Working)
}

fn of_sign(shown: Shown<'_>) -> Health {
    match shown.sign {
        Sign::Taken => Health::Working,
        Sign::Refused(reason) => Health::Refused {
            reason,
            said: shown.said.map(str::to_owned),
        },
        Sign::Unreadable => Health::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTH: Reason = Reason::ConfigProviderAuth;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    fn shown(sign: Sign, began: i64) -> Shown<'static> {
        Shown {
            sign,
            said: Some("403 InvalidProviderToken"),
            began_at: at(began),
        }
    }

    /// What credentials of minute 0 come to by tries: each began in a minute and ends in it.
    fn states(tries: &[(i64, Sign)]) -> Vec<(i64, &'static str)> {
        let mut lasting = Lasting::begin(at(0));
        let mut states = Vec::new();
        for (minute, sign) in tries {
            let next = after(&lasting, at(0), shown(*sign, *minute), at(*minute));
            if let Some(next) = next {
                states.push((*minute, next.health.state().as_str()));
                lasting = next;
            }
        }
        states
    }

    #[test]
    fn the_first_refusal_is_told_once_and_the_first_success_recovers() {
        use Sign::{Refused, Taken, Unreadable};
        let tries = [
            (1, Taken),
            (2, Refused(AUTH)),
            (7, Refused(AUTH)),
            (8, Refused(Reason::ConfigSenderNotAllowed)),
            (13, Taken),
            (14, Taken),
        ];
        assert_eq!(states(&tries), [(2, "refused"), (13, "working")]);
        assert_eq!(
            states(&[(1, Unreadable), (2, Unreadable)]),
            [(1, "unreadable")]
        );
        // A server with the right key reads what its service refuses.
        assert_eq!(
            states(&[(1, Unreadable), (12, Refused(AUTH))]),
            [(1, "unreadable"), (12, "refused")]
        );
    }

    #[test]
    fn a_service_that_takes_every_second_try_causes_few_changes() {
        let sign = |minute: i64| match minute % 2 {
            0 => Sign::Taken,
            _ => Sign::Refused(AUTH),
        };
        let tries: Vec<_> = (1..=60).map(|minute| (minute, sign(minute))).collect();
        let states = states(&tries);
        assert_eq!(states.len(), 6, "{states:?}");
        let pairs = states.windows(2);
        let gaps = pairs.map(|pair| pair[1].0 - pair[0].0);
        assert!(gaps.min() >= Some(REST.as_mins()), "{states:?}");
    }

    #[test]
    fn a_try_with_former_credentials_says_nothing_of_the_present_ones() {
        let lasting = Lasting::begin(at(5));
        for (began, changes) in [(4, false), (5, false), (6, true)] {
            let refused = shown(Sign::Refused(AUTH), began);
            let next = after(&lasting, at(5), refused, at(7));
            assert_eq!(next.is_some(), changes, "{began}");
        }
        // Nor does what was taken before the refusal recover it.
        let refused = Lasting {
            health: Health::Unreadable,
            since: at(20),
        };
        let late = shown(Sign::Taken, 19);
        assert_eq!(after(&refused, at(5), late, at(40)), None);
    }

    /// The clock ran two hours ahead when the credentials were set, or when the service refused them.
    #[test]
    fn a_state_that_a_fast_clock_noted_silences_nothing_when_the_clock_is_right_again() {
        let ahead = Lasting::begin(at(120));
        let refused = shown(Sign::Refused(AUTH), 1);
        let next = after(&ahead, at(120), refused, at(2)).unwrap();
        assert_eq!((next.health.reason(), next.since), (Some(AUTH), at(2)));
        // It lasts as long as any other, though the credentials seem to be younger.
        let taken = |minute| shown(Sign::Taken, minute);
        assert_eq!(after(&next, at(120), taken(3), at(4)), None);
        let next = after(&next, at(120), taken(11), at(12)).unwrap();
        assert_eq!(next, Lasting::begin(at(12)));
        let unreadable = Lasting {
            health: Health::Unreadable,
            since: at(120),
        };
        let next = after(&unreadable, at(0), taken(1), at(2));
        assert_eq!(next, Some(Lasting::begin(at(2))));
        // Credentials that were set while a try with the former ones was being settled are no clock's fault.
        let set = at(2) + SignedDuration::from_secs(1);
        assert_eq!(after(&Lasting::begin(set), set, refused, at(2)), None);
    }

    #[test]
    fn what_the_service_said_is_kept_and_others_are_asked_no_more() {
        let lasting = Lasting::begin(at(0));
        let refused = shown(Sign::Refused(AUTH), 1);
        let all = [shown(Sign::Taken, 1), refused, shown(Sign::Taken, 1)];
        let next = after_all(&lasting, at(0), all, at(2));
        let health = Health::Refused {
            reason: AUTH,
            said: Some("403 InvalidProviderToken".to_owned()),
        };
        let expected = Lasting {
            health,
            since: at(2),
        };
        assert_eq!(next, Some(expected));
    }

    #[test]
    fn other_credentials_recover_what_was_refused_and_are_no_news_otherwise() {
        assert_eq!(renewed(&Lasting::begin(at(0))), None);
        let unreadable = Lasting {
            health: Health::Unreadable,
            since: at(1),
        };
        assert_eq!(renewed(&unreadable), Some(Health::Working));
    }
}
