use proptest::prelude::*;

use super::*;

const HALF: u64 = 1 << 63;

/// A connection's sockets, with the world played by the test, in virtual time.
struct Table {
    resumption: Resumption,
    now: Instant,
}

impl Table {
    #[expect(
        clippy::disallowed_methods,
        reason = "virtual time has to begin somewhere"
    )]
    fn new() -> Self {
        Self {
            resumption: Resumption::new(StatefulReconnect::default()),
            now: Instant::now(),
        }
    }

    /// With a socket that was of use and is lost now.
    fn cut() -> Self {
        let mut table = Self::new();
        table.lost(Reach::Progress);
        table
    }

    fn lost(&mut self, reach: Reach) {
        self.resumption.lost(self.now, reach, HALF);
    }

    fn failed(&mut self) {
        self.resumption.failed(self.now, false, HALF);
    }

    fn step(&mut self) -> Option<Step> {
        self.resumption.step(self.now, HALF)
    }

    /// How long until the next step, and what it is. Time goes on until then.
    fn next(&mut self) -> (u128, Option<Step>) {
        let deadline = self.resumption.deadline().expect("something is awaited");
        let waited = deadline - self.now;
        self.now = deadline;
        (waited.as_millis(), self.step())
    }
}

#[test]
fn the_first_attempt_comes_at_once_and_the_later_ones_wait_longer_and_longer() {
    let mut table = Table::cut();
    assert_eq!(table.step(), Some(Step::Open));
    for millis in [50, 100, 200, 400, 800, 1_000, 1_000] {
        table.failed();
        assert_eq!(table.step(), None);
        assert_eq!(table.next(), (millis, Some(Step::Open)));
    }
    table.resumption.opened(table.now);
    assert_eq!((table.step(), table.resumption.deadline()), (None, None));
}

#[test]
fn it_gives_up_when_the_server_may_have_forgotten() {
    let mut table = Table::cut();
    let cut = table.now;
    loop {
        match table.step() {
            Some(Step::Open) => table.failed(),
            Some(Step::GiveUp) => break,
            None => table.now = table.resumption.deadline().unwrap(),
        }
    }
    assert_eq!(table.now - cut, Duration::from_secs(15));
    assert_eq!((table.step(), table.resumption.deadline()), (None, None));
}

#[test]
fn an_answer_for_good_ends_it_at_once() {
    let mut table = Table::cut();
    assert_eq!(table.step(), Some(Step::Open));
    table.resumption.failed(table.now, true, HALF);
    assert_eq!(table.step(), Some(Step::GiveUp));
    assert_eq!(table.step(), None);
}

#[test]
fn an_attempt_that_is_swallowed_makes_place_for_another() {
    let mut table = Table::cut();
    assert_eq!(table.step(), Some(Step::Open));
    assert_eq!(table.next(), (5_000, None));
    assert_eq!(table.next(), (50, Some(Step::Open)));
}

#[test]
fn the_end_of_the_window_cuts_an_attempt_short() {
    let mut table = Table::cut();
    table.now += Duration::from_secs(12);
    assert_eq!(table.step(), Some(Step::Open));
    assert_eq!(table.next(), (3_000, Some(Step::GiveUp)));
}

#[test]
fn a_network_that_is_back_is_tried_at_once() {
    let mut table = Table::cut();
    table.resumption.network_changed(table.now);
    assert_eq!(table.step(), Some(Step::Open));
    for _ in 0..5 {
        table.failed();
        table.next();
    }
    table.failed();
    assert_eq!(table.step(), None);
    table.resumption.network_changed(table.now);
    assert_eq!(table.step(), Some(Step::Open));
    table.failed();
    assert_eq!(table.next(), (50, Some(Step::Open)), "and begins anew");
    table.resumption.opened(table.now);
    table.resumption.network_changed(table.now);
    assert_eq!(table.step(), None);
}

#[test]
fn a_server_that_accepts_and_drops_is_asked_less_and_less_and_given_up() {
    let mut table = Table::cut();
    let cut = table.now;
    let mut opened = 0;
    loop {
        match table.step() {
            Some(Step::Open) => {
                opened += 1;
                table.resumption.opened(table.now);
                table.lost(Reach::Nothing);
            }
            Some(Step::GiveUp) => break,
            None => table.now = table.resumption.deadline().unwrap(),
        }
    }
    assert_eq!(table.now - cut, Duration::from_secs(15));
    assert!((10..25).contains(&opened), "{opened} sockets");
}

#[test]
fn a_server_that_greets_and_drops_is_not_asked_without_pause() {
    let mut table = Table::cut();
    let mut opened = 0;
    let end = table.now + Duration::from_secs(60);
    while table.now < end {
        match table.step() {
            Some(Step::Open) => {
                opened += 1;
                table.resumption.opened(table.now);
                table.lost(Reach::Greeting);
            }
            Some(Step::GiveUp) => panic!("the server is there"),
            None => table.now = table.resumption.deadline().unwrap(),
        }
    }
    assert!((50..80).contains(&opened), "{opened} sockets");
}

#[test]
fn a_socket_that_held_makes_the_waits_small_again() {
    let mut table = Table::cut();
    for _ in 0..6 {
        table.step();
        table.failed();
        table.next();
    }
    table.resumption.opened(table.now);
    table.now += Duration::from_secs(100);
    table.lost(Reach::Greeting);
    assert_eq!(table.next(), (50, Some(Step::Open)));
}

proptest! {
    #[test]
    fn no_wait_is_above_its_ceiling_and_none_is_forever(
        draws in prop::collection::vec(any::<u64>(), 1..40),
    ) {
        let mut table = Table::cut();
        let end = table.now + Duration::from_secs(15);
        let mut ceiling = Duration::from_millis(100);
        let mut step = table.step();
        for entropy in draws {
            if step == Some(Step::GiveUp) {
                prop_assert_eq!(table.now, end);
                break;
            }
            prop_assert_eq!(step, Some(Step::Open));
            table.resumption.failed(table.now, false, entropy);
            let deadline = table.resumption.deadline().unwrap();
            prop_assert!(deadline - table.now <= ceiling);
            ceiling = (ceiling * 2).min(Duration::from_secs(2));
            table.now = deadline;
            step = table.step();
        }
    }
}
