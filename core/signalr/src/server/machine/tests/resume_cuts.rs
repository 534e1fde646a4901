//! The machine and a client model over a line that is cut anywhere: exactly once, in order, both
//! ways.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::{
    message::{Completion, Invocation},
    payload::Payload,
    protocol::Protocol,
    resume::{ACK_DELAY, ReceiveWindow, SendWindow, is_counted},
};

const PROTOCOL: Protocol = Protocol::MessagePack;

#[derive(Debug, Clone)]
enum Step {
    /// The server calls the client.
    Push,
    /// The client calls the server; whether it waits for an answer.
    Call(bool),
    /// So many of the bytes under way to the client arrive.
    Down(usize),
    /// So many of the bytes under way to the server arrive.
    Up(usize),
    /// A running call ends.
    Complete,
    /// Time passes, for acks above all.
    Wait,
    /// The socket is lost, and what is under way with it.
    Cut,
    /// The client comes again, whether or not its socket was missed.
    Resume,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Push),
        3 => any::<bool>().prop_map(Step::Call),
        4 => (1..60_usize).prop_map(Step::Down),
        4 => (1..60_usize).prop_map(Step::Up),
        3 => Just(Step::Complete),
        2 => Just(Step::Wait),
        1 => Just(Step::Cut),
        2 => Just(Step::Resume),
    ]
}

/// What a client is, as far as the line goes: the official one's rules, with its own windows.
struct Peer {
    deframer: Deframer,
    sent: SendWindow,
    received: ReceiveWindow,
    /// Official clients pass over everything before the server's Sequence.
    awaits_sequence: bool,
    pushes: Vec<String>,
    answers: Vec<String>,
}

struct Line {
    now: Instant,
    machine: ServerMachine,
    peer: Peer,
    is_cut: bool,
    up: VecDeque<u8>,
    down: VecDeque<u8>,
    running: VecDeque<(CallKey, String)>,
    /// What the server was told, in order.
    ran: Vec<String>,
    pushed: usize,
    called: usize,
    asked: Vec<String>,
}

fn deframer() -> Deframer {
    let mut deframer = Deframer::new(1000);
    deframer.set_framing(PROTOCOL.framing());
    deframer
}

fn call(target: String, id: Option<String>) -> Message {
    Message::Invocation(Invocation {
        invocation_id: id.map(|id| InvocationId::new(id).unwrap()),
        target,
        ..Invocation::default()
    })
}

impl Line {
    fn new(buffer: usize) -> Self {
        let now = start();
        let config = ServerConfig {
            read_ahead: 0,
            max_message: 50,
            // What is lost or locked must not be healed by giving the client up.
            client_timeout: Duration::from_secs(1_000_000),
            ..ServerConfig::default()
        };
        let terms = StatefulReconnect {
            buffer,
            window: Duration::from_secs(1_000_000),
        };
        let mut machine = ServerMachine::new(config, now).granting(terms);
        let handshake = HandshakeRequest::stateful(PROTOCOL).encode();
        machine.handle(now, Input::Received(&handshake));
        machine.handle(now, Input::Welcomed);
        while machine.poll().is_some() {}
        Self {
            now,
            machine,
            peer: Peer {
                deframer: deframer(),
                sent: SendWindow::new(buffer),
                received: ReceiveWindow::default(),
                awaits_sequence: false,
                pushes: Vec::new(),
                answers: Vec::new(),
            },
            is_cut: false,
            up: VecDeque::new(),
            down: VecDeque::new(),
            running: VecDeque::new(),
            ran: Vec::new(),
            pushed: 0,
            called: 0,
            asked: Vec::new(),
        }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Push => self.push(),
            Step::Call(answered) => self.call(*answered),
            Step::Down(count) => self.arrive_down(*count),
            Step::Up(count) => self.arrive_up(*count),
            Step::Complete => self.complete(),
            Step::Wait => self.wait(),
            Step::Cut => self.cut(),
            Step::Resume => self.resume(),
        }
    }

    /// Gives the machine an input, and does what it asks.
    fn handle(&mut self, input: Input<'_>) {
        self.machine.handle(self.now, input);
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Send(frame) => {
                    assert!(!self.is_cut, "nothing is sent without a socket");
                    self.down.extend(frame);
                }
                Output::Dispatch(call) => {
                    self.running.push_back((call.key, call.target.clone()));
                    self.ran.push(call.target);
                }
                Output::Opened(_)
                | Output::Cancel(_)
                | Output::CancelCall(_)
                | Output::UploadItem(..)
                | Output::UploadEnded(..)
                | Output::DropUpload(_)
                | Output::Result(..)
                | Output::Close => panic!("unexpected {output:?}"),
            }
        }
    }

    fn push(&mut self) {
        if self.machine.takes_output() {
            let frame = PROTOCOL.encode(&call(format!("push {}", self.pushed), None));
            self.pushed += 1;
            self.handle(Input::Send(frame));
        }
    }

    fn complete(&mut self) {
        if self.machine.takes_output()
            && let Some((key, target)) = self.running.pop_front()
        {
            let answer = Payload::write(PROTOCOL, &target).unwrap();
            self.handle(Input::Completed(key, CompletionOutcome::Result(answer)));
        }
    }

    fn call(&mut self, answered: bool) {
        if self.peer.sent.is_full() {
            return;
        }
        let target = format!("call {}", self.called);
        self.called += 1;
        if answered {
            self.asked.push(target.clone());
        }
        let frame = PROTOCOL.encode(&call(target.clone(), answered.then_some(target)));
        self.peer.sent.push(frame.clone());
        self.write_up(&frame);
    }

    fn write_up(&mut self, frame: &[u8]) {
        if !self.is_cut {
            self.up.extend(frame);
        }
    }

    fn arrive_up(&mut self, count: usize) {
        if self.machine.wants_input() {
            let count = count.min(self.up.len());
            let bytes: Vec<u8> = self.up.drain(..count).collect();
            self.handle(Input::Received(&bytes));
        }
    }

    fn arrive_down(&mut self, count: usize) {
        let count = count.min(self.down.len());
        let bytes: Vec<u8> = self.down.drain(..count).collect();
        self.peer.deframer.push(&bytes);
        while let Some(frame) = self.peer.deframer.next() {
            let message = PROTOCOL.decode(&frame.unwrap()).unwrap().unwrap();
            self.peer.receive(self.now, &message);
        }
    }

    fn wait(&mut self) {
        self.now += ACK_DELAY;
        self.handle(Input::Tick);
        let ack = self.peer.received.take_ack(self.now);
        if let Some(ack) = ack.filter(|_| !self.is_cut && !self.peer.awaits_sequence) {
            self.write_up(&PROTOCOL.encode(&Message::Ack(ack)));
        }
    }

    fn cut(&mut self) {
        self.up.clear();
        self.down.clear();
        self.is_cut = true;
        self.handle(Input::Detached);
    }

    fn resume(&mut self) {
        self.up.clear();
        self.down.clear();
        self.is_cut = false;
        self.handle(Input::Attached);
        self.peer.awaits_sequence = true;
        self.peer.deframer = deframer();
        let sequence = PROTOCOL.encode(&Message::Sequence(self.peer.sent.sequence()));
        self.write_up(&sequence);
        let unconfirmed: Vec<_> = self.peer.sent.unconfirmed().cloned().collect();
        for frame in unconfirmed {
            self.write_up(&frame);
        }
    }

    /// Lets everything arrive at last, with as many acks as it takes.
    fn settle(&mut self) {
        self.resume();
        for _ in 0..2_000 {
            self.arrive_up(usize::MAX);
            self.complete();
            self.arrive_down(usize::MAX);
            self.wait();
        }
    }
}

impl Peer {
    fn receive(&mut self, now: Instant, message: &Message) {
        if let Message::Sequence(sequence) = message {
            self.awaits_sequence = false;
            return self.received.on_sequence(*sequence).unwrap();
        }
        if self.awaits_sequence || is_counted(message) && !self.received.admit(now) {
            return;
        }
        match message {
            Message::Invocation(push) => self.pushes.push(push.target.clone()),
            Message::Completion(Completion {
                invocation_id,
                outcome,
                ..
            }) => {
                let CompletionOutcome::Result(result) = outcome else {
                    panic!("unexpected {outcome:?}")
                };
                assert_eq!(result.bind::<String>().unwrap(), invocation_id.as_str());
                self.answers.push(invocation_id.to_string());
            }
            Message::Ack(ack) => {
                self.sent.on_ack(*ack).unwrap();
            }
            Message::Ping => {}
            Message::StreamItem(_)
            | Message::StreamInvocation(_)
            | Message::CancelInvocation(_)
            | Message::Close(_)
            | Message::Sequence(_) => panic!("unexpected {message:?}"),
        }
    }
}

proptest! {
    #[test]
    fn over_any_cuts_everything_runs_once_and_in_order(
        steps in prop::collection::vec(step(), 0..300),
        buffer in 1..200_usize,
    ) {
        let mut line = Line::new(buffer);
        for step in &steps {
            line.take(step);
        }
        line.settle();
        let numbered = |what: &str, count| -> Vec<_> {
            (0..count).map(|number| format!("{what} {number}")).collect()
        };
        prop_assert_eq!(&line.ran, &numbered("call", line.called));
        prop_assert_eq!(&line.peer.pushes, &numbered("push", line.pushed));
        prop_assert_eq!(&line.peer.answers, &line.asked);
    }
}
