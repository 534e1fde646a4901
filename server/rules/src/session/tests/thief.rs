//! A copied token is detected: once both the thief and the client have exchanged theirs and used what
//! they got, one of the exchanges was a reuse and the family is revoked.

use super::*;

/// What the client did before and after the copy was made, in order.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Exchanges; the answer may be lost.
    Exchange { is_lost: bool },
    /// Uses the access token.
    Use,
    /// Waits, in seconds.
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => prop::bool::weighted(0.3).prop_map(|is_lost| Step::Exchange { is_lost }),
        2 => Just(Step::Use),
        2 => (0..2_000_i64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 0..12)
}

struct World {
    server: Server,
    now: i64,
}

impl World {
    fn exchange(&mut self, counter: u64) -> Option<u64> {
        let presented = Presented {
            counter,
            is_secret_right: None,
        };
        self.server.exchange(presented, at(self.now))
    }

    /// Goes on as a client does, from a token; answers with the token that it has in the end.
    fn go_on(&mut self, mut counter: u64, steps: &[Step]) -> u64 {
        for step in steps {
            match step {
                Step::Exchange { is_lost } => {
                    let given = self.exchange(counter);
                    counter = given.filter(|_| !is_lost).unwrap_or(counter);
                }
                Step::Use => self.server.see(counter),
                Step::Wait(seconds) => self.now += seconds,
            }
        }
        counter
    }

    /// Exchanges after the grace and uses what was given; `None` when the copy was detected.
    fn exchange_and_use(&mut self, counter: u64) -> Option<u64> {
        self.now += 61;
        let given = self.exchange(counter)?;
        self.server.see(given);
        Some(given)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn a_copy_is_detected(before in steps(), after in steps(), thief_first in any::<bool>()) {
        let mut world = World { server: Server::new(), now: 0 };
        let copied = world.go_on(1, &before);
        let own = world.go_on(copied, &after);
        let turns = if thief_first { [copied, own, copied] } else { [own, copied, own] };
        // The third turn presents what its owner got in the first.
        let first = world.exchange_and_use(turns[0]);
        let second = first.and_then(|_| world.exchange_and_use(turns[1]));
        let third = second.and_then(|_| world.exchange_and_use(first.unwrap_or(turns[2])));
        prop_assert_eq!(third, None);
        prop_assert!(world.server.family.is_none(), "the family is revoked");
    }

    /// A token that was exchanged and whose successor was used opens nothing after the grace.
    #[test]
    fn a_spent_token_is_worth_nothing(steps in steps(), counter in 1..20_u64) {
        let mut world = World { server: Server::new(), now: 0 };
        let newest = world.go_on(1, &steps);
        let Some(newest) = world.exchange_and_use(newest) else { panic!("the client was locked out") };
        world.now += 61;
        if counter < newest {
            prop_assert_eq!(world.exchange(counter), None);
            prop_assert!(world.server.family.is_none());
        }
    }
}
