//! What the peer answers, and what it does not.

use vestnik_clock::Monotonic;

use super::{
    machine::{Asked, Question, Session, State},
    port::{Late, Output, Ticket},
    trouble::{Closing, Trouble},
};
use crate::{
    arrival::MessageId,
    login::Role,
    outcome::{Said, of_submission},
    pdu::{Body, Command, Frame, Status, Tag},
};

/// The most parts without an answer whose numbers are kept, in case that it comes late.
const MOST_LATE: usize = 1_024;

impl Session {
    /// A response came.
    pub(super) fn on_response(&mut self, now: Monotonic, frame: &Frame) {
        let is_nack = frame.command == Command::GENERIC_NACK;
        let Some(asked) = self.asked.get(&frame.sequence).copied() else {
            if let Some((ticket, part)) = self.late.remove(&frame.sequence) {
                return self.on_late(ticket, part, frame);
            }
            // A peer that could not read the header of a PDU has no number to say.
            return if is_nack {
                self.fail(Trouble::Desynchronised(frame.status));
            } else {
                self.tell(Trouble::Stray);
            };
        };
        if !is_nack && frame.command != asked.question.command().response() {
            return self.fail(Trouble::WrongKind);
        }
        self.asked.remove(&frame.sequence);
        match asked.question {
            Question::Bind(_) => self.on_bind_answered(now, frame),
            Question::Enquire => {}
            Question::Unbind => self.close(Closing::Stopped),
            Question::Part(ticket, number) => {
                self.on_part_answered(now, (ticket, number), frame);
            }
        }
    }

    /// A part is answered that was given up.
    fn on_late(&mut self, ticket: Ticket, part: usize, frame: &Frame) {
        let is_taken = frame.command == Question::Part(ticket, part).command().response()
            && frame.status.is_ok();
        if !is_taken {
            return self.tell(Trouble::Stray);
        }
        let id = MessageId::of_answer(Body(&frame.body).text_or_rest(), self.config.receipt_ids);
        self.outputs
            .push_back(Output::Late(ticket, Late { part, id }));
    }

    fn on_bind_answered(&mut self, now: Monotonic, frame: &Frame) {
        let status = refusal(frame);
        if let Some(status) = status {
            return self.close(Closing::Refused(status));
        }
        let mut body = Body(&frame.body);
        body.text();
        let said = body.octet_parameter(Tag::SC_INTERFACE_VERSION);
        let version = self.config.login.version.negotiated(said);
        self.state = State::Bound;
        self.heard = now;
        self.outputs.push_back(Output::Bound(version));
    }

    fn on_part_answered(
        &mut self,
        now: Monotonic,
        (ticket, number): (Ticket, usize),
        frame: &Frame,
    ) {
        self.window = self.window.saturating_sub(1);
        let Some(sending) = self.sendings.get_mut(&ticket) else {
            return;
        };
        let Some(status) = refusal(frame) else {
            let mut body = Body(&frame.body);
            let id = MessageId::of_answer(body.text_or_rest(), self.config.receipt_ids);
            let congestion = body.octet_parameter(Tag::CONGESTION_STATE);
            self.pace.on_taken(congestion, now);
            sending.on_taken(number, id, now + self.config.patience.parts);
            return;
        };
        let pause = match status {
            Status::THROTTLED | Status::QUEUE_FULL => self.pace.on_throttled(now),
            Status(_) => std::time::Duration::ZERO,
        };
        sending.on_refused(number, (of_submission(status, pause), Said(status)), now);
        if status == Status::INVALID_BIND_STATUS {
            self.fail(Trouble::NotBound);
        }
    }

    /// What was not answered in time.
    pub(super) fn on_unanswered(&mut self, now: Monotonic) {
        let is_late = |asked: &Asked| asked.until.is_some_and(|until| until <= now);
        let late: Vec<_> = self
            .asked
            .extract_if(.., |_, asked| is_late(asked))
            .map(|(sequence, asked)| (sequence, asked.question))
            .collect();
        for (sequence, question) in late {
            match question {
                Question::Unbind => return self.close(Closing::Stopped),
                Question::Bind(_) | Question::Enquire => return self.fail(Trouble::Silent),
                Question::Part(ticket, number) => {
                    self.window = self.window.saturating_sub(1);
                    if let Some(sending) = self.sendings.get_mut(&ticket) {
                        sending.on_unanswered(number);
                    }
                    self.late.insert(sequence, (ticket, number));
                    if self.late.len() > MOST_LATE {
                        self.late.pop_first();
                    }
                    self.tell(Trouble::Unanswered);
                    // It may be dead, and then nothing else is written into the dark.
                    if self.state == State::Bound && !self.enquires() {
                        self.ask_empty(Question::Enquire, Command::ENQUIRE_LINK);
                    }
                }
            }
        }
    }
}

impl Question {
    const fn command(self) -> Command {
        match self {
            Self::Bind(Role::Transceiver) => Command::BIND_TRANSCEIVER,
            Self::Bind(Role::Transmitter) => Command::BIND_TRANSMITTER,
            Self::Enquire => Command::ENQUIRE_LINK,
            Self::Unbind => Command::UNBIND,
            Self::Part(..) => Command::SUBMIT_SM,
        }
    }
}

/// Why a response is none that says that all is well. A `generic_nack` never says so, whatever its status.
fn refusal(frame: &Frame) -> Option<Status> {
    match (frame.command, frame.status) {
        (Command::GENERIC_NACK, status) if status.is_ok() => Some(Status::UNKNOWN),
        (_, status) => (!status.is_ok()).then_some(status),
    }
}
