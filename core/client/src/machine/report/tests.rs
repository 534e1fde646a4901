//! What a user relies on: what happened on the device reaches the sender, and nothing blocks it.

use std::time::Duration;

use jiff::Timestamp;
use vestnik_clock::Now;
use vestnik_model::ProblemCode;

use super::{Input, Outbox, Output, ReportMachine, Settlement};
use crate::machine::{CallFailure, ConnectionNumber, Generation, Pace, fixture::now};

const FIRST: ConnectionNumber = ConnectionNumber::new(1);
const GENERATION: Generation = Generation::new(7);

struct Table {
    machine: ReportMachine,
    now: Now,
}

impl Table {
    fn new(waiting: u64) -> Self {
        let mut table = Self {
            machine: ReportMachine::new(Pace::default()),
            now: now(),
        };
        let begin = Input::Begin {
            generation: GENERATION,
            outbox: outbox(waiting),
        };
        assert_eq!(table.on(begin), [""; 0]);
        table
    }

    /// A device that is connected and whose facts are on their way.
    fn sending(waiting: u64) -> Self {
        let mut table = Self::new(waiting);
        table.up(FIRST);
        assert_eq!(table.step().1, ["take"]);
        assert_eq!(table.taken(1), ["send 1"]);
        table
    }

    fn on(&mut self, input: Input) -> Vec<String> {
        self.machine.handle(self.now, input);
        std::iter::from_fn(|| self.machine.poll())
            .map(|output| written(&output))
            .collect()
    }

    fn up(&mut self, connection: ConnectionNumber) -> Vec<String> {
        self.on(Input::Up {
            connection,
            report_bytes: 64_000,
        })
    }

    fn counted(&mut self, waiting: u64) -> Vec<String> {
        self.on(Input::Outbox {
            generation: GENERATION,
            outbox: outbox(waiting),
        })
    }

    fn taken(&mut self, facts: usize) -> Vec<String> {
        self.on(Input::Taken {
            generation: GENERATION,
            facts: Some(facts),
        })
    }

    fn answered(&mut self, result: Result<(), CallFailure>) -> Vec<String> {
        self.on(Input::Answered {
            connection: FIRST,
            result,
        })
    }

    fn settled(&mut self, waiting: Option<u64>) -> Vec<String> {
        self.on(Input::Settled {
            generation: GENERATION,
            outbox: waiting.map(outbox),
        })
    }

    fn step(&mut self) -> (Duration, Vec<String>) {
        let at = self.machine.deadline().unwrap();
        let passed = at - self.now.monotonic;
        self.now.monotonic = self.now.monotonic.max(at);
        (passed, self.on(Input::Tick))
    }
}

const fn outbox(waiting: u64) -> Outbox {
    Outbox {
        waiting,
        ready_at: None,
    }
}

fn written(output: &Output) -> String {
    match output {
        Output::Take { .. } => "take".to_owned(),
        Output::Send(connection) => format!("send {}", connection.get()),
        Output::Settle { settlement, .. } => match settlement {
            Settlement::Answer => "settle".to_owned(),
            Settlement::RefusedWhole(code) => format!("refused {code}"),
        },
        Output::Flushed { is_empty } => format!("flushed {is_empty}"),
        Output::Doubtful(_) => "doubtful".to_owned(),
        Output::Refused { .. } => "token refused".to_owned(),
    }
}

fn problem(code: ProblemCode, retry_after: Option<u64>) -> CallFailure {
    CallFailure::Problem {
        code: code.into(),
        status: code.status(),
        retry_after: retry_after.map(Duration::from_secs),
    }
}

#[test]
fn facts_wait_a_moment_for_others_and_for_a_connection() {
    let mut table = Table::new(2);
    assert_eq!(table.machine.deadline(), None);
    table.up(FIRST);
    let (delay, outputs) = table.step();
    assert_eq!((delay.as_millis(), outputs), (50, vec!["take".to_owned()]));
    assert_eq!(table.taken(2), ["send 1"]);
    assert_eq!(table.answered(Ok(())), ["settle"]);
    assert_eq!(table.settled(Some(0)), [""; 0]);
    assert_eq!(table.machine.deadline(), None);
}

#[test]
fn a_full_report_does_not_wait() {
    let mut table = Table::new(100);
    assert_eq!(table.up(FIRST), ["take"]);
}

#[test]
fn a_steady_stream_of_facts_is_reported_all_the_same() {
    let mut table = Table::new(0);
    table.up(FIRST);
    for waiting in 1..=5 {
        table.counted(waiting);
        table.now.monotonic = table.now.monotonic + Duration::from_millis(9);
    }
    assert!(table.step().0 <= Duration::from_millis(5));
}

#[test]
fn a_refused_report_blocks_no_other_and_is_not_repeated_hot() {
    let mut table = Table::sending(8);
    let invalid = || problem(ProblemCode::RequestInvalid, None);
    let mut rounds = 0;
    for waiting in [8, 8, 8, 7] {
        assert_eq!(table.answered(Err(invalid())), ["refused request.invalid"]);
        // The count is told from elsewhere too; nothing is sent because of it.
        assert_eq!(table.settled(Some(waiting)), [""; 0]);
        assert_eq!(table.counted(waiting), [""; 0]);
        let (pause, outputs) = table.step();
        assert!(pause >= Duration::from_secs(1), "{pause:?}");
        assert_eq!(outputs, ["take"]);
        table.taken(1);
        rounds += 1;
    }
    assert_eq!(rounds, 4);
    assert_eq!(table.answered(Ok(())), ["settle"]);
    table.settled(Some(6));
    assert!(
        table.step().0 <= Duration::from_millis(50),
        "the others go on"
    );
}

#[test]
fn no_failure_is_repeated_hot() {
    let failures = [
        CallFailure::NoAnswer,
        problem(ProblemCode::Internal, None),
        problem(ProblemCode::RequestRateLimited, Some(0)),
        problem(ProblemCode::RequestInvalid, None),
    ];
    for failure in failures {
        let mut table = Table::sending(3);
        let mut sent = 0;
        let end = table.now.monotonic + Duration::from_secs(3_600);
        while table.now.monotonic < end {
            table.answered(Err(failure.clone()));
            table.settled(Some(3));
            table.counted(3);
            table.step();
            table.taken(3);
            sent += 1;
        }
        assert!(
            (12..=3_600).contains(&sent),
            "{failure:?}: {sent} in an hour"
        );
    }
}

#[test]
fn a_store_that_fails_is_not_asked_hot() {
    let mut table = Table::sending(3);
    table.answered(Ok(()));
    assert_eq!(table.settled(None), [""; 0]);
    let (pause, outputs) = table.step();
    assert!(pause >= Duration::from_secs(1));
    assert_eq!(outputs, ["take"]);
    let failed = Input::Taken {
        generation: GENERATION,
        facts: None,
    };
    assert_eq!(table.on(failed), [""; 0]);
    assert!(table.step().0 >= Duration::from_secs(1));
}

#[test]
fn a_pause_that_the_server_asks_for_is_kept() {
    let mut table = Table::sending(3);
    table.answered(Err(problem(ProblemCode::RequestRateLimited, Some(30))));
    table.counted(200);
    let (pause, _) = table.step();
    assert!((30..=33).contains(&pause.as_secs()), "{pause:?}");
}

#[test]
fn a_report_without_an_answer_puts_the_connection_to_the_test() {
    let mut table = Table::sending(3);
    assert_eq!(table.answered(Err(CallFailure::NoAnswer)), ["doubtful"]);
    let mut table = Table::sending(3);
    let revoked = problem(ProblemCode::AuthRevoked, None);
    assert_eq!(table.answered(Err(revoked)), ["token refused"]);
}

#[test]
fn an_answer_of_an_old_connection_settles_nothing() {
    let mut table = Table::sending(3);
    assert_eq!(table.on(Input::Down(FIRST)), [""; 0]);
    table.up(ConnectionNumber::new(2));
    table.step();
    assert_eq!(table.taken(3), ["send 2"]);
    assert_eq!(table.answered(Ok(())), [""; 0]);
}

#[test]
fn a_flush_ends_when_nothing_waits_or_nothing_can_be_done() {
    let flush = |until| Input::Flush { until };
    let mut table = Table::new(0);
    table.up(FIRST);
    assert_eq!(table.on(flush(None)), ["flushed true"]);
    table.counted(2);
    assert_eq!(table.on(flush(None)), ["take"]);
    table.taken(2);
    table.answered(Ok(()));
    assert_eq!(table.settled(Some(0)), ["flushed true"]);
    // Offline.
    let mut table = Table::new(2);
    assert_eq!(table.on(flush(None)), ["flushed false"]);
    // The connection ends meanwhile.
    let mut table = Table::sending(2);
    table.on(flush(None));
    assert_eq!(table.on(Input::Down(FIRST)), ["flushed false"]);
    // The session ends meanwhile.
    let mut table = Table::sending(2);
    table.on(flush(None));
    assert_eq!(table.on(Input::End), ["flushed false"]);
    // It took too long.
    let mut table = Table::sending(2);
    table.on(flush(Some(table.now.monotonic + Duration::from_secs(3))));
    assert_eq!(
        table.step(),
        (Duration::from_secs(3), vec!["flushed false".to_owned()])
    );
}

#[test]
fn a_fact_that_may_not_go_out_yet_is_waited_for_and_no_clock_stops_it() {
    for (ahead, expected) in [(5, 5), (-5, 0), (86_400 * 365, 60)] {
        let mut table = Table::new(0);
        table.up(FIRST);
        let outbox = Outbox {
            waiting: 1,
            ready_at: Some(Timestamp::from_second(ahead).unwrap()),
        };
        table.on(Input::Outbox {
            generation: GENERATION,
            outbox,
        });
        assert_eq!(table.step().0.as_secs(), expected);
    }
}

#[test]
fn nothing_of_a_former_session_is_reported() {
    let mut table = Table::sending(3);
    table.on(Input::End);
    let begin = Input::Begin {
        generation: Generation::new(8),
        outbox: outbox(0),
    };
    table.on(begin);
    table.up(ConnectionNumber::new(2));
    assert_eq!(table.answered(Ok(())), [""; 0]);
    assert_eq!(table.counted(3), [""; 0]);
    assert_eq!(table.machine.deadline(), None);
}

#[test]
fn a_batch_of_which_nothing_is_settled_is_not_repeated_hot() {
    let mut table = Table::sending(3);
    for least in [1, 7, 15] {
        // The storage tells of every change before it answers; another fact has come meanwhile.
        table.counted(4);
        assert_eq!(table.answered(Ok(())), ["settle"]);
        assert_eq!(table.settled(Some(4)), [""; 0]);
        let (pause, outputs) = table.step();
        assert!(pause >= Duration::from_secs(least), "{pause:?}");
        assert_eq!(outputs, ["take"]);
        table.taken(3);
    }
    // One is settled, and that was told before the answer: the rest goes on soon.
    table.counted(5);
    table.answered(Ok(()));
    table.counted(4);
    table.settled(Some(4));
    let (pause, outputs) = table.step();
    assert!(pause < Duration::from_secs(1), "{pause:?}");
    assert_eq!(outputs, ["take"]);
}

#[test]
fn a_store_that_hands_out_nothing_is_asked_ever_more_rarely_until_there_is_a_new_fact() {
    let mut table = Table::new(3);
    table.up(FIRST);
    table.step();
    for least in [3, 7, 15, 31, 59, 59] {
        assert_eq!(table.taken(0), [""; 0]);
        let (pause, outputs) = table.step();
        assert!(pause >= Duration::from_secs(least), "{pause:?}");
        assert_eq!(outputs, ["take"]);
    }
    table.taken(0);
    table.counted(4);
    assert!(table.step().0 < Duration::from_secs(1));
}

#[test]
fn a_report_whose_answer_is_lost_is_sent_again() {
    let mut table = Table::sending(3);
    let (passed, outputs) = table.step();
    assert!(passed <= Duration::from_secs(60), "{passed:?}");
    assert_eq!(outputs, ["doubtful"]);
    assert_eq!(table.step().1, ["take"]);
}

#[test]
fn a_report_that_ends_each_connection_lets_connections_last() {
    let mut table = Table::sending(3);
    for (number, least) in [(1, 3), (2, 7), (3, 15)] {
        table.on(Input::Down(ConnectionNumber::new(number)));
        table.up(ConnectionNumber::new(number + 1));
        let (passed, outputs) = table.step();
        assert!(passed >= Duration::from_secs(least), "{passed:?}");
        assert_eq!(outputs, ["take"]);
        table.taken(3);
    }
}

#[test]
fn a_flush_does_not_wait_for_a_long_pause() {
    let mut table = Table::sending(3);
    let busy = CallFailure::Problem {
        code: ProblemCode::Unavailable.into(),
        status: 503,
        retry_after: Some(Duration::from_secs(900)),
    };
    table.answered(Err(busy));
    assert_eq!(table.on(Input::Flush { until: None }), ["flushed false"]);
}
