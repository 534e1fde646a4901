//! A session with a message centre that says anything at all.

use std::{num::NonZeroU16, time::Duration};

use jiff::Timestamp;
use vestnik_clock::Monotonic;
use vestnik_model::phone::PhoneNumber;
use vestnik_smpp::{
    Answer, Coding, Config, Form, Joining, Login, Message, Patience, ReceiptIds, Receipts, Source,
    Submission, Version,
    session::{Input, Output, Session, Ticket},
};

use crate::chunks;

/// How many messages the session is given.
const MESSAGES: u64 = 3;
/// An answer that binds the session.
const BOUND: &[u8] = b"\0\0\0\x11\x80\0\0\x09\0\0\0\0\0\0\0\x01\0";

/// Every message comes to one end, nothing follows the close, and time always brings progress.
pub(crate) fn session(data: &[u8]) {
    let (mut centre, mut chunks) = (Centre::new(), chunks(data));
    // One half of the inputs gets past the bind at once.
    if data.len().is_multiple_of(2) {
        centre.handle(Input::Received(BOUND));
    }
    for chunk in &mut chunks {
        centre.handle(Input::Received(chunk));
        centre.submit();
        centre.pass(Duration::from_secs(u64::from(chunk[0] & 0x0f)));
    }
    centre.handle(Input::Lost);
    assert!(centre.is_closed);
    assert_eq!(centre.ended, centre.submitted);
}

struct Centre {
    session: Session,
    now: Monotonic,
    submitted: u64,
    ended: u64,
    is_closed: bool,
}

impl Centre {
    fn new() -> Self {
        let now = Monotonic::from_origin(Duration::from_secs(1));
        let login = Login::new("shop", "secret".into(), "", Version::V5_0);
        let config = Config {
            login: login.expect("it fits"),
            window: NonZeroU16::new(2).expect("it is not 0"),
            per_second: None,
            coding: Coding::Gsm7,
            receipt_ids: ReceiptIds::Decimal,
            patience: Patience::default(),
        };
        let mut centre = Self {
            session: Session::new(config, now),
            now,
            submitted: 0,
            ended: 0,
            is_closed: false,
        };
        centre.drain();
        centre
    }

    fn handle(&mut self, input: Input<'_>) {
        self.session.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll() {
            assert!(!self.is_closed, "{output:?} after the close");
            match output {
                Output::Write(_) => self.session.handle(self.now, Input::Written),
                Output::Deliver(key, _) => {
                    let answer = Input::Answered(key, Answer::Unknown);
                    self.session.handle(self.now, answer);
                }
                Output::Ended(..) => self.ended += 1,
                Output::Closed(_) => self.is_closed = true,
                Output::Bound(_) | Output::Late(..) | Output::Trouble(_) => {}
            }
        }
        if let Some(deadline) = self.session.deadline() {
            assert!(deadline > self.now, "{:?}", self.session);
        }
    }

    fn submit(&mut self) {
        if self.submitted == MESSAGES || !self.session.has_room(self.now) {
            return;
        }
        self.submitted += 1;
        let ticket = Ticket(self.submitted);
        self.handle(Input::Reserve);
        self.handle(Input::Submit(ticket, submission()));
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(deadline) = self.session.deadline().filter(|at| *at <= end) {
            self.now = deadline;
            self.handle(Input::Tick);
        }
        self.now = end;
    }
}

/// A message of two parts.
fn submission() -> Submission {
    let form = Form {
        source: Source::parse("Shop").expect("it is a name"),
        coding: Coding::Gsm7,
        joining: Joining::Udh8,
        max_parts: 2,
        receipts: Receipts::All,
        service_type: String::new(),
    };
    let message = Message {
        attempt: "att_0192f0c1000070008000000000000007"
            .parse()
            .expect("it is an id"),
        to: &PhoneNumber::parse("+4930123456").expect("it is a number"),
        text: &"x".repeat(200),
        expires_at: None,
    };
    Submission::of(&message, &form, 1, Timestamp::UNIX_EPOCH).expect("it can be sent")
}
