//! In which order the providers of a gateway are asked within a try.
//!
//! The first is asked; the next one only if the one before is proven not to have the message and another one may take
//! it: it was not asked because it is away, it could not be reached, it said that it does not take the message now, or
//! it takes nothing from the account. What may have been taken is given to no other one. Nor is what only has to wait
//! a moment for the pace of its provider, which is not away.

use jiff::SignedDuration;
use vestnik_gateway::{Scope, Verdict};
use vestnik_model::{ProviderName, Reason};
use vestnik_rules::{
    attempt::{HELD_PAUSE, Outcome, REFUSED_PAUSE, THROTTLED_PAUSE},
    gateway::PassedOver,
    patience::unsent,
    provider::Sign,
};
use vestnik_store::dispatch::Tried;

/// A provider that wants to be left alone for so long is waited for.
const SHORT: SignedDuration = SignedDuration::from_secs(5);

/// What becomes of a try at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) outcome: Outcome,
    /// Whether another provider may be asked in this try.
    pub(super) goes_on: bool,
    /// Whose messages the outcome holds up, if it does.
    pub(super) scope: Scope,
}

impl Fate {
    pub(super) const fn over(outcome: Outcome) -> Self {
        Self {
            outcome,
            goes_on: false,
            scope: Scope::Account,
        }
    }

    pub(super) const fn not_taken(outcome: Outcome) -> Self {
        Self {
            outcome,
            goes_on: true,
            scope: Scope::Account,
        }
    }
}

/// What becomes of a try at a provider that is not asked.
pub(super) fn not_asked(outcome: Outcome) -> Fate {
    let is_short = matches!(
        &outcome,
        Outcome::Held { reason: Reason::ProviderThrottled, after: Some(after) } if *after <= SHORT
    );
    if is_short {
        Fate::over(outcome)
    } else {
        Fate::not_taken(outcome)
    }
}

/// What a provider's answer means for the try.
pub(super) fn answered(verdict: &Verdict) -> Fate {
    let signed = |after: Option<std::time::Duration>| {
        after.and_then(|after| SignedDuration::try_from(after).ok())
    };
    match verdict {
        Verdict::Accepted { .. } => Fate::over(Outcome::Accepted),
        Verdict::Unproven { .. } => Fate::over(Outcome::Unproven),
        Verdict::Dead { reason } => Fate::over(Outcome::Dead {
            reason: *reason,
            since: None,
        }),
        Verdict::Rejected { reason } => Fate::over(Outcome::Rejected { reason: *reason }),
        Verdict::Retry { reason, after } => Fate::not_taken(Outcome::Retry {
            reason: *reason,
            after: signed(*after),
        }),
        Verdict::Throttled { scope, after } => {
            let after = signed(*after).unwrap_or(THROTTLED_PAUSE);
            let outcome = Outcome::Retry {
                reason: Reason::ProviderThrottled,
                after: Some(after),
            };
            match scope {
                // The person is to get less at a time, by whichever provider.
                Scope::Recipient => Fate {
                    scope: Scope::Recipient,
                    ..Fate::over(outcome)
                },
                Scope::Account if after <= SHORT => Fate::over(outcome),
                Scope::Account => Fate::not_taken(outcome),
            }
        }
        Verdict::Refused {
            reason: Reason::ConfigProviderAuth,
        } => Fate::not_taken(Outcome::Retry {
            reason: Reason::ConfigProviderAuth,
            after: Some(REFUSED_PAUSE),
        }),
        Verdict::Refused { reason } => Fate::not_taken(Outcome::Rejected { reason: *reason }),
    }
}

/// What is to be done next in a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// The provider with this number is asked.
    Ask(usize),
    /// The try has come to this.
    Over(Outcome),
}

/// The way of a try through the providers of an account.
#[derive(Debug)]
pub(super) struct Walk {
    providers: Vec<ProviderName>,
    /// The only one that may be asked, if so.
    bound: Option<ProviderName>,
    /// What became of the try at those that do not have it.
    passed: Vec<(usize, Outcome)>,
}

impl Walk {
    pub(super) const fn new(providers: Vec<ProviderName>, bound: Option<ProviderName>) -> Self {
        Self {
            providers,
            bound,
            passed: Vec::new(),
        }
    }

    /// Who is asked next.
    pub(super) fn next(&self) -> Next {
        let may_be_asked = |(number, name): &(usize, &ProviderName)| {
            self.bound.is_none_or(|bound| bound == **name)
                && self.passed.iter().all(|(passed, _)| passed != number)
        };
        let mut providers = self.providers.iter().enumerate();
        match providers.find(may_be_asked) {
            Some((number, _)) => Next::Ask(number),
            None => Next::Over(self.end()),
        }
    }

    /// A provider does not have the message.
    pub(super) fn pass(&mut self, number: usize, outcome: Outcome) {
        self.passed.push((number, outcome));
    }

    /// The providers that do not have the message.
    pub(super) fn passed_over(&self) -> Vec<PassedOver> {
        let passed = self.passed.iter();
        let passed = passed
            .filter_map(|(number, outcome)| PassedOver::of(*self.providers.get(*number)?, outcome));
        passed.collect()
    }

    /// What a try has come to that has no time left for a provider that was not asked. The next try comes soon,
    /// however long those that were asked want to be left alone.
    pub(super) fn late(&self) -> Outcome {
        let outcomes = self.passed.iter().map(|(_, outcome)| outcome);
        let tried = outcomes.min_by_key(|outcome| hope(outcome));
        match tried {
            Some(Outcome::Retry { reason, after: _ }) if *reason != Reason::ConfigProviderAuth => {
                Outcome::Retry {
                    reason: *reason,
                    after: Some(HELD_PAUSE),
                }
            }
            Some(
                Outcome::Retry { .. }
                | Outcome::Accepted
                | Outcome::Held { .. }
                | Outcome::Unproven
                | Outcome::Dead { .. }
                | Outcome::Rejected { .. },
            )
            | None => unsent(),
        }
    }

    /// What a try has come to of which no provider has the message.
    fn end(&self) -> Outcome {
        let outcomes = self.passed.iter().map(|(_, outcome)| outcome);
        let hopes = outcomes.min_by_key(|outcome| hope(outcome)).cloned();
        hopes.unwrap_or(match self.bound {
            // The one that may have it is no provider of the account any more: nobody can repeat it.
            Some(_) => Outcome::Rejected {
                reason: Reason::ProviderUnproven,
            },
            None => Outcome::Rejected {
                reason: Reason::ConfigNoRoute,
            },
        })
    }
}

/// How soon an outcome may turn into another one: less is sooner. A try that was made counts before one that was not.
fn hope(outcome: &Outcome) -> (u8, SignedDuration) {
    match outcome {
        Outcome::Retry { reason, after } => {
            let is_refused = *reason == Reason::ConfigProviderAuth;
            (if is_refused { 2 } else { 0 }, after.unwrap_or_default())
        }
        Outcome::Held { reason, after } => {
            let is_refused = *reason == Reason::ConfigProviderAuth;
            (if is_refused { 2 } else { 1 }, after.unwrap_or_default())
        }
        Outcome::Accepted | Outcome::Unproven | Outcome::Dead { .. } | Outcome::Rejected { .. } => {
            (3, SignedDuration::ZERO)
        }
    }
}

/// A try that has come to this, with what that shows of the account.
pub(super) fn over(tried: Tried, outcome: Outcome) -> Tried {
    Tried {
        sign: shown(&outcome),
        outcome,
        ..tried
    }
}

/// What an outcome shows of the account: it is refused if no provider takes it.
pub(super) const fn shown(outcome: &Outcome) -> Option<Sign> {
    use vestnik_model::Reason::{
        ConfigNoRoute, ConfigProviderAuth, ConfigQuota, ConfigSenderNotAllowed,
    };
    match outcome {
        Outcome::Accepted => Some(Sign::Taken),
        Outcome::Retry {
            reason: reason @ ConfigProviderAuth,
            ..
        }
        | Outcome::Rejected {
            reason: reason @ (ConfigNoRoute | ConfigSenderNotAllowed | ConfigQuota),
        } => Some(Sign::Refused(*reason)),
        Outcome::Held { .. }
        | Outcome::Retry { .. }
        | Outcome::Unproven
        | Outcome::Dead { .. }
        | Outcome::Rejected { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn names() -> Vec<ProviderName> {
        let names = ["main", "backup", "third"];
        names.map(|name| ProviderName::parse(name).unwrap()).into()
    }

    fn away() -> Outcome {
        Outcome::Held {
            reason: Reason::ProviderUnavailable,
            after: Some(SignedDuration::from_secs(30)),
        }
    }

    fn retry(reason: Reason, seconds: i64) -> Outcome {
        Outcome::Retry {
            reason,
            after: Some(SignedDuration::from_secs(seconds)),
        }
    }

    #[test]
    fn the_first_that_does_not_have_it_gives_way_to_the_next() {
        let mut walk = Walk::new(names(), None);
        for number in 0..3 {
            assert_eq!(walk.next(), Next::Ask(number));
            walk.pass(number, away());
        }
        assert_eq!(walk.next(), Next::Over(away()));
    }

    #[test]
    fn the_providers_that_do_not_have_it_are_named_with_the_reason() {
        let mut walk = Walk::new(names(), None);
        assert_eq!(walk.passed_over(), []);
        walk.pass(0, away());
        walk.pass(1, retry(Reason::ProviderThrottled, 60));
        let of = |provider: &str, reason, is_asked| PassedOver {
            provider: ProviderName::parse(provider).unwrap(),
            reason,
            is_asked,
        };
        let expected = [
            of("main", Reason::ProviderUnavailable, false),
            of("backup", Reason::ProviderThrottled, true),
        ];
        assert_eq!(walk.passed_over(), expected);
    }

    #[test]
    fn what_one_may_have_is_asked_of_no_other() {
        let backup = names().get(1).copied();
        let mut walk = Walk::new(names(), backup);
        assert_eq!(walk.next(), Next::Ask(1));
        walk.pass(1, away());
        assert_eq!(walk.next(), Next::Over(away()));
        let gone = Walk::new(vec![], backup);
        let unproven = Outcome::Rejected {
            reason: Reason::ProviderUnproven,
        };
        assert_eq!(gone.next(), Next::Over(unproven));
    }

    #[test]
    fn a_try_comes_to_what_may_change_soonest() {
        let refused = retry(Reason::ConfigProviderAuth, 60);
        let unavailable = retry(Reason::ProviderUnavailable, 40);
        let rejected = Outcome::Rejected {
            reason: Reason::ConfigSenderNotAllowed,
        };
        for (passed, expected) in [
            (vec![refused.clone(), away()], away()),
            (vec![away(), unavailable.clone()], unavailable.clone()),
            (vec![rejected.clone(), refused.clone()], refused),
            (vec![rejected.clone()], rejected),
            (
                vec![unavailable, retry(Reason::ProviderThrottled, 10)],
                retry(Reason::ProviderThrottled, 10),
            ),
        ] {
            let mut walk = Walk::new(names()[..passed.len()].to_vec(), None);
            for (number, outcome) in passed.into_iter().enumerate() {
                walk.pass(number, outcome);
            }
            assert_eq!(walk.next(), Next::Over(expected));
        }
    }

    #[test]
    fn a_try_without_time_for_the_next_provider_is_made_again_soon() {
        let soon = retry(Reason::ProviderThrottled, HELD_PAUSE.as_secs());
        let rejected = Outcome::Rejected {
            reason: Reason::ConfigSenderNotAllowed,
        };
        for (passed, expected) in [
            (vec![], unsent()),
            (vec![away()], unsent()),
            (vec![rejected], unsent()),
            (vec![retry(Reason::ConfigProviderAuth, 300)], unsent()),
            (vec![retry(Reason::ProviderThrottled, 3_600), away()], soon),
        ] {
            let mut walk = Walk::new(names(), None);
            for (number, outcome) in passed.into_iter().enumerate() {
                walk.pass(number, outcome);
            }
            assert_eq!(walk.late(), expected);
        }
    }

    #[test]
    fn what_waits_for_a_moment_only_goes_to_no_other_provider() {
        let held = |reason, seconds| Outcome::Held {
            reason,
            after: Some(SignedDuration::from_secs(seconds)),
        };
        for (outcome, goes_on) in [
            (held(Reason::ProviderThrottled, 5), false),
            (held(Reason::ProviderThrottled, 6), true),
            (held(Reason::ProviderUnavailable, 1), true),
            (unsent(), true),
        ] {
            assert_eq!(not_asked(outcome.clone()).goes_on, goes_on, "{outcome:?}");
        }
    }

    #[test]
    fn only_what_is_proven_not_to_be_taken_goes_on() {
        let throttled = |scope, seconds| Verdict::Throttled {
            scope,
            after: Some(Duration::from_secs(seconds)),
        };
        let reason = Reason::ProviderUnavailable;
        for (verdict, goes_on) in [
            (Verdict::Accepted { id: None }, false),
            (Verdict::Unproven { reason }, false),
            (
                Verdict::Dead {
                    reason: Reason::TokenDead,
                },
                false,
            ),
            (
                Verdict::Rejected {
                    reason: Reason::ProviderContentRejected,
                },
                false,
            ),
            (
                Verdict::Retry {
                    reason,
                    after: None,
                },
                true,
            ),
            (
                Verdict::Refused {
                    reason: Reason::ConfigProviderAuth,
                },
                true,
            ),
            (
                Verdict::Refused {
                    reason: Reason::ConfigSenderNotAllowed,
                },
                true,
            ),
            (throttled(Scope::Recipient, 60), false),
            (throttled(Scope::Account, 5), false),
            (throttled(Scope::Account, 6), true),
        ] {
            assert_eq!(answered(&verdict).goes_on, goes_on, "{verdict:?}");
        }
    }
}
