//! Whether a service is worth another request: closed, open, half-open.

use std::time::Duration;

use vestnik_clock::{Monotonic, Now};

/// So many failures in a row open a breaker.
const ROW: u32 = 5;
/// How long it stays open the first time when the service fails, and at most.
const FAILING: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(5 * 60));
/// How long when the service refuses the credentials, which only an operator mends.
const REFUSING: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(15 * 60));
/// How long a probe may take before another is let through.
const PROBE: Duration = Duration::from_secs(60);
/// How long others wait while a probe is under way.
const BESIDE_PROBE: Duration = Duration::from_secs(5);

/// Lets requests through while a service answers, and one at a time while it does not.
///
/// [`admit`](Self::admit) comes before each request. After it comes [`on`](Self::on), or
/// [`give_back`](Self::give_back) if the request was never made or nobody waits for its answer. One
/// breaker stands before one origin for one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    state: State,
    /// Failures in a row, of the kind of the last.
    row: u32,
    last: Why,
    /// How often it opened in a row.
    openings: u32,
    /// How many probes it let through.
    probes: u64,
}

/// The one request that a half-open breaker lets through, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe(u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Open {
        until: Monotonic,
    },
    /// Half-open: one request is under way.
    Probing {
        probe: Probe,
        began: Monotonic,
    },
}

/// Why a breaker is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The service fails, or cannot be reached.
    Failing,
    /// The service refuses the credentials.
    Refusing,
}

/// What a request came to, as far as it tells of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// The service works, whatever it said of the push.
    Alive,
    /// It does not.
    Bad(Why),
}

/// What a request may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Go; as a probe if the breaker is half-open.
    Go(Option<Probe>),
    /// Wait.
    Hold {
        /// Why.
        why: Why,
        /// How long.
        after: Duration,
    },
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            state: State::Closed,
            row: 0,
            last: Why::Failing,
            openings: 0,
            probes: 0,
        }
    }
}

impl Breaker {
    /// Whether a request may go. `own` is the probe that the same push has already.
    pub fn admit(&mut self, own: Option<Probe>, now: &Now) -> Admission {
        let (until, wait) = match self.state {
            State::Closed => return Admission::Go(None),
            State::Probing { probe, .. } if own == Some(probe) => return Admission::Go(own),
            State::Open { until } => (until, Duration::MAX),
            State::Probing { began, .. } => (began + PROBE, BESIDE_PROBE),
        };
        if until > now.monotonic {
            let after = (until - now.monotonic).min(wait);
            return Admission::Hold {
                why: self.last,
                after,
            };
        }
        self.probes += 1;
        let (probe, began) = (Probe(self.probes), now.monotonic);
        self.state = State::Probing { probe, began };
        Admission::Go(Some(probe))
    }

    /// Whether requests go without being asked about.
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Takes what a request came to, which went as `probe` if it was one.
    pub fn on(&mut self, sign: Sign, probe: Option<Probe>, now: &Now) {
        let why = match sign {
            Sign::Alive => {
                *self = Self {
                    // A probe that is still under way must not be taken for a later one.
                    probes: self.probes,
                    ..Self::default()
                };
                return;
            }
            Sign::Bad(why) => why,
        };
        if self.is_known(probe, now) {
            return;
        }
        self.row = if self.last == why { self.row + 1 } else { 1 };
        self.last = why;
        match self.state {
            State::Closed if self.row < ROW => {}
            State::Closed | State::Open { .. } | State::Probing { .. } => self.open(now),
        }
    }

    /// Whether a failure tells nothing new: that of a request which was under way when it opened.
    fn is_known(&self, probe: Option<Probe>, now: &Now) -> bool {
        match self.state {
            State::Closed => false,
            State::Open { until } => until > now.monotonic,
            State::Probing { probe: own, .. } => probe != Some(own),
        }
    }

    /// Takes a probe back that has no answer and will have none: the next request is the probe.
    pub fn give_back(&mut self, probe: Probe) {
        match self.state {
            State::Probing { probe: own, began } if own == probe => {
                self.state = State::Open { until: began };
            }
            State::Closed | State::Open { .. } | State::Probing { .. } => {}
        }
    }

    fn open(&mut self, now: &Now) {
        let (first, most) = match self.last {
            Why::Failing => FAILING,
            Why::Refusing => REFUSING,
        };
        let doubled = first.saturating_mul(1 << self.openings.min(16));
        self.openings = self.openings.saturating_add(1);
        self.state = State::Open {
            until: now.monotonic + spread(doubled.min(most), now.random),
        };
    }
}

/// Between a half of a wait and the whole, so that what opened together does not try together.
fn spread(wait: Duration, random: u64) -> Duration {
    let half = wait / 2;
    let share = u32::try_from(random >> 32).unwrap_or(u32::MAX);
    half + half.mul_f64(f64::from(share) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Time, secs};

    const FAILED: Sign = Sign::Bad(Why::Failing);
    const REFUSED: Sign = Sign::Bad(Why::Refusing);

    fn times(breaker: &mut Breaker, count: u32, sign: Sign, time: &Time) {
        for _ in 0..count {
            assert_eq!(breaker.admit(None, &time.now()), Admission::Go(None));
            breaker.on(sign, None, &time.now());
        }
    }

    fn held(breaker: &mut Breaker, time: &Time) -> Option<(Why, Duration)> {
        match breaker.admit(None, &time.now()) {
            Admission::Go(_) => None,
            Admission::Hold { why, after } => Some((why, after)),
        }
    }

    fn probe(breaker: &mut Breaker, time: &Time) -> Option<Probe> {
        match breaker.admit(None, &time.now()) {
            Admission::Go(probe) => probe,
            Admission::Hold { .. } => None,
        }
    }

    #[test]
    fn it_opens_after_five_failures_in_a_row_and_not_before() {
        let (mut breaker, time) = (Breaker::default(), Time::new());
        times(&mut breaker, 4, FAILED, &time);
        times(&mut breaker, 1, Sign::Alive, &time);
        times(&mut breaker, 5, FAILED, &time);
        let (why, after) = held(&mut breaker, &time).unwrap();
        assert_eq!(why, Why::Failing);
        assert!((secs(2)..=secs(5)).contains(&after), "{after:?}");
    }

    #[test]
    fn half_open_lets_one_through_and_closes_when_it_is_answered() {
        let (mut breaker, mut time) = (Breaker::default(), Time::new());
        times(&mut breaker, 5, FAILED, &time);
        time.pass(secs(5));
        assert_eq!(held(&mut breaker, &time), None);
        assert_eq!(held(&mut breaker, &time), Some((Why::Failing, secs(5))));
        breaker.on(Sign::Alive, None, &time.now());
        times(&mut breaker, 4, FAILED, &time);
        assert_eq!(held(&mut breaker, &time), None);
    }

    #[test]
    fn each_failed_probe_doubles_the_wait_up_to_an_end() {
        let (mut breaker, mut time) = (Breaker::default(), Time::new());
        times(&mut breaker, 5, FAILED, &time);
        for most in [5, 10, 20, 40, 80, 160, 300, 300, 300] {
            let (_, after) = held(&mut breaker, &time).unwrap();
            assert!(after <= secs(most) && after >= secs(most) / 2, "{after:?}");
            time.pass(secs(most));
            let probe = probe(&mut breaker, &time);
            assert!(probe.is_some());
            breaker.on(FAILED, probe, &time.now());
        }
    }

    #[test]
    fn refused_credentials_wait_longer_and_are_told_apart() {
        let (mut breaker, mut time) = (Breaker::default(), Time::new());
        // A failure in between begins another row.
        times(&mut breaker, 4, REFUSED, &time);
        times(&mut breaker, 1, FAILED, &time);
        times(&mut breaker, 5, REFUSED, &time);
        let (why, after) = held(&mut breaker, &time).unwrap();
        assert_eq!(why, Why::Refusing);
        assert!((secs(30)..=secs(60)).contains(&after), "{after:?}");
        time.pass(secs(60));
        assert_eq!(held(&mut breaker, &time), None);
        breaker.on(Sign::Alive, None, &time.now());
        assert_eq!(held(&mut breaker, &time), None);
    }

    #[test]
    fn what_was_under_way_when_it_opened_does_not_lengthen_the_wait() {
        let (mut breaker, time) = (Breaker::default(), Time::new());
        times(&mut breaker, 5, FAILED, &time);
        let before = held(&mut breaker, &time);
        for _ in 0..50 {
            breaker.on(FAILED, None, &time.now());
        }
        assert_eq!(held(&mut breaker, &time), before);
    }

    #[test]
    fn a_probe_that_is_never_answered_gives_way_to_another() {
        let (mut breaker, mut time) = (Breaker::default(), Time::new());
        times(&mut breaker, 5, FAILED, &time);
        time.pass(secs(5));
        assert_eq!(held(&mut breaker, &time), None);
        time.pass(secs(59));
        assert!(held(&mut breaker, &time).is_some());
        time.pass(secs(1));
        assert_eq!(held(&mut breaker, &time), None);
    }

    #[test]
    fn a_probe_that_is_given_back_makes_way_at_once() {
        let (mut breaker, mut time) = (Breaker::default(), Time::new());
        times(&mut breaker, 5, FAILED, &time);
        time.pass(secs(5));
        let first = probe(&mut breaker, &time).unwrap();
        assert_eq!(probe(&mut breaker, &time), None);
        breaker.give_back(first);
        let second = probe(&mut breaker, &time).unwrap();
        assert_ne!(first, second);
        // It was another's, which goes on.
        breaker.give_back(first);
        assert_eq!(probe(&mut breaker, &time), None);
        // Once it is answered there is nothing to give back.
        breaker.on(FAILED, Some(second), &time.now());
        breaker.give_back(second);
        assert!(held(&mut breaker, &time).is_some());
    }

    #[test]
    fn a_probe_may_go_again_while_it_is_under_way() {
        let (mut breaker, mut time) = (Breaker::default(), Time::new());
        times(&mut breaker, 5, FAILED, &time);
        time.pass(secs(5));
        let own = probe(&mut breaker, &time);
        let again = breaker.admit(own, &time.now());
        assert_eq!(again, Admission::Go(own));
    }

    #[test]
    fn only_the_probe_itself_says_that_the_service_still_fails() {
        let (mut breaker, mut time) = (Breaker::default(), Time::new());
        times(&mut breaker, 5, FAILED, &time);
        time.pass(secs(5));
        let own = probe(&mut breaker, &time);
        // What was under way since before.
        breaker.on(FAILED, None, &time.now());
        assert_eq!(held(&mut breaker, &time), Some((Why::Failing, secs(5))));
        breaker.on(Sign::Alive, own, &time.now());
        assert_eq!(held(&mut breaker, &time), None);
    }
}
