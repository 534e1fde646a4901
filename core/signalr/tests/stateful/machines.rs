//! Our two machines against each other over a line that is cut at any byte, in virtual time.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use proptest::prelude::*;
use vestnik_signalr::{
    client::{
        Call, ClientMachine, MachineConfig,
        machine::{Event, Output as ClientOutput},
    },
    message::{Arguments, CompletionOutcome, Invocation, Message},
    payload::Payload,
    protocol::Protocol,
    server::machine::{
        CallKey, Input, Output as ServerOutput, ServerConfig, ServerMachine, StatefulReconnect,
    },
};

/// What is lost or locked must not be healed by giving the other end up.
const NEVER: Duration = Duration::from_secs(1_000_000);

#[derive(Debug, Clone)]
enum Step {
    /// The client calls the server; whether it waits for an answer.
    Call(bool),
    /// The server calls the client.
    Push,
    /// A running call ends.
    Complete,
    /// So many of the bytes under way to the server arrive.
    Up(usize),
    /// So many of the bytes under way to the client arrive.
    Down(usize),
    /// Time passes, for acks above all.
    Wait,
    /// The socket is lost, and what is under way with it. Only the client may have noticed yet.
    Cut { both: bool },
    /// The client comes again.
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => any::<bool>().prop_map(Step::Call),
        3 => Just(Step::Push),
        3 => Just(Step::Complete),
        5 => (1..200_usize).prop_map(Step::Up),
        5 => (1..200_usize).prop_map(Step::Down),
        2 => Just(Step::Wait),
        1 => any::<bool>().prop_map(|both| Step::Cut { both }),
        3 => Just(Step::Reopen),
    ]
}

struct Pair {
    now: Instant,
    protocol: Protocol,
    client: ClientMachine,
    server: ServerMachine,
    is_cut: bool,
    up: VecDeque<u8>,
    down: VecDeque<u8>,
    running: VecDeque<(CallKey, u64)>,
    called: u64,
    pushed: u64,
    /// The numbers of calls that wait for an answer, and of those that have one.
    asked: Vec<u64>,
    answered: Vec<u64>,
    ran: Vec<u64>,
    heard: Vec<u64>,
}

impl Pair {
    #[expect(
        clippy::disallowed_methods,
        reason = "virtual time has to begin somewhere"
    )]
    fn open(protocol: Protocol, buffer: usize) -> Self {
        let now = Instant::now();
        let config = MachineConfig {
            server_timeout: NEVER,
            probe_timeout: NEVER,
            protocol,
            ..MachineConfig::default()
        };
        let terms = StatefulReconnect {
            buffer,
            window: NEVER,
        };
        let server_config = ServerConfig {
            client_timeout: NEVER,
            ..ServerConfig::default()
        };
        let mut pair = Self {
            now,
            protocol,
            client: ClientMachine::new(config, now).stateful(buffer),
            server: ServerMachine::new(server_config, now).granting(terms),
            is_cut: false,
            up: VecDeque::new(),
            down: VecDeque::new(),
            running: VecDeque::new(),
            called: 0,
            pushed: 0,
            asked: Vec::new(),
            answered: Vec::new(),
            ran: Vec::new(),
            heard: Vec::new(),
        };
        pair.carry_out();
        pair.arrive_up(usize::MAX);
        pair.arrive_down(usize::MAX);
        pair
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Call(is_asked) => self.call(*is_asked),
            Step::Push => self.push(),
            Step::Complete => self.complete(),
            Step::Up(count) => self.arrive_up(*count),
            Step::Down(count) => self.arrive_down(*count),
            Step::Wait => self.wait(),
            Step::Cut { both } => self.cut(*both),
            Step::Reopen => self.reopen(),
        }
    }

    fn arguments(&self, number: u64) -> Arguments {
        Arguments::write(self.protocol, &(number,)).unwrap()
    }

    fn call(&mut self, is_asked: bool) {
        if !self.client.has_room() {
            return;
        }
        let call = Call::new("Call", self.arguments(self.called));
        if is_asked {
            self.client.invoke(self.now, call);
            self.asked.push(self.called);
        } else {
            self.client.send(self.now, call);
        }
        self.called += 1;
        self.carry_out();
    }

    fn push(&mut self) {
        if self.server.takes_output() {
            let push = Invocation {
                target: "Push".to_owned(),
                arguments: self.arguments(self.pushed),
                ..Invocation::default()
            };
            self.pushed += 1;
            let frame = self.protocol.encode(&Message::Invocation(push));
            self.tell_server(Input::Send(frame));
        }
    }

    fn complete(&mut self) {
        if self.server.takes_output()
            && let Some((key, number)) = self.running.pop_front()
        {
            let answer = Payload::write(self.protocol, &number).unwrap();
            self.tell_server(Input::Completed(key, CompletionOutcome::Result(answer)));
        }
    }

    fn arrive_up(&mut self, count: usize) {
        if self.server.wants_input() {
            let count = count.min(self.up.len());
            let bytes: Vec<u8> = self.up.drain(..count).collect();
            self.tell_server(Input::Received(&bytes));
        }
    }

    fn arrive_down(&mut self, count: usize) {
        let count = count.min(self.down.len());
        let bytes: Vec<u8> = self.down.drain(..count).collect();
        self.client.handle_bytes(self.now, &bytes);
        self.carry_out();
    }

    fn wait(&mut self) {
        self.now += Duration::from_secs(1);
        self.client.handle_tick(self.now);
        self.tell_server(Input::Tick);
    }

    fn cut(&mut self, both: bool) {
        self.up.clear();
        self.down.clear();
        self.is_cut = true;
        self.client.handle_lost();
        self.carry_out();
        if both {
            self.tell_server(Input::Detached);
        }
    }

    fn reopen(&mut self) {
        if !self.is_cut {
            return;
        }
        // What the server said meanwhile went to the socket that is dead.
        self.down.clear();
        self.is_cut = false;
        self.tell_server(Input::Attached);
        self.client.handle_reopened(self.now);
        self.carry_out();
    }

    /// Lets everything arrive at last, with as many acks as it takes.
    fn settle(&mut self) {
        self.reopen();
        for _ in 0..2_000 {
            self.arrive_up(usize::MAX);
            self.complete();
            self.arrive_down(usize::MAX);
            self.wait();
        }
    }

    fn tell_server(&mut self, input: Input<'_>) {
        self.server.handle(self.now, input);
        self.carry_out();
    }

    /// Carries out everything that can be done now.
    fn carry_out(&mut self) {
        while let Some(output) = self.client.poll() {
            match output {
                ClientOutput::Send(bytes) => {
                    assert!(!self.is_cut, "nothing is sent without a socket");
                    self.up.extend(bytes);
                }
                ClientOutput::Event(event) => self.on_event(event),
                ClientOutput::Reopen(_) | ClientOutput::Probe => {}
            }
        }
        while let Some(output) = self.server.poll() {
            self.on_server(output);
        }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Invocation(push) => {
                let (number,) = push.arguments.bind().unwrap();
                self.heard.push(number);
            }
            Event::Completed { outcome, .. } => {
                let CompletionOutcome::Result(result) = outcome else {
                    panic!("unexpected {outcome:?}")
                };
                self.answered.push(result.bind().unwrap());
            }
            Event::Opened | Event::Resuming | Event::Resumed => {}
            Event::Item { .. } | Event::UploadOver(_) | Event::Closed(_) => {
                panic!("unexpected {event:?}")
            }
        }
    }

    fn on_server(&mut self, output: ServerOutput) {
        match output {
            ServerOutput::Send(bytes) => self.down.extend(bytes),
            ServerOutput::Dispatch(call) => {
                let (number,) = call.arguments.bind().unwrap();
                self.running.push_back((call.key, number));
                self.ran.push(number);
            }
            ServerOutput::Opened(_) => self.server.handle(self.now, Input::Welcomed),
            ServerOutput::Cancel(_)
            | ServerOutput::CancelCall(_)
            | ServerOutput::UploadItem(..)
            | ServerOutput::UploadEnded(..)
            | ServerOutput::DropUpload(_)
            | ServerOutput::Result(..)
            | ServerOutput::Close => panic!("unexpected {output:?}"),
        }
    }
}

proptest! {
    #[test]
    fn over_any_cuts_everything_arrives_once_and_in_order_both_ways(
        steps in prop::collection::vec(step(), 0..300),
        is_json in any::<bool>(),
        buffer in 1..600_usize,
    ) {
        let protocol = if is_json { Protocol::Json } else { Protocol::MessagePack };
        let mut pair = Pair::open(protocol, buffer);
        for step in &steps {
            pair.take(step);
        }
        pair.settle();
        prop_assert_eq!(pair.ran, (0..pair.called).collect::<Vec<_>>());
        prop_assert_eq!(pair.heard, (0..pair.pushed).collect::<Vec<_>>());
        prop_assert_eq!(pair.answered, pair.asked);
    }
}
