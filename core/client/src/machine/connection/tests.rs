//! What a user relies on: the connection comes back, soon and without hammering.

use std::time::Duration;

use vestnik_clock::{Monotonic, Now};
use vestnik_model::ProblemCode;

use super::{Connection, Failed, Input, Nudge, Output, Phase};
use crate::machine::{
    CallFailure, ConnectionNumber, ForeignBody, LONGEST_ASKED, Pace, SHORTEST_ASKED, Secret,
    TokenNumber, Trouble, fixture::now,
};

struct Table {
    machine: Connection,
    now: Now,
    tokens: u64,
}

impl Table {
    /// A device that wants to be online and has a session.
    fn new() -> Self {
        let mut table = Self {
            machine: Connection::new(Pace::default()),
            now: now(),
            tokens: 0,
        };
        assert_eq!(table.on(Input::GoOnline), [""; 0]);
        assert_eq!(table.on(Input::Session(true)), ["token"]);
        table
    }

    fn connecting() -> Self {
        let mut table = Self::new();
        assert_eq!(table.token(), ["connect 1 by 1"]);
        table
    }

    fn up() -> Self {
        let mut table = Self::connecting();
        assert_eq!(table.opened(1, Ok(())), ["greet 1"]);
        assert_eq!(table.greeted(1, Ok(())), ["up 1"]);
        table
    }

    fn on(&mut self, input: Input) -> Vec<String> {
        self.machine.handle(self.now, input);
        std::iter::from_fn(|| self.machine.poll())
            .map(|output| written(&output))
            .collect()
    }

    /// The next token is there.
    fn token(&mut self) -> Vec<String> {
        self.tokens += 1;
        self.token_again()
    }

    /// The same token is given once more.
    fn token_again(&mut self) -> Vec<String> {
        let number = TokenNumber::new(self.tokens);
        let token = Secret::new(self.tokens.to_string());
        self.on(Input::Token { number, token })
    }

    fn opened(&mut self, number: u64, result: Result<(), CallFailure>) -> Vec<String> {
        let connection = ConnectionNumber::new(number);
        self.on(Input::Opened { connection, result })
    }

    fn greeted(&mut self, number: u64, result: Result<(), CallFailure>) -> Vec<String> {
        let connection = ConnectionNumber::new(number);
        self.on(Input::Greeted { connection, result })
    }

    fn lost(&mut self, number: u64) -> Vec<String> {
        let connection = ConnectionNumber::new(number);
        self.on(Input::Lost {
            connection,
            may_return: true,
        })
    }

    /// Lets time pass until the deadline; gives how long it was.
    fn step(&mut self) -> (Duration, Vec<String>) {
        let at = self.machine.deadline().unwrap();
        let passed = at - self.now.monotonic;
        self.now.monotonic = at;
        (passed, self.on(Input::Tick))
    }
}

fn written(output: &Output) -> String {
    match output {
        Output::WantToken { refused: None } => "token".to_owned(),
        Output::WantToken {
            refused: Some(number),
        } => format!("token, not {}", number.get()),
        Output::Connect { connection, token } => {
            format!("connect {} by {}", connection.get(), token.expose())
        }
        Output::Greet(number) => format!("greet {}", number.get()),
        Output::Up(number) => format!("up {}", number.get()),
        Output::Down(number) => format!("down {}", number.get()),
        Output::Close(number) => format!("close {}", number.get()),
        Output::Probe { connection, .. } => format!("probe {}", connection.get()),
    }
}

fn refused() -> CallFailure {
    CallFailure::Foreign {
        status: 401,
        body: ForeignBody::Other,
        retry_after: None,
    }
}

fn busy(retry_after: Option<Duration>) -> CallFailure {
    CallFailure::Problem {
        code: ProblemCode::Unavailable.into(),
        status: 503,
        retry_after,
    }
}

fn probed(number: u64, is_alive: bool) -> Input {
    Input::Probed {
        connection: ConnectionNumber::new(number),
        is_alive,
    }
}

#[test]
fn a_token_that_is_refused_after_a_cut_is_replaced() {
    let mut table = Table::up();
    assert_eq!(table.lost(1), ["down 1", "close 1"]);
    assert_eq!(table.step().1, ["token"]);
    assert_eq!(table.token_again(), ["connect 2 by 1"]);
    assert_eq!(table.opened(2, Err(refused())), ["token, not 1"]);
    assert_eq!(table.token(), ["connect 3 by 2"]);
}

#[test]
fn a_token_that_is_refused_at_the_greeting_is_replaced() {
    let mut table = Table::connecting();
    table.opened(1, Ok(()));
    let revoked = CallFailure::Problem {
        code: ProblemCode::AuthRevoked.into(),
        status: 401,
        retry_after: None,
    };
    assert_eq!(
        table.greeted(1, Err(revoked)),
        ["down 1", "close 1", "token, not 1"]
    );
}

#[test]
fn a_session_that_is_refused_on_a_standing_connection_is_looked_into_at_once() {
    let mut table = Table::connecting();
    table.opened(1, Err(refused()));
    table.token();
    table.opened(2, Ok(()));
    table.greeted(2, Ok(()));
    let failed = Input::Failed {
        connection: ConnectionNumber::new(2),
        failure: Failed::Call(refused()),
    };
    assert_eq!(table.on(failed), ["down 2", "close 2", "token, not 2"]);
}

#[test]
fn a_server_that_refuses_every_token_is_asked_rarely_and_for_a_fresh_one_each_time() {
    let mut table = Table::connecting();
    assert_eq!(table.opened(1, Err(refused())), ["token, not 1"]);
    for number in 2..7 {
        table.token();
        assert_eq!(table.opened(number, Err(refused())), [""; 0]);
        assert_eq!(table.machine.trouble(), Some(Trouble::Refused));
        let (pause, outputs) = table.step();
        assert_eq!(outputs, [format!("token, not {number}")]);
        assert!(pause > Duration::from_secs(59), "{pause:?}");
    }
}

#[test]
fn an_absurd_pause_of_the_server_is_kept_within_bounds() {
    for asked in [0, 1, 60, 901, 86_400, u64::MAX] {
        let mut table = Table::connecting();
        table.opened(1, Err(busy(Some(Duration::from_secs(asked)))));
        let (pause, _) = table.step();
        assert!(pause >= SHORTEST_ASKED, "{asked}: {pause:?}");
        assert!(pause <= LONGEST_ASKED * 11 / 10, "{asked}: {pause:?}");
        let mut table = Table::up();
        table.on(Input::Drain {
            connection: ConnectionNumber::new(1),
            after: Duration::from_millis(asked),
        });
        let (pause, _) = table.step();
        assert!(pause >= SHORTEST_ASKED && pause <= LONGEST_ASKED * 11 / 10);
    }
}

#[test]
fn the_last_instant_there_is_does_not_stop_a_device() {
    let mut table = Table::connecting();
    table.now.monotonic = Monotonic::MAX;
    table.opened(1, Err(busy(Some(Duration::MAX))));
    assert_eq!(table.machine.deadline(), Some(Monotonic::MAX));
}

#[test]
fn attempts_go_on_for_ever_with_growing_pauses_up_to_a_cap() {
    let mut table = Table::new();
    let mut pauses = Vec::new();
    for number in 1..=40 {
        table.token();
        table.opened(number, Err(CallFailure::NoAnswer));
        pauses.push(table.step().0.as_secs_f64().round());
    }
    assert_eq!(pauses[..8], [1., 2., 4., 8., 16., 32., 60., 60.]);
    assert!((pauses[39] - 60.).abs() < 0.1);
}

#[test]
fn a_changed_network_restarts_an_attempt_that_is_under_way() {
    let mut table = Table::connecting();
    let changed = || Input::Nudge(Nudge::NetworkChanged);
    assert_eq!(table.on(changed()), ["close 1", "connect 2 by 1"]);
    assert_eq!(table.opened(1, Err(CallFailure::NoAnswer)), [""; 0]);
    assert_eq!(table.opened(2, Ok(())), ["greet 2"]);
    assert_eq!(table.on(changed()), ["down 2", "close 2", "connect 3 by 1"]);
}

#[test]
fn a_nudge_counts_in_every_phase() {
    let foreground = || Input::Nudge(Nudge::Foreground);
    // Waiting: the pause ends.
    let mut table = Table::connecting();
    table.opened(1, Err(CallFailure::NoAnswer));
    assert_eq!(table.on(foreground()), ["token"]);
    // Connecting and greeting: if the attempt fails, the next one begins at once.
    for is_open in [false, true] {
        let mut table = Table::connecting();
        if is_open {
            table.opened(1, Ok(()));
        }
        table.on(foreground());
        if is_open {
            table.greeted(1, Err(CallFailure::NoAnswer));
        } else {
            table.opened(1, Err(CallFailure::NoAnswer));
        }
        assert_eq!(table.step(), (Duration::ZERO, vec!["token".to_owned()]));
    }
    // Up: the connection is tested by a keep-alive, once at a time.
    let mut table = Table::up();
    assert_eq!(table.on(foreground()), ["probe 1"]);
    assert_eq!(table.on(foreground()), [""; 0]);
    assert_eq!(table.on(probed(1, true)), [""; 0]);
    assert_eq!(table.machine.deadline(), None);
    table.on(foreground());
    assert_eq!(table.on(probed(1, false)), ["down 1", "close 1"]);
    assert_eq!(table.step(), (Duration::ZERO, vec!["token".to_owned()]));
}

#[test]
fn a_keep_alive_without_an_outcome_ends_the_connection() {
    let mut table = Table::up();
    table.on(Input::Doubtful(ConnectionNumber::new(1)));
    let (passed, outputs) = table.step();
    assert!(passed <= Duration::from_secs(10));
    assert_eq!(outputs, ["down 1", "close 1"]);
}

#[test]
fn answers_of_an_old_connection_do_no_harm() {
    let mut table = Table::up();
    table.lost(1);
    table.step();
    table.token();
    table.opened(2, Ok(()));
    table.greeted(2, Ok(()));
    let failed = Input::Failed {
        connection: ConnectionNumber::new(1),
        failure: Failed::Call(CallFailure::NoAnswer),
    };
    for late in [
        failed,
        Input::Replaced(ConnectionNumber::new(1)),
        Input::Drain {
            connection: ConnectionNumber::new(1),
            after: Duration::from_secs(9),
        },
        probed(1, false),
    ] {
        assert_eq!(table.on(late), [""; 0]);
    }
    assert_eq!(table.lost(1), [""; 0]);
    assert!(table.machine.up().is_some());
}

#[test]
fn a_connection_that_stood_for_days_is_tried_again_soon() {
    let mut table = Table::new();
    for number in 1..=9 {
        table.token();
        table.opened(number, Err(CallFailure::NoAnswer));
        table.step();
    }
    table.token();
    table.opened(10, Ok(()));
    table.greeted(10, Ok(()));
    table.now.monotonic = table.now.monotonic + Duration::from_secs(3 * 86_400);
    let failed = Input::Failed {
        connection: ConnectionNumber::new(10),
        failure: Failed::Call(CallFailure::NoAnswer),
    };
    table.on(failed);
    assert!(table.step().0 <= Duration::from_secs(1));
}

#[test]
fn a_server_that_accepts_and_drops_is_not_hammered() {
    let mut table = Table::new();
    let mut pauses = Vec::new();
    for number in 1..=8 {
        table.token();
        table.opened(number, Ok(()));
        table.greeted(number, Ok(()));
        table.lost(number);
        pauses.push(table.step().0);
    }
    assert!(pauses[7] > Duration::from_secs(59), "{pauses:?}");
}

#[test]
fn a_connection_that_opens_after_the_logout_is_closed() {
    let mut table = Table::connecting();
    assert_eq!(table.on(Input::Session(false)), ["close 1"]);
    assert_eq!(table.machine.phase(), Phase::Off);
    assert_eq!(table.opened(1, Ok(())), ["close 1"]);
    assert_eq!(table.on(Input::Session(true)), ["token"]);
    table.token();
    assert_eq!(table.opened(1, Ok(())), ["close 1"]);
    assert_eq!(table.opened(2, Ok(())), ["greet 2"]);
}

#[test]
fn an_attempt_that_hangs_is_given_up_and_closed_if_it_opens_later() {
    let mut table = Table::connecting();
    assert_eq!(table.step().1, ["close 1"]);
    assert_eq!(table.opened(1, Ok(())), ["close 1"]);
    assert_eq!(table.step().1, ["token"]);
}

#[test]
fn nothing_wakes_a_device_that_is_offline_or_asleep() {
    for (leave, back) in [
        (Input::GoOffline, Input::GoOnline),
        (Input::Suspend, Input::Resume),
    ] {
        let mut table = Table::up();
        assert_eq!(table.on(leave), ["down 1", "close 1"]);
        assert_eq!(table.machine.deadline(), None);
        assert_eq!(table.on(Input::Nudge(Nudge::NetworkChanged)), [""; 0]);
        assert_eq!(table.on(back), ["token"]);
    }
}

#[test]
fn a_connection_that_stands_wakes_nobody() {
    assert_eq!(Table::up().machine.deadline(), None);
}

#[test]
fn a_replaced_installation_asks_once_whether_its_session_is_over() {
    let mut table = Table::up();
    let replaced = |number| Input::Replaced(ConnectionNumber::new(number));
    assert_eq!(table.on(replaced(1)), ["down 1", "close 1", "token, not 1"]);
    // The session goes on: a server that says so again and again is asked rarely.
    table.token();
    table.opened(2, Ok(()));
    table.greeted(2, Ok(()));
    assert_eq!(table.on(replaced(2)), ["down 2", "close 2"]);
    assert!(table.step().0 > Duration::from_secs(59));
}

#[test]
fn a_full_disk_is_told_as_such() {
    let mut table = Table::up();
    let failed = Input::Failed {
        connection: ConnectionNumber::new(1),
        failure: Failed::Storage,
    };
    assert_eq!(table.on(failed), ["down 1", "close 1"]);
    assert_eq!(table.machine.trouble(), Some(Trouble::Storage));
}

#[test]
fn a_session_that_is_refused_after_each_welcome_is_not_tried_hot() {
    let refuse = |number: u64| Input::Failed {
        connection: ConnectionNumber::new(number),
        failure: Failed::Call(refused()),
    };
    let mut table = Table::up();
    assert_eq!(table.on(refuse(1)), ["down 1", "close 1", "token, not 1"]);
    for number in 2..6 {
        table.token();
        table.opened(number, Ok(()));
        table.greeted(number, Ok(()));
        let ended = [format!("down {number}"), format!("close {number}")];
        assert_eq!(table.on(refuse(number)), ended);
        let (pause, outputs) = table.step();
        assert!(pause > Duration::from_secs(59), "{pause:?}");
        // The token that was refused is not used again.
        assert_eq!(outputs, [format!("token, not {number}")]);
    }
}

#[test]
fn a_device_that_is_replaced_at_each_greeting_does_not_come_back_hot() {
    let mut table = Table::connecting();
    table.opened(1, Ok(()));
    let replaced = |number| Input::Replaced(ConnectionNumber::new(number));
    assert_eq!(table.on(replaced(1)), ["down 1", "close 1", "token, not 1"]);
    table.token();
    table.opened(2, Ok(()));
    assert_eq!(table.on(replaced(2)), ["down 2", "close 2"]);
    assert!(table.step().0 > Duration::from_secs(59));
}
