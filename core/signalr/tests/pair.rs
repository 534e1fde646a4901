//! The two machines against each other, in memory and in virtual time: no socket, no clock, no task.

#![allow(
    clippy::unwrap_used,
    reason = "a test's helpers may fail like the test itself"
)]

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use proptest::prelude::*;
use vestnik_signalr::{
    client::{
        Call, ClientMachine, CloseReason, MachineConfig,
        machine::{Event, Output as ClientOutput},
    },
    message::{Arguments, CompletionOutcome, Message},
    payload::Payload,
    protocol::Protocol,
    server::machine::{
        Ask, CallKey, Input, NoResult, Output as ServerOutput, ResultKey, ServerConfig,
        ServerMachine, UploadKey,
    },
};

/// How long bytes travel.
const LATENCY: Duration = Duration::from_millis(40);

/// One direction of a line: bytes that arrive at their time, in chunks of some size.
#[derive(Default)]
struct Line {
    travelling: VecDeque<(Instant, Vec<u8>)>,
    chunk: usize,
    is_dead: bool,
}

impl Line {
    fn send(&mut self, now: Instant, bytes: &[u8]) {
        if !self.is_dead {
            let chunks = bytes.chunks(self.chunk.max(1));
            self.travelling
                .extend(chunks.map(|chunk| (now + LATENCY, chunk.to_vec())));
        }
    }

    fn arrive(&mut self, now: Instant) -> Option<Vec<u8>> {
        let (at, _) = self.travelling.front()?;
        if *at > now {
            return None;
        }
        self.travelling.pop_front().map(|(_, bytes)| bytes)
    }

    fn next(&self) -> Option<Instant> {
        self.travelling.front().map(|(at, _)| *at)
    }
}

/// A client and a server whose hub has one method, which echoes its arguments.
struct Pair {
    now: Instant,
    protocol: Protocol,
    client: ClientMachine,
    server: ServerMachine,
    up: Line,
    down: Line,
    /// What the client was told, in order.
    told: Vec<Event>,
    /// What those who asked the client were told, in order.
    answers: Vec<(ResultKey, Result<u64, NoResult>)>,
    /// What the calls that read a stream have added up, by stream.
    sums: BTreeMap<UploadKey, (CallKey, u64)>,
    /// Items that those calls have not taken yet, and the most there were.
    untaken: VecDeque<UploadKey>,
    most_untaken: usize,
    is_closed_by_server: bool,
    /// Pings of the server.
    pings: usize,
    /// How often something was due or came at the client, and when last.
    client_wakes: usize,
    client_woke: Instant,
}

impl Pair {
    fn new(protocol: Protocol, chunk: usize) -> Self {
        let config = MachineConfig {
            protocol,
            ..MachineConfig::default()
        };
        Self::with(config, chunk)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "virtual time has to begin somewhere"
    )]
    fn with(config: MachineConfig, chunk: usize) -> Self {
        let now = Instant::now();
        let line = || Line {
            chunk,
            ..Line::default()
        };
        Self {
            now,
            protocol: config.protocol,
            client: ClientMachine::new(config, now),
            server: ServerMachine::new(ServerConfig::default(), now),
            up: line(),
            down: line(),
            told: Vec::new(),
            answers: Vec::new(),
            sums: BTreeMap::new(),
            untaken: VecDeque::new(),
            most_untaken: 0,
            is_closed_by_server: false,
            pings: 0,
            client_wakes: 0,
            client_woke: now,
        }
    }

    fn open(protocol: Protocol) -> Self {
        let mut pair = Self::new(protocol, usize::MAX);
        pair.run_for(Duration::from_secs(1));
        assert!(matches!(pair.told.remove(0), Event::Opened));
        pair
    }

    /// Jumps from one thing that happens to the next, until nothing more happens before the end.
    fn run_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        loop {
            self.settle();
            let next = [
                self.up.next(),
                self.down.next(),
                self.client.deadline(),
                self.server.deadline(),
            ];
            match next.into_iter().flatten().min() {
                Some(at) if at <= end => self.now = self.now.max(at),
                _ => break,
            }
            if self.client.deadline().is_some_and(|due| due <= self.now) {
                self.client_wakes();
            }
            self.client.handle_tick(self.now);
            self.server.handle(self.now, Input::Tick);
        }
        self.now = end;
    }

    /// What happens at one moment wakes the client once.
    fn client_wakes(&mut self) {
        if std::mem::replace(&mut self.client_woke, self.now) != self.now {
            self.client_wakes += 1;
        }
    }

    /// Carries out everything that can be done now.
    fn settle(&mut self) {
        loop {
            let mut is_quiet = true;
            while let Some(output) = self.client.poll() {
                is_quiet = false;
                match output {
                    ClientOutput::Send(bytes) => self.up.send(self.now, &bytes),
                    ClientOutput::Event(event) => self.on_client(event),
                    ClientOutput::Probe | ClientOutput::Reopen(_) => {}
                }
            }
            while let Some(output) = self.server.poll() {
                is_quiet = false;
                self.on_server(output);
            }
            while self.server.wants_input()
                && let Some(bytes) = self.up.arrive(self.now)
            {
                is_quiet = false;
                self.server.handle(self.now, Input::Received(&bytes));
            }
            if let Some(key) = self.untaken.pop_front() {
                is_quiet = false;
                self.server.handle(self.now, Input::UploadTaken(key));
            }
            while let Some(bytes) = self.down.arrive(self.now) {
                is_quiet = false;
                self.client_wakes();
                self.client.handle_bytes(self.now, &bytes);
            }
            if is_quiet {
                return;
            }
        }
    }

    /// The client's one handler returns the number after its argument.
    fn on_client(&mut self, event: Event) {
        if let Event::Invocation(call) = &event
            && let Some(id) = call.invocation_id.clone()
        {
            let (number,): (u64,) = call.arguments.bind().unwrap();
            let result = Payload::write(self.protocol, &(number + 1)).unwrap();
            self.client
                .complete(self.now, &id, CompletionOutcome::Result(result));
        }
        self.told.push(event);
    }

    fn on_server(&mut self, output: ServerOutput) {
        match output {
            ServerOutput::Send(bytes) => {
                self.pings += usize::from(bytes == self.protocol.encode(&Message::Ping));
                self.down.send(self.now, &bytes);
            }
            ServerOutput::Dispatch(call) if !call.uploads.is_empty() => {
                self.sums.insert(call.uploads[0], (call.key, 0));
            }
            ServerOutput::UploadItem(key, item) => {
                self.sums.get_mut(&key).unwrap().1 += item.bind::<u64>().unwrap();
                self.untaken.push_back(key);
                self.most_untaken = self.most_untaken.max(self.untaken.len());
            }
            ServerOutput::UploadEnded(key, _) => {
                let (call, sum) = self.sums.remove(&key).unwrap();
                self.untaken.retain(|untaken| *untaken != key);
                let result = Payload::write(self.protocol, &sum).unwrap();
                let outcome = CompletionOutcome::Result(result);
                self.server
                    .handle(self.now, Input::Completed(call, outcome));
            }
            ServerOutput::Dispatch(call) => {
                let (echoed,): (u64,) = call.arguments.bind().unwrap();
                let raw = Payload::write(self.protocol, &echoed).unwrap();
                let outcome = CompletionOutcome::Result(raw);
                self.server
                    .handle(self.now, Input::Completed(call.key, outcome));
            }
            ServerOutput::Close => self.is_closed_by_server = true,
            ServerOutput::Opened(_) => self.server.handle(self.now, Input::Welcomed),
            ServerOutput::Cancel(_) | ServerOutput::CancelCall(_) | ServerOutput::DropUpload(_) => {
            }
            ServerOutput::Result(key, answer) => {
                let number = answer.map(|outcome| match outcome {
                    CompletionOutcome::Result(result) => result.bind().unwrap(),
                    CompletionOutcome::Void | CompletionOutcome::Error(_) => u64::MAX,
                });
                self.answers.push((key, number));
            }
        }
    }

    fn echo(&mut self, number: u64) {
        let arguments = Arguments::write(self.protocol, &(number,)).unwrap();
        self.client.invoke(self.now, Call::new("Echo", arguments));
    }

    /// The client sends the numbers below this one as a stream, to be added up.
    fn sum(&mut self, below: u64) {
        let call = Call::new("Sum", Arguments::default()).with_uploads(1);
        let stream = self.client.invoke(self.now, call).uploads.remove(0);
        for number in 0..below {
            let item = Payload::write(self.protocol, &number).unwrap();
            self.client.upload(self.now, &stream, item);
        }
        self.client.end_upload(self.now, &stream, None);
    }

    /// The numbers that calls were answered with, in order.
    fn results(&self) -> Vec<u64> {
        let result = |event: &Event| match event {
            Event::Completed {
                outcome: CompletionOutcome::Result(result),
                ..
            } => result.bind().ok(),
            Event::Opened
            | Event::Invocation(_)
            | Event::Item { .. }
            | Event::Completed { .. }
            | Event::UploadOver(_)
            | Event::Resuming
            | Event::Resumed
            | Event::Closed(_) => None,
        };
        self.told.iter().filter_map(result).collect()
    }

    /// The server asks the client for the number after this one, and waits for ten seconds.
    fn ask(&mut self, number: u64) {
        let ask = Ask {
            key: ResultKey(number),
            target: "Next".to_owned(),
            arguments: Arguments::write(self.protocol, &(number,)).unwrap(),
            until: Some(self.now + Duration::from_secs(10)),
            from_welcome: false,
        };
        self.server.handle(self.now, Input::Ask(ask));
    }

    fn closed(&self) -> Option<&CloseReason> {
        match self.told.last() {
            Some(Event::Closed(reason)) => Some(reason),
            _ => None,
        }
    }
}

fn protocol() -> impl Strategy<Value = Protocol> {
    prop::sample::select(&Protocol::ALL[..])
}

proptest! {
    /// However the line cuts bytes up, every call is answered once and in order.
    #[test]
    fn calls_are_answered_over_any_chunking(protocol in protocol(), chunk in 1..200_usize, calls in 1..30_u64) {
        let mut pair = Pair::new(protocol, chunk);
        pair.run_for(Duration::from_secs(1));
        for number in 0..calls {
            pair.echo(number);
        }
        pair.run_for(Duration::from_secs(1));
        prop_assert_eq!(pair.results(), (0..calls).collect::<Vec<_>>());
    }
}

proptest! {
    /// Whatever the client calls meanwhile, the server's own questions are answered once and in order.
    #[test]
    fn questions_are_answered_over_any_chunking(protocol in protocol(), chunk in 1..200_usize, count in 1..16_u64) {
        let mut pair = Pair::new(protocol, chunk);
        pair.run_for(Duration::from_secs(1));
        for number in 0..count {
            pair.ask(number);
            pair.echo(number);
        }
        pair.run_for(Duration::from_secs(1));
        let expected: Vec<_> = (0..count).map(|number| (ResultKey(number), Ok(number + 1))).collect();
        prop_assert_eq!(&pair.answers, &expected);
        let echoes = pair.told.iter().filter(|event| matches!(event, Event::Completed { .. }));
        prop_assert_eq!(echoes.count() as u64, count);
    }
}

proptest! {
    /// However many items a client sends at once, all arrive, and few wait for their method.
    #[test]
    fn uploads_arrive_whole_over_any_chunking(protocol in protocol(), chunk in 1..200_usize, below in 0..60_u64) {
        let mut pair = Pair::new(protocol, chunk);
        pair.run_for(Duration::from_secs(1));
        pair.sum(below);
        pair.echo(7);
        pair.sum(3);
        pair.run_for(Duration::from_secs(1));
        prop_assert_eq!(pair.results(), [(0..below).sum(), 7, 3]);
        prop_assert!(pair.most_untaken <= ServerConfig::default().upload_buffer);
    }
}

#[test]
fn a_question_that_nobody_hears_is_given_up_in_time() {
    for protocol in Protocol::ALL {
        let mut pair = Pair::open(protocol);
        pair.down.is_dead = true;
        pair.ask(1);
        pair.run_for(Duration::from_secs(9));
        assert_eq!(pair.answers, []);
        pair.run_for(Duration::from_secs(2));
        assert_eq!(pair.answers, [(ResultKey(1), Err(NoResult::TimedOut))]);
    }
}

#[test]
fn whoever_waits_for_an_answer_learns_of_the_end() {
    for protocol in Protocol::ALL {
        let mut pair = Pair::open(protocol);
        pair.up.is_dead = true;
        pair.ask(1);
        pair.settle();
        let shutdown = Input::Shutdown {
            error: None,
            allow_reconnect: true,
        };
        pair.server.handle(pair.now, shutdown);
        pair.settle();
        assert_eq!(pair.answers, [(ResultKey(1), Err(NoResult::Disconnected))]);
        assert!(pair.is_closed_by_server);
    }
}

#[test]
fn an_idle_hour_is_kept_alive_by_pings_alone() {
    for protocol in Protocol::ALL {
        let mut pair = Pair::open(protocol);
        pair.run_for(Duration::from_secs(3_600));
        assert!(pair.closed().is_none() && !pair.is_closed_by_server);
        assert!((200..=280).contains(&pair.pings), "{} pings", pair.pings);
        pair.echo(7);
        pair.run_for(Duration::from_secs(1));
        assert_eq!(pair.told.len(), 1);
    }
}

/// A keep-alive longer than the server's is sent with the server's ping.
#[test]
fn one_wake_serves_both_pings_of_an_idle_hour() {
    for protocol in Protocol::ALL {
        let config = MachineConfig {
            keep_alive: Duration::from_secs(20),
            protocol,
            ..MachineConfig::default()
        };
        let mut pair = Pair::with(config, usize::MAX);
        pair.run_for(Duration::from_secs(1));
        (pair.pings, pair.client_wakes) = (0, 0);
        pair.run_for(Duration::from_secs(3_600));
        assert!(pair.closed().is_none() && !pair.is_closed_by_server);
        assert_eq!((pair.pings, pair.client_wakes), (240, 240));
    }
}

#[test]
fn a_line_that_died_silently_is_noticed_by_both() {
    for protocol in Protocol::ALL {
        let mut pair = Pair::open(protocol);
        (pair.up.is_dead, pair.down.is_dead) = (true, true);
        pair.echo(1);
        pair.run_for(Duration::from_secs(29));
        assert!(pair.closed().is_none() && !pair.is_closed_by_server);
        pair.run_for(Duration::from_secs(3));
        assert_eq!(pair.closed(), Some(&CloseReason::TimedOut));
        assert!(pair.is_closed_by_server);
        assert!(pair.closed().is_some_and(CloseReason::is_retryable));
    }
}

#[test]
fn a_line_that_is_dead_one_way_is_noticed_by_the_one_who_hears_nothing() {
    for protocol in Protocol::ALL {
        let mut pair = Pair::open(protocol);
        pair.down.is_dead = true;
        pair.run_for(Duration::from_secs(32));
        assert_eq!(pair.closed(), Some(&CloseReason::TimedOut));
    }
}

#[test]
fn a_draining_server_asks_to_come_back() {
    for protocol in Protocol::ALL {
        let mut pair = Pair::open(protocol);
        let shutdown = Input::Shutdown {
            error: None,
            allow_reconnect: true,
        };
        pair.server.handle(pair.now, shutdown);
        pair.run_for(Duration::from_secs(1));
        let asked = CloseReason::Server {
            error: None,
            allow_reconnect: true,
        };
        assert_eq!(pair.closed(), Some(&asked));
    }
}

#[test]
fn a_cut_in_the_middle_of_a_message_ends_the_connection_and_nothing_more_is_told() {
    for protocol in Protocol::ALL {
        let mut pair = Pair::open(protocol);
        pair.echo(1);
        pair.settle();
        pair.now += LATENCY;
        pair.settle();
        let (_, answer) = pair.down.travelling.pop_front().unwrap();
        pair.client
            .handle_bytes(pair.now, &answer[..answer.len() / 2]);
        pair.client.handle_lost();
        pair.client
            .handle_bytes(pair.now, &answer[answer.len() / 2..]);
        pair.settle();
        assert!(matches!(
            pair.told.as_slice(),
            [Event::Closed(CloseReason::Lost)]
        ));
    }
}
