//! What is tried again at once, and what is not.
//!
//! A push is repeated at once only where something is different the next time, and each such thing is
//! changed once: the provider token, the connection, the environment of APNs. The keys that subscriptions
//! of Web Push were made for before are tried in turn, and so are the hosts of a service that cannot be
//! reached. All pauses are the caller's.

use vestnik_model::Reason;

use crate::{
    address::Environment,
    outcome::{Connection, Remedy, Scope, Verdict},
};

/// The tries of one push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tries {
    environment: Environment,
    has_moved: bool,
    has_renewed: bool,
    has_reconnected: bool,
    /// The key is not for the environment that was tried first.
    is_key_elsewhere: bool,
    /// The number of the key of Web Push; 0 is the present one.
    key: usize,
    /// How many former ones there are.
    former_keys: usize,
    /// The number of the service's host; 0 is the first.
    host: usize,
    /// How many there are besides.
    reserves: usize,
}

/// What comes after a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// This is what the push came to.
    Give(Verdict),
    /// Another try, with something changed.
    Again(Change),
}

/// What is changed for another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Another provider token.
    Token,
    /// Another connection.
    Connection,
    /// The other environment.
    Environment,
    /// A key that subscriptions were made for before.
    Key,
    /// The service's next host.
    Host,
}

impl Tries {
    /// The first try, in the environment that the address says. Without one it is production, which most
    /// addresses are of. There are so many former keys to try after the present one.
    /// There are so many hosts besides the first.
    pub(crate) fn new(
        environment: Option<Environment>,
        former_keys: usize,
        reserves: usize,
    ) -> Self {
        Self {
            environment: environment.unwrap_or(Environment::Production),
            has_moved: false,
            has_renewed: false,
            has_reconnected: false,
            is_key_elsewhere: false,
            key: 0,
            former_keys,
            host: 0,
            reserves,
        }
    }

    /// The number of the host that the next try goes to.
    pub(crate) const fn host(&self) -> usize {
        self.host
    }

    /// Goes on to the next host, if there is one, after one that cannot be reached: nothing of the push was
    /// written.
    pub(crate) const fn next_host(&mut self) -> bool {
        let has_next = self.host < self.reserves;
        if has_next {
            self.host += 1;
        }
        has_next
    }

    /// The number of the key of Web Push that the next try is signed with.
    pub(crate) const fn key(&self) -> usize {
        self.key
    }

    /// Where the next try goes.
    pub(crate) const fn environment(&self) -> Environment {
        self.environment
    }

    /// Whether the other environment was tried already.
    pub(crate) const fn has_moved(&self) -> bool {
        self.has_moved
    }

    /// Takes what a try came to.
    pub(crate) fn after(&mut self, verdict: Verdict) -> Step {
        let Some(change) = self.change(&verdict) else {
            return Step::Give(self.last(verdict));
        };
        match change {
            Change::Token => self.has_renewed = true,
            Change::Connection => self.has_reconnected = true,
            Change::Key => self.key += 1,
            Change::Host => self.host += 1,
            Change::Environment => {
                self.has_moved = true;
                self.is_key_elsewhere = matches!(verdict, Verdict::Refused { .. });
                self.environment = other(self.environment);
            }
        }
        Step::Again(change)
    }

    /// What can be changed that was not yet.
    const fn change(&self, verdict: &Verdict) -> Option<Change> {
        let (change, was_made) = match verdict {
            Verdict::Refused {
                remedy: Remedy::NewToken,
                ..
            } => (Change::Token, self.has_renewed),
            Verdict::Retry {
                over: Connection::New,
                after: None,
                ..
            }
            | Verdict::Refused {
                remedy: Remedy::NewConnection,
                ..
            } => (Change::Connection, self.has_reconnected),
            Verdict::WrongEnvironment
            | Verdict::Refused {
                remedy: Remedy::OtherEnvironment,
                ..
            } => (Change::Environment, self.has_moved),
            Verdict::Accepted { .. }
            | Verdict::Retry { .. }
            | Verdict::Throttled { .. }
            | Verdict::Dead { .. }
            | Verdict::Suspect { .. }
            | Verdict::Rejected { .. }
            | Verdict::Unproven
            | Verdict::Refused { .. } => return self.other_key(verdict),
        };
        if was_made {
            self.other_key(verdict)
        } else {
            Some(change)
        }
    }

    /// The next key, if the one that was tried may be another than the subscription was made for.
    const fn other_key(&self, verdict: &Verdict) -> Option<Change> {
        let is_refused = matches!(verdict, Verdict::Refused { .. });
        if is_refused && self.key < self.former_keys {
            Some(Change::Key)
        } else {
            None
        }
    }

    /// What a push came to for which nothing more is changed.
    fn last(&self, verdict: Verdict) -> Verdict {
        match verdict {
            // The key is not for the environment that the address must be of.
            Verdict::WrongEnvironment if self.is_key_elsewhere => Verdict::Refused {
                reason: Reason::ConfigProviderAuth,
                scope: Scope::Sender,
                remedy: Remedy::Operator,
            },
            // Neither environment knows the address.
            Verdict::WrongEnvironment if self.has_moved => Verdict::dead(Reason::TokenDead),
            // The credentials are for one environment, and the address is not known there.
            Verdict::Refused { .. } if self.has_moved && !self.is_key_elsewhere => {
                Verdict::WrongEnvironment
            }
            // What was to help did not.
            Verdict::Refused { reason, scope, .. } => Verdict::Refused {
                reason,
                scope,
                remedy: Remedy::Operator,
            },
            verdict @ (Verdict::Accepted { .. }
            | Verdict::Retry { .. }
            | Verdict::Throttled { .. }
            | Verdict::Dead { .. }
            | Verdict::WrongEnvironment
            | Verdict::Suspect { .. }
            | Verdict::Rejected { .. }
            | Verdict::Unproven) => verdict,
        }
    }
}

const fn other(environment: Environment) -> Environment {
    match environment {
        Environment::Production => Environment::Sandbox,
        Environment::Sandbox => Environment::Production,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const AUTH: Reason = Reason::ConfigProviderAuth;

    fn refused(remedy: Remedy) -> Verdict {
        Verdict::Refused {
            reason: AUTH,
            scope: Scope::Sender,
            remedy,
        }
    }

    fn shutdown(after: Option<Duration>) -> Verdict {
        Verdict::Retry {
            reason: Reason::ProviderUnavailable,
            after,
            over: Connection::New,
        }
    }

    fn run(first: Option<Environment>, verdicts: &[Verdict]) -> Vec<Step> {
        let mut tries = Tries::new(first, 0, 0);
        let steps = verdicts.iter().map(|verdict| tries.after(verdict.clone()));
        steps.collect()
    }

    #[test]
    fn a_new_token_is_tried_once() {
        assert_eq!(
            run(
                None,
                &[refused(Remedy::NewToken), refused(Remedy::NewToken)]
            ),
            [
                Step::Again(Change::Token),
                Step::Give(refused(Remedy::Operator))
            ]
        );
        let operator = refused(Remedy::Operator);
        assert_eq!(
            run(None, std::slice::from_ref(&operator)),
            [Step::Give(operator)]
        );
    }

    #[test]
    fn a_new_connection_is_tried_once_and_at_once_only_without_a_wait() {
        assert_eq!(
            run(None, &[shutdown(None), shutdown(None)]),
            [Step::Again(Change::Connection), Step::Give(shutdown(None))]
        );
        let later = shutdown(Some(Duration::from_secs(9)));
        assert_eq!(run(None, std::slice::from_ref(&later)), [Step::Give(later)]);
    }

    #[test]
    fn the_other_environment_is_tried_once_and_both_kill() {
        use Environment::{Production, Sandbox};
        for (said, first, second) in [
            (None, Production, Sandbox),
            (Some(Production), Production, Sandbox),
            (Some(Sandbox), Sandbox, Production),
        ] {
            let mut tries = Tries::new(said, 0, 0);
            assert_eq!(tries.environment(), first);
            assert_eq!(
                tries.after(Verdict::WrongEnvironment),
                Step::Again(Change::Environment)
            );
            assert_eq!(tries.environment(), second);
            assert_eq!(
                tries.after(Verdict::WrongEnvironment),
                Step::Give(Verdict::dead(Reason::TokenDead))
            );
        }
    }

    #[test]
    fn a_key_of_one_environment_does_not_kill_and_is_not_at_fault() {
        let operator = refused(Remedy::Operator);
        assert_eq!(
            run(None, &[Verdict::WrongEnvironment, operator]),
            [
                Step::Again(Change::Environment),
                Step::Give(Verdict::WrongEnvironment)
            ]
        );
    }

    #[test]
    fn a_key_that_is_not_for_an_environment_is_tried_in_the_other() {
        let elsewhere = refused(Remedy::OtherEnvironment);
        let again = Step::Again(Change::Environment);
        let operator = Step::Give(refused(Remedy::Operator));
        for (second, wanted) in [
            (
                Verdict::Accepted { id: None },
                Step::Give(Verdict::Accepted { id: None }),
            ),
            // The address may be alive where the key is not for.
            (Verdict::WrongEnvironment, operator.clone()),
            (elsewhere.clone(), operator),
        ] {
            let verdicts = [elsewhere.clone(), second];
            assert_eq!(run(None, &verdicts), [again.clone(), wanted]);
        }
    }

    #[test]
    fn a_connection_of_another_key_is_replaced_once() {
        let unrelated = refused(Remedy::NewConnection);
        assert_eq!(
            run(None, &[unrelated.clone(), unrelated]),
            [
                Step::Again(Change::Connection),
                Step::Give(refused(Remedy::Operator))
            ]
        );
    }

    #[test]
    fn each_change_is_made_once_in_whatever_order() {
        let verdicts = [
            shutdown(None),
            Verdict::WrongEnvironment,
            refused(Remedy::NewToken),
            shutdown(None),
        ];
        assert_eq!(
            run(None, &verdicts),
            [
                Step::Again(Change::Connection),
                Step::Again(Change::Environment),
                Step::Again(Change::Token),
                Step::Give(shutdown(None)),
            ]
        );
    }

    /// RFC 8292, 4.2: a subscription takes pushes of the key that it was made for.
    #[test]
    fn each_former_key_is_tried_once_when_the_one_before_is_refused() {
        let of_address = Verdict::Refused {
            reason: AUTH,
            scope: Scope::Address,
            remedy: Remedy::Operator,
        };
        let mut tries = Tries::new(None, 2, 0);
        for number in [1, 2] {
            assert_eq!(tries.after(of_address.clone()), Step::Again(Change::Key));
            assert_eq!(tries.key(), number);
        }
        assert_eq!(tries.after(of_address.clone()), Step::Give(of_address));
        // A token that may only be too old is renewed first.
        let mut tries = Tries::new(None, 1, 0);
        let stale = || refused(Remedy::NewToken);
        assert_eq!(tries.after(stale()), Step::Again(Change::Token));
        assert_eq!(tries.after(stale()), Step::Again(Change::Key));
        assert_eq!(tries.after(stale()), Step::Give(refused(Remedy::Operator)));
        // What is not about the key is no reason to try another.
        let dead = Verdict::dead(Reason::TokenDead);
        assert_eq!(Tries::new(None, 2, 0).after(dead.clone()), Step::Give(dead));
    }

    #[test]
    fn everything_else_is_given_back_as_it_is() {
        let after = Some(Duration::from_secs(7));
        for verdict in [
            Verdict::Accepted { id: None },
            Verdict::retry(Reason::ProviderInternal, after),
            Verdict::dead(Reason::TokenDead),
            Verdict::Unproven,
            Verdict::Suspect {
                reason: Reason::ProviderRejected,
            },
        ] {
            let wanted = [Step::Give(verdict.clone())];
            assert_eq!(run(None, &[verdict]), wanted);
        }
    }
}
