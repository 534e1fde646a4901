use proptest::prelude::*;
use uuid::Uuid;

use super::*;

mod honest;
mod thief;

const FOREVER: i64 = 1 << 36;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn family(counter: u64) -> Family {
    Family {
        counter,
        ..Family::begun(FamilyId([7; 16]), 1, at(FOREVER))
    }
}

/// A server that keeps one family, as a store does: load, ask, save.
#[derive(Debug, Clone)]
struct Server {
    family: Option<Family>,
}

impl Server {
    fn new() -> Self {
        Self {
            family: Some(family(1)),
        }
    }

    /// Exchanges a token; answers with the counter of the token that is given.
    fn exchange(&mut self, presented: Presented, now: Timestamp) -> Option<u64> {
        let family = self.family.as_ref()?;
        let exchange = exchange(family, presented, now);
        let given = exchange.given(family);
        let change = family.after(exchange, at(FOREVER), now);
        self.save(change);
        given
    }

    /// An access token was seen.
    fn see(&mut self, counter: u64) {
        if let Some(family) = &self.family {
            self.save(family.seen(counter));
        }
    }

    fn save(&mut self, change: FamilyChange) {
        match change {
            FamilyChange::None => {}
            FamilyChange::Saved(family) => self.family = Some(family),
            FamilyChange::Revoked => self.family = None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Beyond,
    Newest,
    Predecessor,
    Older,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    Never,
    Lately,
    LongAgo,
}

/// The rule once more, as a table.
fn expected(token: Token, is_used: bool, given: Given) -> Exchange {
    match (token, is_used, given) {
        (Token::Newest, _, Given::Lately) => Exchange::Again,
        (Token::Newest, _, Given::Never | Given::LongAgo) => Exchange::Next { counter: 11 },
        (Token::Predecessor, false, _) | (Token::Predecessor, true, Given::Lately) => {
            Exchange::Same
        }
        (Token::Predecessor, true, Given::Never | Given::LongAgo) => Exchange::Reused,
        (Token::Older, _, _) => Exchange::Reused,
        (Token::Beyond, _, _) => Exchange::Unknown,
    }
}

#[test]
fn the_rule_is_its_table() {
    let now = at(10_000);
    for (token, counter) in [
        (Token::Beyond, 13),
        (Token::Newest, 10),
        (Token::Predecessor, 9),
        (Token::Older, 8),
    ] {
        for (given, exchanged_at) in [
            (Given::Never, None),
            (Given::Lately, Some(at(9_941))),
            (Given::LongAgo, Some(at(9_940))),
        ] {
            for is_used in [false, true] {
                let family = Family {
                    exchanged_at,
                    is_used,
                    ..family(10)
                };
                let ask = |family: &Family, is_secret_right| {
                    exchange(
                        family,
                        Presented {
                            counter,
                            is_secret_right,
                        },
                        now,
                    )
                };
                let expected = expected(token, is_used, given);
                assert_eq!(
                    ask(&family, None),
                    expected,
                    "{token:?} {given:?} {is_used}"
                );
                assert_eq!(ask(&family, Some(false)), Exchange::WrongSecret);
                let is_beyond = token == Token::Beyond;
                let with_secret = if is_beyond {
                    Exchange::Next { counter: 14 }
                } else {
                    expected
                };
                assert_eq!(ask(&family, Some(true)), with_secret);

                let expired = Family {
                    expires_at: now,
                    ..family
                };
                let late = if is_beyond {
                    Exchange::Unknown
                } else {
                    Exchange::Expired
                };
                assert_eq!(ask(&expired, None), late);
            }
        }
    }
}

#[test]
fn what_is_saved_follows_from_the_exchange() {
    let (old, now, next) = (
        Family {
            is_used: true,
            ..family(10)
        },
        at(500),
        at(900),
    );
    let fresh = Family {
        exchanged_at: Some(now),
        ..family(10)
    };
    let moved = Family {
        counter: 11,
        expires_at: next,
        ..fresh
    };
    for (family, exchange, expected) in [
        (
            &old,
            Exchange::Next { counter: 11 },
            FamilyChange::Saved(moved),
        ),
        (&old, Exchange::Same, FamilyChange::None),
        (
            &family(10),
            Exchange::Same,
            FamilyChange::Saved(fresh.clone()),
        ),
        (&old, Exchange::Again, FamilyChange::None),
        (
            &fresh,
            Exchange::Again,
            FamilyChange::Saved(Family {
                is_used: true,
                ..fresh
            }),
        ),
        (&old, Exchange::Reused, FamilyChange::Revoked),
        (&old, Exchange::Expired, FamilyChange::None),
        (&old, Exchange::Unknown, FamilyChange::None),
        (&old, Exchange::WrongSecret, FamilyChange::None),
    ] {
        assert_eq!(family.after(exchange, next, now), expected, "{exchange:?}");
    }
}

#[test]
fn only_the_newest_token_is_noted_as_seen() {
    let family = family(10);
    let used = Family {
        is_used: true,
        ..family
    };
    assert_eq!(family.seen(10), FamilyChange::Saved(used.clone()));
    for (family, counter) in [(&family, 9), (&family, 11), (&used, 10)] {
        assert_eq!(family.seen(counter), FamilyChange::None);
    }
}

proptest! {
    #[test]
    fn no_numbers_or_times_panic(
        counter in any::<u64>(), presented in any::<u64>(), is_used in any::<bool>(),
        secret in any::<Option<bool>>(), extreme in any::<bool>(),
    ) {
        let (then, now) = if extreme { (Timestamp::MIN, Timestamp::MAX) } else { (at(9), at(3)) };
        let family = Family { exchanged_at: Some(then), is_used, ..family(counter) };
        let exchange = exchange(&family, Presented { counter: presented, is_secret_right: secret }, now);
        prop_assert!(exchange.given(&family).is_none_or(|given| given >= counter));
    }
}

fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

fn installation(number: u128) -> InstallationId {
    InstallationId::from_uuid(Uuid::from_u128(number))
}

#[test]
fn a_login_over_an_id_needs_its_secret() {
    let known = |owner: Option<&str>| Known {
        secret_hash: [1; 32],
        generation: 4,
        user: owner.map(user),
    };
    let admitted = |generation, from: Option<&str>| Admission::Admitted {
        generation,
        taken_from: from.map(user),
    };
    let login = |known: Option<Known>, secret| admit(known.as_ref(), &user("anna"), &[secret; 32]);
    assert_eq!(login(None, 9), admitted(1, None));
    assert_eq!(login(Some(known(Some("anna"))), 1), admitted(5, None));
    assert_eq!(
        login(Some(known(Some("bert"))), 1),
        admitted(5, Some("bert"))
    );
    assert_eq!(login(Some(known(None)), 1), admitted(5, None));
    for owner in [None, Some("anna"), Some("bert")] {
        assert_eq!(login(Some(known(owner)), 2), Admission::WrongSecret);
    }
}

#[test]
fn a_session_of_an_older_generation_is_over() {
    let known = Known {
        secret_hash: [1; 32],
        generation: 4,
        user: Some(user("anna")),
    };
    let session = |generation, owner| Session {
        app: AppId::parse("shop").unwrap(),
        user: user(owner),
        installation: installation(1),
        generation,
    };
    assert!(known.is_present(&session(4, "anna")));
    assert!(!known.is_present(&session(3, "anna")));
    assert!(!known.is_present(&session(5, "anna")));
    assert!(!known.is_present(&session(4, "bert")));
    assert!(
        !Known {
            user: None,
            ..known
        }
        .is_present(&session(4, "anna"))
    );
}

#[test]
fn the_longest_silent_installation_makes_room() {
    let active: Vec<_> = [(1, 30), (2, 10), (3, 20), (4, 10)]
        .map(|(id, seen)| Active {
            installation: installation(id),
            last_seen: at(seen),
        })
        .into();
    let retired = |max| -> Vec<_> {
        retired(&active, max)
            .iter()
            .map(|id| id.uuid().as_u128())
            .collect()
    };
    assert_eq!(retired(50), []);
    assert_eq!(retired(5), []);
    assert_eq!(retired(4), [2]);
    assert_eq!(retired(2), [2, 4, 3]);
    assert_eq!(retired(0), [2, 4, 3, 1]);
}
