use proptest::prelude::*;

use super::*;

/// A supervisor with the world played by the test, in virtual time.
struct Table {
    supervisor: Supervisor,
    now: Instant,
}

const RETRY: Failure = Failure {
    is_retryable: true,
    hint: None,
    entropy: 1 << 63,
};

impl Table {
    #[expect(
        clippy::disallowed_methods,
        reason = "virtual time has to begin somewhere"
    )]
    fn new(policy: ReconnectPolicy) -> Self {
        Self {
            supervisor: Supervisor::new(policy),
            now: Instant::now(),
        }
    }

    fn connected(policy: ReconnectPolicy) -> Self {
        let mut table = Self::new(policy);
        table.tell(Input::Start);
        let outputs = table.tell(Input::Connected);
        assert_eq!(outputs, [Output::Phase(Phase::Connected)]);
        table
    }

    fn tell(&mut self, input: Input) -> Vec<Output> {
        self.supervisor.handle(self.now, input);
        std::iter::from_fn(|| self.supervisor.poll()).collect()
    }

    fn pass(&mut self, time: Duration) -> Vec<Output> {
        self.now += time;
        self.tell(Input::Tick)
    }
}

fn reconnecting(number: u32, millis: u64) -> Output {
    let wait = Duration::from_millis(millis);
    Output::Phase(Phase::Reconnecting(Attempt { number, wait }))
}

fn connecting(number: u32, millis: u64) -> Output {
    let wait = Duration::from_millis(millis);
    Output::Phase(Phase::Connecting(Attempt { number, wait }))
}

const GONE: Output = Output::Phase(Phase::Disconnected);

#[test]
fn a_lost_connection_is_made_again_with_growing_waits() {
    let mut table = Table::connected(ReconnectPolicy::default());
    assert_eq!(table.tell(Input::Failed(RETRY)), [reconnecting(1, 500)]);
    assert_eq!(table.pass(Duration::from_millis(499)), []);
    assert_eq!(table.pass(Duration::from_millis(1)), [Output::Dial]);
    assert_eq!(table.tell(Input::Failed(RETRY)), [reconnecting(2, 1_000)]);
    assert_eq!(table.pass(Duration::from_secs(1)), [Output::Dial]);
    assert_eq!(
        table.tell(Input::Connected),
        [Output::Phase(Phase::Connected)]
    );
    assert_eq!(table.supervisor.deadline(), None);
    assert_eq!(table.tell(Input::Failed(RETRY)), [reconnecting(1, 2_000)]);
}

#[test]
fn a_connection_that_held_makes_the_waits_small_again() {
    let mut table = Table::connected(ReconnectPolicy::default());
    table.tell(Input::Failed(RETRY));
    table.pass(Duration::from_secs(60));
    table.tell(Input::Failed(RETRY));
    table.pass(Duration::from_secs(60));
    table.tell(Input::Connected);
    table.now += Duration::from_secs(30);
    assert_eq!(table.tell(Input::Failed(RETRY)), [reconnecting(1, 500)]);
}

#[test]
fn the_first_start_is_covered_when_the_policy_says_so() {
    let mut table = Table::new(ReconnectPolicy::default());
    assert_eq!(table.tell(Input::Start), [connecting(1, 0), Output::Dial]);
    assert_eq!(table.tell(Input::Failed(RETRY)), [connecting(2, 500)]);
    let once = ReconnectPolicy {
        covers_start: false,
        ..ReconnectPolicy::default()
    };
    let mut table = Table::new(once);
    table.tell(Input::Start);
    assert_eq!(table.tell(Input::Failed(RETRY)), [GONE]);
    let mut table = Table::connected(once);
    assert_eq!(table.tell(Input::Failed(RETRY)), [reconnecting(1, 500)]);
}

#[test]
fn a_failure_for_good_is_the_end_until_the_next_start() {
    for mut table in [
        Table::connected(ReconnectPolicy::default()),
        Table::connected(ReconnectPolicy::never()),
    ] {
        let is_retryable = table.supervisor.policy.max_attempts.is_some();
        let failure = Failure {
            is_retryable,
            ..RETRY
        };
        assert_eq!(table.tell(Input::Failed(failure)), [GONE]);
        assert_eq!(table.supervisor.deadline(), None);
        assert_eq!(table.tell(Input::NetworkChanged), []);
        assert_eq!(table.tell(Input::Start), [connecting(1, 0), Output::Dial]);
    }
}

#[test]
fn a_hint_of_the_servers_is_waited_for() {
    let mut table = Table::connected(ReconnectPolicy::default());
    let failure = Failure {
        hint: Some(Duration::from_secs(7)),
        ..RETRY
    };
    assert_eq!(table.tell(Input::Failed(failure)), [reconnecting(1, 7_500)]);
    assert_eq!(table.pass(Duration::from_secs(7)), []);
    assert_eq!(table.pass(Duration::from_millis(500)), [Output::Dial]);
}

#[test]
fn another_network_is_tried_at_once() {
    let mut table = Table::connected(ReconnectPolicy::default());
    assert_eq!(table.tell(Input::NetworkChanged), [Output::Probe]);
    for _ in 0..6 {
        table.tell(Input::Failed(RETRY));
        table.pass(Duration::from_secs(60));
    }
    table.tell(Input::Failed(RETRY));
    let retried = [reconnecting(7, 0), Output::Dial];
    assert_eq!(table.tell(Input::NetworkChanged), retried);
    assert_eq!(
        table.tell(Input::NetworkChanged),
        retried,
        "it may be stuck"
    );
    assert_eq!(table.tell(Input::Failed(RETRY)), [reconnecting(8, 500)]);
}

#[test]
fn a_connection_that_resumes_is_still_connected() {
    let mut table = Table::connected(ReconnectPolicy::default());
    let resuming = [Output::Phase(Phase::Resuming)];
    let connected = [Output::Phase(Phase::Connected)];
    assert_eq!(table.tell(Input::Resuming), resuming);
    assert_eq!(table.tell(Input::NetworkChanged), [Output::Probe]);
    assert_eq!(table.tell(Input::Resumed), connected);
    assert_eq!(table.tell(Input::Resuming), resuming);
    assert_eq!(table.tell(Input::Failed(RETRY)), [reconnecting(1, 500)]);
    assert_eq!(table.tell(Input::Resumed), [], "too late");
    table.tell(Input::Stop);
    assert_eq!(
        table.tell(Input::Resuming),
        [],
        "nothing is there to resume"
    );
}

#[test]
fn stopping_ends_whatever_goes_on() {
    let mut table = Table::connected(ReconnectPolicy::default());
    assert_eq!(table.tell(Input::Stop), [Output::HangUp, GONE]);
    assert_eq!(table.tell(Input::Stop), []);
    assert_eq!(table.tell(Input::Failed(RETRY)), [], "the hung-up one");
    table.tell(Input::Start);
    assert_eq!(table.tell(Input::Start), []);
    assert_eq!(table.tell(Input::Stop), [Output::HangUp, GONE]);
    assert_eq!(table.tell(Input::Connected), [], "too late");
    table.tell(Input::Start);
    table.tell(Input::Failed(RETRY));
    assert_eq!(table.tell(Input::Stop), [Output::HangUp, GONE]);
    assert_eq!(table.pass(Duration::from_secs(60)), []);
}

proptest! {
    /// Whatever happens, at most one attempt runs, and something is always under way or waited for
    /// until the application stops it or a failure is final.
    #[test]
    fn it_never_forgets_to_come_back(
        inputs in prop::collection::vec((0..8_u8, any::<u64>()), 0..60),
    ) {
        let mut table = Table::new(ReconnectPolicy::default());
        let (mut dialing, mut connected, mut wanted) = (false, false, false);
        for (kind, entropy) in inputs {
            let input = match kind {
                0 => Input::Start,
                1 => Input::Stop,
                2 => Input::NetworkChanged,
                3 if dialing => Input::Connected,
                4 if dialing || connected => Input::Failed(Failure { entropy, ..RETRY }),
                5 => Input::Resuming,
                6 => Input::Resumed,
                _ => {
                    table.now += Duration::from_secs(31);
                    Input::Tick
                }
            };
            match input {
                Input::Start => wanted = true,
                Input::Stop => wanted = false,
                Input::Connected => (dialing, connected) = (false, true),
                Input::Failed(_) => (dialing, connected) = (false, false),
                Input::NetworkChanged | Input::Resuming | Input::Resumed | Input::Tick => {}
            }
            for output in table.tell(input) {
                match output {
                    Output::Dial => {
                        prop_assert!(!connected);
                        dialing = true;
                    }
                    Output::HangUp => (dialing, connected) = (false, false),
                    Output::Probe => prop_assert!(connected),
                    Output::Phase(_) => {}
                }
            }
            let is_waiting = table.supervisor.deadline().is_some();
            prop_assert_eq!(wanted, dialing || connected || is_waiting);
            prop_assert!(!(is_waiting && (dialing || connected)));
        }
    }
}
