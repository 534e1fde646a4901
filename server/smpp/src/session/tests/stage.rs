//! A session, its clock, and what it did.

use std::{collections::VecDeque, num::NonZeroU16, time::Duration};

use bytes::BytesMut;
use jiff::Timestamp;
use rusmpp::{Command, decode::DecodeWithLength as _};
use vestnik_clock::Monotonic;
use vestnik_model::phone::PhoneNumber;

use crate::{
    Coding, Config, Form, Joining, Login, Message, Outcome, Patience, ReceiptIds, Receipts, Source,
    Status, Submission, Verdict, Version, fixture as peer,
    session::{Closing, Input, Output, Session, Ticket, Trouble},
};

pub(super) fn config() -> Config {
    Config {
        login: Login::new("shop", "secret".into(), "", Version::V3_4).unwrap(),
        window: NonZeroU16::new(10).unwrap(),
        per_second: None,
        coding: Coding::Gsm7,
        receipt_ids: ReceiptIds::Same,
        patience: Patience::default(),
    }
}

pub(super) struct Stage {
    pub(super) session: Session,
    pub(super) now: Monotonic,
    /// Whether what is written is taken at once.
    pub(super) is_taking: bool,
    bytes: BytesMut,
    outputs: VecDeque<Output>,
}

impl Stage {
    pub(super) fn new(config: Config) -> Self {
        let (session, now) = Self::unbound(config);
        let mut stage = Self {
            session,
            now,
            is_taking: true,
            bytes: BytesMut::new(),
            outputs: VecDeque::new(),
        };
        stage.drain();
        stage
    }

    /// A session of which nothing was looked at.
    pub(super) fn unbound(config: Config) -> (Session, Monotonic) {
        let now = Monotonic::from_origin(Duration::from_secs(1_000));
        (Session::new(config, now), now)
    }

    /// Bound, with nothing else to see.
    pub(super) fn bound(config: Config) -> Self {
        let mut stage = Self::new(config);
        stage.receive(&peer::bind_answer(1, Status::OK, Some(0x34)));
        assert_eq!(stage.sent(), ["bind_transceiver 1"]);
        assert_eq!(stage.outputs(), [Output::Bound(Version::V3_4)]);
        stage
    }

    pub(super) fn handle(&mut self, input: Input<'_>) {
        self.session.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll() {
            match output {
                Output::Write(bytes) => {
                    self.bytes.extend_from_slice(&bytes);
                    if self.is_taking {
                        self.session.handle(self.now, Input::Written);
                    }
                }
                Output::Bound(_)
                | Output::Ended(..)
                | Output::Late(..)
                | Output::Deliver(..)
                | Output::Trouble(_)
                | Output::Closed(_) => self.outputs.push_back(output),
            }
        }
        // Whatever has a deadline makes progress at it.
        if let Some(deadline) = self.session.deadline() {
            assert!(deadline > self.now, "{:?}", self.session);
        }
    }

    pub(super) fn receive(&mut self, bytes: &[u8]) {
        self.handle(Input::Received(bytes));
    }

    /// Lets time pass, with a tick at each deadline.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(deadline) = self.session.deadline().filter(|at| *at <= end) {
            self.now = deadline;
            self.handle(Input::Tick);
        }
        self.now = end;
    }

    pub(super) fn has_room(&self) -> bool {
        self.session.has_room(self.now)
    }

    pub(super) fn submit(&mut self, ticket: u64, text: &str) {
        assert!(self.has_room());
        self.handle(Input::Reserve);
        self.handle(Input::Submit(Ticket(ticket), submission(text)));
    }

    /// What was written, by name and sequence number, as the foreign codec reads it.
    pub(super) fn sent(&mut self) -> Vec<String> {
        let commands = self.commands();
        let names = commands.iter().map(|command| {
            let name = snake_case(&format!("{:?}", command.id()));
            format!("{name} {}", command.sequence_number())
        });
        names.collect()
    }

    pub(super) fn commands(&mut self) -> Vec<Command> {
        let mut commands = Vec::new();
        while let Some(length) = self.bytes.first_chunk().copied() {
            let length = usize::try_from(u32::from_be_bytes(length)).unwrap();
            let mut pdu = self.bytes.split_to(length).split_off(4);
            commands.push(Command::decode(&mut pdu, length - 4).unwrap().0);
            assert!(pdu.is_empty());
        }
        commands
    }

    pub(super) fn take_bytes(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes).to_vec()
    }

    pub(super) fn outputs(&mut self) -> Vec<Output> {
        self.outputs.drain(..).collect()
    }

    /// What became of messages, and nothing else happened.
    pub(super) fn ended(&mut self) -> Vec<(u64, Outcome)> {
        let ended = self.outputs().into_iter().map(|output| {
            let Output::Ended(Ticket(ticket), outcome) = output else {
                panic!("{output:?}");
            };
            (ticket, outcome)
        });
        ended.collect()
    }

    /// The messages that were taken, with their ids.
    pub(super) fn accepted(&mut self) -> Vec<(u64, String)> {
        let ended = self.ended().into_iter();
        let accepted = ended.map(|(ticket, outcome)| {
            let Verdict::Accepted { id } = outcome.verdict else {
                panic!("{outcome:?}");
            };
            (ticket, id.map_or_else(String::new, |id| id.to_string()))
        });
        accepted.collect()
    }

    pub(super) fn is_closed_by(&mut self, trouble: Trouble) {
        let closed = Output::Closed(Closing::Trouble(trouble));
        assert_eq!(self.outputs(), [Output::Trouble(trouble), closed]);
        assert_eq!(self.session.deadline(), None);
    }
}

pub(super) fn submission(text: &str) -> Submission {
    let form = Form {
        source: Source::parse("Shop").unwrap(),
        coding: Coding::Gsm7,
        joining: Joining::Udh8,
        max_parts: 10,
        receipts: Receipts::All,
        service_type: String::new(),
    };
    let to = PhoneNumber::parse("+4930123456").unwrap();
    let message = Message {
        attempt: peer::attempt(),
        to: &to,
        text,
        expires_at: None,
    };
    Submission::of(&message, &form, 7, Timestamp::UNIX_EPOCH).unwrap()
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}
