//! The machine itself: what it does with what it takes, and what time does to it.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use vestnik_clock::Monotonic;

use super::{
    config::Config,
    held::{Doubt, Held},
    outgoing::Outgoing,
    pace::Pace,
    port::{ArrivalKey, Input, Output, Ticket},
    sending::Sending,
    trouble::{Closing, Trouble},
};
use crate::{
    arrival::{MessageId, Reading},
    login::Role,
    outcome::Verdict,
    pdu::{Command, Frame, Frames, Status, bind, encode, encode_empty},
};

/// A session with a message centre, from the moment its connection is open.
///
/// Call [`handle`](Self::handle), then drain [`poll`](Self::poll), then wait no longer than until
/// [`deadline`](Self::deadline). Read from the connection while the session
/// [wants to](Self::wants_read). Every message that was given to it comes to an [`Output::Ended`], at the latest
/// before [`Output::Closed`].
#[derive(Debug)]
pub struct Session {
    pub(super) config: Config,
    pub(super) state: State,
    pub(super) frames: Frames,
    /// Since when a PDU is not whole.
    pub(super) half_since: Option<Monotonic>,
    pub(super) heard: Monotonic,
    pub(super) sequence: u32,
    pub(super) asked: BTreeMap<u32, Asked>,
    /// How many submissions are asked.
    pub(super) window: u16,
    /// How many parts were ever asked for.
    pub(super) submissions: u64,
    /// Parts whose answers were not waited for any longer.
    pub(super) late: BTreeMap<u32, (Ticket, usize)>,
    /// How many places are kept for messages.
    reserved: u16,
    pub(super) sendings: BTreeMap<Ticket, Sending>,
    pub(super) held: BTreeMap<ArrivalKey, Held>,
    /// Receipts that the peer was asked to repeat, because their messages may not be known yet.
    pub(super) put_off: VecDeque<(MessageId, Doubt)>,
    pub(super) arrivals: u64,
    pub(super) outgoing: Outgoing,
    pub(super) pace: Pace,
    pub(super) outputs: VecDeque<Output>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// The bind is not answered.
    Binding,
    Bound,
    /// The client stops, and messages are under way until then.
    Draining(Monotonic),
    /// Unbind is not answered.
    Unbinding,
    /// The peer unbound, and its answer is being written until then.
    Leaving(Monotonic),
    Closed,
}

/// A request that is not answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) question: Question,
    /// Until when its answer is waited for, once it is written.
    pub(super) until: Option<Monotonic>,
    /// Whether it was given to be written.
    pub(super) is_out: bool,
    /// How many parts had been asked for, itself among them.
    number: u64,
}

impl Asked {
    /// Whether it is a part, and none that was asked for later than this one.
    pub(super) const fn is_part_until(&self, latest: u64) -> bool {
        matches!(self.question, Question::Part(..)) && self.number <= latest
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    Bind(Role),
    Enquire,
    Unbind,
    Part(Ticket, usize),
}

/// The largest sequence number (SMPP 3.4, 3.2).
pub(super) const MAX_SEQUENCE: u32 = 0x7fff_ffff;

impl Session {
    /// Begins over a connection that is open now; the bind is the first output.
    #[must_use]
    pub fn new(config: Config, now: Monotonic) -> Self {
        let pace = Pace::new(config.per_second, now);
        let mut session = Self {
            state: State::Binding,
            frames: Frames::default(),
            half_since: None,
            heard: now,
            sequence: 0,
            asked: BTreeMap::new(),
            window: 0,
            submissions: 0,
            late: BTreeMap::new(),
            reserved: 0,
            sendings: BTreeMap::new(),
            held: BTreeMap::new(),
            put_off: VecDeque::new(),
            arrivals: 0,
            outgoing: Outgoing::default(),
            pace,
            outputs: VecDeque::new(),
            config,
        };
        let sequence = session.ask(Question::Bind(session.config.login.role));
        let pdu = encode(bind(&session.config.login), Status::OK, sequence);
        session.outgoing.push(pdu, sequence);
        session.give(now);
        session
    }

    /// Takes what happened.
    pub fn handle(&mut self, now: Monotonic, input: Input<'_>) {
        if self.state == State::Closed {
            return;
        }
        match input {
            Input::Received(bytes) => self.on_received(now, bytes),
            Input::Written => self.on_written(now),
            Input::Lost => self.on_lost(now),
            Input::Reserve => {
                self.reserved = self.reserved.saturating_add(1);
                self.pace.on_place(now);
            }
            Input::Release => self.reserved = self.reserved.saturating_sub(1),
            Input::Submit(ticket, submission) => {
                self.reserved = self.reserved.saturating_sub(1);
                self.sendings.insert(ticket, Sending::new(submission));
                // The place is its own, whatever part of another one waits.
                self.submit_next(now, Some(ticket));
            }
            Input::Answered(key, answer) => self.on_consumer(now, key, answer),
            Input::Stop => self.on_stop(now),
            Input::Tick => {}
        }
        self.on_time(now);
        self.submit(now);
        self.settle(now);
        self.unbind_if_drained(now);
        self.give(now);
    }

    /// Gives what to do next, oldest first.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether a message can have a place in the window. It is then kept for it by [`Input::Reserve`], while the
    /// message begins.
    #[must_use]
    pub fn has_room(&self, now: Monotonic) -> bool {
        self.state == State::Bound
            && self.has_window()
            && self.pace.next_place() <= now
            && self.outgoing.is_empty()
            && !self.sendings.values().any(|sending| sending.is_due(now))
    }

    /// Whether a message that has its place would be written at once.
    #[must_use]
    pub fn is_ready(&self, now: Monotonic) -> bool {
        self.state == State::Bound && self.pace.is_ready(now) && self.outgoing.is_empty()
    }

    /// What a message comes to that has its place, if it cannot be written for a while.
    #[must_use]
    pub fn obstacle(&self, now: Monotonic) -> Option<Verdict> {
        if self.state != State::Bound {
            return Some(Verdict::UNAVAILABLE);
        }
        let until = self.paused_until(now)?;
        Some(Verdict::Throttled { after: until - now })
    }

    /// When a message may be written at the earliest, as far as the message centre's limits go.
    #[must_use]
    pub const fn next_submission(&self) -> Monotonic {
        self.pace.next()
    }

    /// When a message may have a place at the earliest, likewise.
    #[must_use]
    pub const fn next_place(&self) -> Monotonic {
        self.pace.next_place()
    }

    /// Until when nothing is submitted, because the message centre said that it was too much.
    #[must_use]
    pub fn paused_until(&self, now: Monotonic) -> Option<Monotonic> {
        self.pace.paused_until(now)
    }

    /// Whether to read from the connection: not while the peer takes no answers.
    #[must_use]
    pub const fn wants_read(&self) -> bool {
        !self.outgoing.is_full()
    }

    /// When to say [`Input::Tick`] at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Monotonic> {
        let patience = self.config.patience;
        let state = match self.state {
            State::Draining(until) | State::Leaving(until) => Some(until),
            State::Bound => Some(self.heard + patience.enquire).filter(|_| !self.enquires()),
            State::Binding | State::Unbinding => None,
            State::Closed => return None,
        };
        let half = self.half_since.map(|since| since + patience.answer);
        let asked = self.asked.values().filter_map(|asked| asked.until).min();
        let held = self.held.values().map(Held::deadline).min();
        let parts = self.sendings.values().filter_map(Sending::until).min();
        let own = [
            state,
            half,
            self.next_part(),
            asked,
            held,
            parts,
            self.outgoing.until(),
        ];
        own.into_iter().flatten().min()
    }

    /// When the next part may be written; none if something else must happen first.
    fn next_part(&self) -> Option<Monotonic> {
        let next = self.pace.next();
        let due = self
            .sendings
            .values()
            .filter_map(|sending| sending.due(next));
        let due = due.min().filter(|_| self.is_open() && self.has_window())?;
        Some(due.max(next))
    }

    /// Whether parts are written.
    const fn is_open(&self) -> bool {
        matches!(self.state, State::Bound | State::Draining(_))
    }

    /// Whether the window has a place that is not kept for a message.
    pub(super) fn has_window(&self) -> bool {
        self.window.saturating_add(self.reserved) < self.config.window.get()
    }

    pub(super) fn enquires(&self) -> bool {
        let mut asked = self.asked.values();
        asked.any(|asked| asked.question == Question::Enquire)
    }

    pub(super) const fn reading(&self) -> Reading {
        Reading {
            coding: self.config.coding,
            ids: self.config.receipt_ids,
        }
    }

    fn on_received(&mut self, now: Monotonic, bytes: &[u8]) {
        self.frames.push(bytes);
        while self.state != State::Closed {
            match self.frames.take() {
                Ok(Some(frame)) => self.on_frame(now, &frame),
                Ok(None) => break,
                Err(fault) => self.fail(Trouble::Frame(fault)),
            }
        }
        let is_half = self.frames.is_half();
        self.half_since = is_half.then(|| self.half_since.unwrap_or(now));
    }

    fn on_frame(&mut self, now: Monotonic, frame: &Frame) {
        self.heard = now;
        self.half_since = None;
        if frame.command.is_response() {
            self.on_response(now, frame);
        } else {
            self.on_request(now, frame);
        }
    }

    fn on_written(&mut self, now: Monotonic) {
        self.outgoing.on_written();
        let patience = self.config.patience;
        for asked in self.asked.values_mut() {
            if asked.is_out && asked.until.is_none() {
                asked.until = Some(match asked.question {
                    Question::Bind(_) | Question::Enquire | Question::Unbind => {
                        now + patience.answer
                    }
                    Question::Part(..) => now + patience.submission,
                });
            }
        }
        if matches!(self.state, State::Leaving(_)) && self.outgoing.is_empty() {
            self.close(Closing::Unbound);
        }
    }

    fn on_lost(&mut self, _now: Monotonic) {
        match self.state {
            State::Unbinding => self.close(Closing::Stopped),
            State::Leaving(_) => self.close(Closing::Unbound),
            State::Binding | State::Bound | State::Draining(_) if self.frames.is_half() => {
                self.fail(Trouble::Cut);
            }
            State::Binding | State::Bound | State::Draining(_) | State::Closed => {
                self.close(Closing::Lost);
            }
        }
    }

    fn on_stop(&mut self, now: Monotonic) {
        match self.state {
            State::Binding => self.close(Closing::Stopped),
            State::Bound => self.state = State::Draining(now + self.config.patience.submission),
            State::Draining(_) | State::Unbinding | State::Leaving(_) | State::Closed => {}
        }
    }

    /// What time alone does.
    fn on_time(&mut self, now: Monotonic) {
        let patience = self.config.patience;
        if self.outgoing.until().is_some_and(|until| until <= now) {
            return self.fail(Trouble::Stuck);
        }
        let half = self.half_since.map(|since| since + patience.answer);
        if half.is_some_and(|until| until <= now) {
            return self.fail(Trouble::Half);
        }
        if matches!(self.state, State::Leaving(until) if until <= now) {
            return self.close(Closing::Unbound);
        }
        self.on_unanswered(now);
        self.on_held(now);
        let is_silent = self.heard + patience.enquire <= now;
        if self.state == State::Bound && is_silent && !self.enquires() {
            self.ask_empty(Question::Enquire, Command::ENQUIRE_LINK);
        }
    }

    fn unbind_if_drained(&mut self, now: Monotonic) {
        let State::Draining(until) = self.state else {
            return;
        };
        if self.sendings.is_empty() || until <= now {
            self.state = State::Unbinding;
            self.ask_empty(Question::Unbind, Command::UNBIND);
        }
    }

    /// Asks for the next parts, as many as window and pace allow.
    fn submit(&mut self, now: Monotonic) {
        while self.submit_next(now, None) {}
    }

    /// Asks for the next part, of one message or of any; false if there is none, or it may not be written.
    fn submit_next(&mut self, now: Monotonic, of: Option<Ticket>) -> bool {
        if !self.is_open() || !self.has_window() || !self.pace.is_ready(now) {
            return false;
        }
        let next = self
            .sendings
            .iter_mut()
            .filter(|(ticket, _)| of.is_none_or(|own| own == **ticket))
            .find_map(|(ticket, sending)| Some((*ticket, sending.take(now)?)));
        let Some((ticket, (number, pdu))) = next else {
            return false;
        };
        self.window += 1;
        self.submissions += 1;
        self.pace.on_submitted(now);
        let sequence = self.ask(Question::Part(ticket, number));
        let pdu = encode(pdu.into(), Status::OK, sequence);
        self.outgoing.push(pdu, sequence);
        true
    }

    /// Tells of the messages of which nothing is to come.
    fn settle(&mut self, now: Monotonic) {
        let over = self
            .sendings
            .extract_if(.., |_, sending| sending.is_over(now));
        for (ticket, sending) in over {
            let outcome = sending.into_outcome();
            self.outputs.push_back(Output::Ended(ticket, outcome));
        }
    }

    /// Gives what is to be written, if nothing is being written.
    fn give(&mut self, now: Monotonic) {
        if self.state == State::Closed {
            return;
        }
        let until = now + self.config.patience.write;
        let Some((bytes, sequences)) = self.outgoing.take(until) else {
            return;
        };
        for sequence in sequences {
            if let Some(asked) = self.asked.get_mut(&sequence) {
                asked.is_out = true;
            }
        }
        self.outputs.push_back(Output::Write(bytes));
    }

    /// Notes a request; gives its sequence number.
    fn ask(&mut self, question: Question) -> u32 {
        loop {
            self.sequence = self.sequence % MAX_SEQUENCE + 1;
            let is_used = self.asked.contains_key(&self.sequence);
            if !is_used && !self.late.contains_key(&self.sequence) {
                break;
            }
        }
        let asked = Asked {
            question,
            until: None,
            is_out: false,
            number: self.submissions,
        };
        self.asked.insert(self.sequence, asked);
        self.sequence
    }

    pub(super) fn ask_empty(&mut self, question: Question, command: Command) {
        let sequence = self.ask(question);
        let pdu = encode_empty(command, Status::OK, sequence);
        self.outgoing.push(pdu, sequence);
    }

    /// Answers a request of the peer. Its numbers are its own, and mean nothing among ours.
    pub(super) fn answer(&mut self, pdu: Bytes) {
        self.outgoing.push(pdu, 0);
    }

    pub(super) fn tell(&mut self, trouble: Trouble) {
        self.outputs.push_back(Output::Trouble(trouble));
    }

    pub(super) fn fail(&mut self, trouble: Trouble) {
        self.tell(trouble);
        self.close(Closing::Trouble(trouble));
    }

    /// Ends the session: what was written of a message may be taken, what was not is not.
    pub(super) fn close(&mut self, closing: Closing) {
        if self.state == State::Closed {
            return;
        }
        self.state = State::Closed;
        for asked in std::mem::take(&mut self.asked).into_values() {
            if let Question::Part(ticket, number) = asked.question
                && let Some(sending) = self.sendings.get_mut(&ticket)
            {
                if asked.is_out {
                    sending.on_unanswered(number);
                } else {
                    sending.on_unwritten(number);
                }
            }
        }
        for (ticket, sending) in std::mem::take(&mut self.sendings) {
            let outcome = sending.into_outcome();
            self.outputs.push_back(Output::Ended(ticket, outcome));
        }
        self.held.clear();
        self.outputs.push_back(Output::Closed(closing));
    }
}
