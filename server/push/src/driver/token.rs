//! Provider tokens, kept and renewed: one renewal for however many pushes need it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use vestnik_clock::{Monotonic, Now};

use crate::{
    apns::{Age, ProviderToken},
    oauth::AccessToken,
    web_push::VapidToken,
};

/// How long a renewal may take before another is started.
const MAKING: Duration = Duration::from_secs(60);
/// How long a failed renewal is not repeated, the first time and at most.
const FAILED: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(5 * 60));
/// How far the wall clock may move away from the monotonic one before it counts as set. Services allow
/// for less than that, and no token is used for so long that more would be missed.
const STEP: SignedDuration = SignedDuration::from_mins(1);

/// What a token's age allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// It is too young to be renewed, even if it is refused.
    Young,
    /// It is good.
    Good,
    /// It is good, and should be renewed.
    Due,
    /// It is over.
    Over,
}

impl Life {
    /// That of a token that may be renewed at any age.
    const fn of(is_expired: bool, is_due: bool) -> Self {
        match (is_expired, is_due) {
            (true, _) => Self::Over,
            (false, true) => Self::Due,
            (false, false) => Self::Good,
        }
    }
}

/// A provider token.
pub(crate) trait Token: Clone {
    /// What the token's age allows.
    fn life(&self, now: Timestamp) -> Life;
}

impl Token for AccessToken {
    fn life(&self, now: Timestamp) -> Life {
        Life::of(self.is_expired(now), self.is_due(now))
    }
}

impl Token for ProviderToken {
    fn life(&self, now: Timestamp) -> Life {
        match self.age(now) {
            Age::Young => Life::Young,
            Age::Ripe => Life::Good,
            Age::Due => Life::Due,
            Age::TooOld => Life::Over,
        }
    }
}

impl Token for VapidToken {
    fn life(&self, now: Timestamp) -> Life {
        Life::of(self.is_expired(now), self.is_due(now))
    }
}

/// Which of the tokens that a slot ever had.
pub(crate) type Edition = u64;

/// The place of a provider token.
///
/// [`ask`](Self::ask) comes before each request, and [`made`](Self::made) after each renewal that it
/// asked for. `E` is why there is no token.
///
/// A token's age is measured by the monotonic clock: the wall clock may be set meanwhile. If it was, the
/// times in the token are wrong by now or were before, so another is made, even if this one is young.
#[derive(Debug)]
pub(crate) struct Slot<T, E> {
    token: Option<Kept<T>>,
    edition: Edition,
    /// Until when a renewal is waited for.
    making: Option<Monotonic>,
    failed: Option<Failed<E>>,
    /// Failed renewals in a row.
    row: u32,
}

/// A token, and when it was asked for, which is the time that it counts from.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    pub(crate) token: T,
    pub(crate) asked_at: Now,
}

impl<T: Token> Kept<T> {
    fn life(&self, now: &Now) -> Life {
        let passed = now.monotonic.saturating_since(self.asked_at.monotonic);
        let expected = self.asked_at.wall.saturating_add(passed);
        let expected = expected.unwrap_or(Timestamp::MAX);
        if now.wall.duration_since(expected).abs() > STEP {
            return Life::Over;
        }
        self.token.life(expected)
    }
}

#[derive(Debug)]
struct Failed<E> {
    error: E,
    until: Monotonic,
}

/// What a push that needs a token does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ask<T, E> {
    /// It takes this one.
    Take {
        token: T,
        edition: Edition,
        /// Whether it also starts a renewal, without waiting for it.
        renews: bool,
    },
    /// It makes one; others wait for it.
    Make,
    /// It waits until one is made.
    Wait,
    /// There is none.
    None { error: E, after: Duration },
    /// The token that was refused cannot be renewed yet.
    TooYoung,
}

impl<T, E> Default for Slot<T, E> {
    fn default() -> Self {
        Self {
            token: None,
            edition: 0,
            making: None,
            failed: None,
            row: 0,
        }
    }
}

impl<T: Token, E: Clone> Slot<T, E> {
    /// Asks for a token. `refused` is the edition that the service refused, if it did: it is not given
    /// again.
    pub(crate) fn ask(&mut self, refused: Option<Edition>, now: &Now) -> Ask<T, E> {
        let is_refused = refused == Some(self.edition);
        let life = self.token.as_ref().map(|kept| kept.life(now));
        match (life, &self.token) {
            (Some(Life::Young), Some(_)) if is_refused => Ask::TooYoung,
            (Some(life @ (Life::Young | Life::Good | Life::Due)), Some(kept)) if !is_refused => {
                let token = kept.token.clone();
                let renews = life == Life::Due && self.starts_making(now.monotonic);
                Ask::Take {
                    token,
                    edition: self.edition,
                    renews,
                }
            }
            _ => {
                // Whoever asks next shall not have the service refuse it again.
                self.token = None;
                self.without(now.monotonic)
            }
        }
    }

    fn without(&mut self, now: Monotonic) -> Ask<T, E> {
        if self.is_making(now) {
            return Ask::Wait;
        }
        if let Some(failed) = self.failed.as_ref().filter(|failed| failed.until > now) {
            let error = failed.error.clone();
            let after = failed.until - now;
            return Ask::None { error, after };
        }
        self.making = Some(now + MAKING);
        Ask::Make
    }

    fn starts_making(&mut self, now: Monotonic) -> bool {
        let has_failed = self
            .failed
            .as_ref()
            .is_some_and(|failed| failed.until > now);
        if has_failed || self.is_making(now) {
            return false;
        }
        self.making = Some(now + MAKING);
        true
    }

    fn is_making(&self, now: Monotonic) -> bool {
        self.making.is_some_and(|until| until > now)
    }

    /// Takes what a renewal came to. `after` is how long the token service wants to be left alone.
    pub(crate) fn made(
        &mut self,
        made: Result<Kept<T>, E>,
        after: Option<Duration>,
        now: Monotonic,
    ) {
        self.making = None;
        match made {
            Ok(token) => {
                self.token = Some(token);
                self.edition += 1;
                self.failed = None;
                self.row = 0;
            }
            Err(error) => {
                let (first, most) = FAILED;
                let own = first.saturating_mul(1 << self.row.min(16)).min(most);
                self.row = self.row.saturating_add(1);
                let until = now + after.unwrap_or_default().max(own);
                self.failed = Some(Failed { error, until });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{EC_PEM, Time, secs};

    /// A token by its number, made at a time, that is young for 20 s, due from 50 s and over at 60 s.
    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Made(u8, Timestamp);

    impl Token for Made {
        fn life(&self, now: Timestamp) -> Life {
            match now.duration_since(self.1).as_secs() {
                ..20 => Life::Young,
                20..50 => Life::Good,
                50..60 => Life::Due,
                60.. => Life::Over,
            }
        }
    }

    type Place = Slot<Made, &'static str>;

    fn make(slot: &mut Place, number: u8, time: &Time) {
        let now = time.now();
        let kept = Kept {
            token: Made(number, now.wall),
            asked_at: now,
        };
        slot.made(Ok(kept), None, now.monotonic);
    }

    fn fail(slot: &mut Place, after: Option<Duration>, time: &Time) {
        slot.made(Err("no"), after, time.now().monotonic);
    }

    fn number(ask: &Ask<Made, &'static str>) -> Option<(u8, bool)> {
        if let Ask::Take { token, renews, .. } = ask {
            Some((token.0, *renews))
        } else {
            None
        }
    }

    fn edition(slot: &mut Place, time: &Time) -> Edition {
        let Ask::Take { edition, .. } = slot.ask(None, &time.now()) else {
            panic!("there is a token");
        };
        edition
    }

    #[test]
    fn the_first_makes_and_the_others_wait_for_it() {
        let (mut slot, time) = (Place::default(), Time::new());
        assert_eq!(slot.ask(None, &time.now()), Ask::Make);
        for _ in 0..9 {
            assert_eq!(slot.ask(None, &time.now()), Ask::Wait);
        }
        make(&mut slot, 1, &time);
        assert_eq!(number(&slot.ask(None, &time.now())), Some((1, false)));
    }

    #[test]
    fn a_due_token_is_used_while_one_of_many_renews_it() {
        let (mut slot, mut time) = (Place::default(), Time::new());
        make(&mut slot, 1, &time);
        time.pass(secs(50));
        assert_eq!(number(&slot.ask(None, &time.now())), Some((1, true)));
        assert_eq!(number(&slot.ask(None, &time.now())), Some((1, false)));
        // A renewal that fails leaves the token in use, and is not repeated at once.
        fail(&mut slot, None, &time);
        assert_eq!(number(&slot.ask(None, &time.now())), Some((1, false)));
        time.pass(secs(2));
        assert_eq!(number(&slot.ask(None, &time.now())), Some((1, true)));
        make(&mut slot, 2, &time);
        assert_eq!(number(&slot.ask(None, &time.now())), Some((2, false)));
    }

    #[test]
    fn a_token_that_is_over_is_not_used() {
        let (mut slot, mut time) = (Place::default(), Time::new());
        make(&mut slot, 1, &time);
        time.pass(secs(60));
        assert_eq!(slot.ask(None, &time.now()), Ask::Make);
        assert_eq!(slot.ask(None, &time.now()), Ask::Wait);
    }

    #[test]
    fn a_refused_token_is_renewed_once_for_all_who_had_it() {
        let (mut slot, mut time) = (Place::default(), Time::new());
        make(&mut slot, 1, &time);
        time.pass(secs(30));
        let edition = edition(&mut slot, &time);
        assert_eq!(slot.ask(Some(edition), &time.now()), Ask::Make);
        assert_eq!(slot.ask(Some(edition), &time.now()), Ask::Wait);
        make(&mut slot, 2, &time);
        // Those whose answer came later take the new one and make no third.
        assert_eq!(
            number(&slot.ask(Some(edition), &time.now())),
            Some((2, false))
        );
    }

    #[test]
    fn a_young_token_is_not_renewed_even_if_it_is_refused() {
        let (mut slot, mut time) = (Place::default(), Time::new());
        make(&mut slot, 1, &time);
        let edition = edition(&mut slot, &time);
        time.pass(secs(19));
        assert_eq!(slot.ask(Some(edition), &time.now()), Ask::TooYoung);
        time.pass(secs(1));
        assert_eq!(slot.ask(Some(edition), &time.now()), Ask::Make);
    }

    #[test]
    fn failed_renewals_are_told_to_all_and_wait_longer_each_time() {
        let (mut slot, mut time) = (Place::default(), Time::new());
        for wait in [2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            assert_eq!(slot.ask(None, &time.now()), Ask::Make);
            fail(&mut slot, None, &time);
            let (error, after) = ("no", secs(wait));
            assert_eq!(slot.ask(None, &time.now()), Ask::None { error, after });
            time.pass(after);
        }
        assert_eq!(slot.ask(None, &time.now()), Ask::Make);
        fail(&mut slot, Some(secs(900)), &time);
        let (error, after) = ("no", secs(900));
        assert_eq!(slot.ask(None, &time.now()), Ask::None { error, after });
    }

    #[test]
    fn a_renewal_that_never_ends_gives_way_to_another() {
        let (mut slot, mut time) = (Place::default(), Time::new());
        assert_eq!(slot.ask(None, &time.now()), Ask::Make);
        time.pass(secs(59));
        assert_eq!(slot.ask(None, &time.now()), Ask::Wait);
        time.pass(secs(1));
        assert_eq!(slot.ask(None, &time.now()), Ask::Make);
    }

    #[test]
    fn a_clock_that_was_set_has_another_token_made_once() {
        for set in [-3_600, -61, 61, 3_600] {
            let (mut slot, mut time) = (Place::default(), Time::new());
            make(&mut slot, 1, &time);
            time.pass(secs(5));
            time.set(set);
            assert_eq!(slot.ask(None, &time.now()), Ask::Make, "{set}");
            make(&mut slot, 2, &time);
            time.pass(secs(49));
            assert_eq!(number(&slot.ask(None, &time.now())), Some((2, false)));
            time.pass(secs(1));
            assert_eq!(number(&slot.ask(None, &time.now())), Some((2, true)));
        }
    }

    #[test]
    fn a_clock_that_drifts_changes_nothing_of_an_age() {
        for drift in [-60, 60] {
            let (mut slot, mut time) = (Place::default(), Time::new());
            make(&mut slot, 1, &time);
            time.set(drift);
            time.pass(secs(49));
            assert_eq!(number(&slot.ask(None, &time.now())), Some((1, false)));
            time.pass(secs(11));
            assert_eq!(slot.ask(None, &time.now()), Ask::Make);
        }
    }

    /// A token that came late is as old as its request.
    #[test]
    fn a_token_counts_from_when_it_was_asked_for() {
        let (mut slot, mut time) = (Place::default(), Time::new());
        let asked_at = time.now();
        time.pass(secs(30));
        let token = Made(1, asked_at.wall);
        slot.made(Ok(Kept { token, asked_at }), None, time.now().monotonic);
        time.pass(secs(30));
        assert_eq!(slot.ask(None, &time.now()), Ask::Make);
    }

    /// The ages that Apple documents: a token is refused above 60 minutes, and a new one within 20.
    #[test]
    fn a_token_of_apns_lives_between_20_and_50_minutes() {
        let key = crate::apns::ApnsKey::new("ABCDE12345", "KEY1234567", EC_PEM).unwrap();
        let mut time = Time::new();
        let token = key.token(time.now().wall).unwrap();
        for (minutes, wanted) in [
            (0, Life::Young),
            (19, Life::Young),
            (1, Life::Good),
            (29, Life::Good),
            (1, Life::Due),
            (9, Life::Due),
            (1, Life::Over),
        ] {
            time.pass(secs(minutes * 60));
            assert_eq!(token.life(time.now().wall), wanted);
        }
    }
}
