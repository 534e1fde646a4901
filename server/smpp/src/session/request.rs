//! What the peer asks.

use rusmpp::{
    Pdu,
    pdus::{DataSmResp, DeliverSmResp},
};
use vestnik_clock::Monotonic;

use super::{
    held::{Doubt, Fate, Held, MOST, MOST_PUT_OFF},
    machine::{Session, State},
    port::{ArrivalKey, Output},
    trouble::Trouble,
};
use crate::{
    arrival::{Answer, Arrival, read_data, read_deliver},
    pdu::{Command, Frame, Status, encode, encode_empty},
};

impl Session {
    /// A request came.
    pub(super) fn on_request(&mut self, now: Monotonic, frame: &Frame) {
        match frame.command {
            Command::ENQUIRE_LINK => {
                let answer = encode_empty(frame.command.response(), Status::OK, frame.sequence);
                self.answer(answer);
            }
            Command::UNBIND => self.on_unbind(now, frame),
            Command::DELIVER_SM => {
                let arrival = read_deliver(&frame.body, self.reading());
                self.on_arrival(now, frame, arrival);
            }
            Command::DATA_SM => {
                let arrival = read_data(&frame.body, self.reading());
                self.on_arrival(now, frame, arrival);
            }
            // Says that a phone can be reached again. It has no response.
            Command::ALERT_NOTIFICATION => {}
            Command::OUTBIND => {
                self.tell(Trouble::Outbind);
                self.refuse(frame, Status::INVALID_BIND_STATUS);
            }
            Command(command) => {
                self.tell(Trouble::Unexpected(command));
                self.refuse(frame, Status::INVALID_COMMAND);
            }
        }
    }

    fn refuse(&mut self, frame: &Frame, status: Status) {
        self.answer(encode_empty(Command::GENERIC_NACK, status, frame.sequence));
    }

    fn on_unbind(&mut self, now: Monotonic, frame: &Frame) {
        self.answer(encode_empty(
            frame.command.response(),
            Status::OK,
            frame.sequence,
        ));
        // A peer that unbinds again and again is not waited for longer.
        if !matches!(self.state, State::Leaving(_)) {
            self.state = State::Leaving(now + self.config.patience.answer);
        }
    }

    fn on_arrival(&mut self, now: Monotonic, frame: &Frame, arrival: Option<Arrival>) {
        let request = (frame.command, frame.sequence);
        let Some(arrival) = arrival else {
            self.tell(Trouble::Unreadable);
            return self.respond(request, Status::PERMANENT);
        };
        match self.state {
            State::Bound | State::Draining(_) | State::Unbinding => {}
            State::Binding | State::Leaving(_) | State::Closed => {
                return self.respond(request, Status::INVALID_BIND_STATUS);
            }
        }
        if self.held.len() >= MOST {
            self.tell(Trouble::Crowded);
            return self.respond(request, Status::TEMPORARY);
        }
        self.arrivals += 1;
        let key = ArrivalKey(self.arrivals);
        let doubt = self.doubt(&arrival);
        let time = (now, self.config.patience.consumer);
        self.held
            .insert(key, Held::new(request, arrival.clone(), doubt, time));
        self.outputs.push_back(Output::Deliver(key, arrival));
    }

    /// The consumer of an arrival said something of it.
    pub(super) fn on_consumer(&mut self, now: Monotonic, key: ArrivalKey, answer: Answer) {
        let Some(held) = self.held.get_mut(&key) else {
            return;
        };
        let mut asked = self.asked.values();
        let is_open = asked.any(|asked| asked.is_part_until(held.doubt.latest));
        let time = (now, self.config.patience.consumer);
        let Some(status) = held.on_answer(answer, is_open, time) else {
            return;
        };
        let Some(held) = self.held.remove(&key) else {
            return;
        };
        self.respond((held.command, held.sequence), status);
        if answer == Answer::Unknown {
            if status == Status::OK {
                self.tell(Trouble::UnknownReceipt);
            } else {
                self.put_off(&held);
            }
        }
    }

    /// What is known of an arrival: all the same if it came before and was put off, since the peer repeats it
    /// while other submissions are under way.
    fn doubt(&mut self, arrival: &Arrival) -> Doubt {
        let id = match arrival {
            Arrival::Receipt(receipt) => Some(&receipt.id),
            Arrival::Message(_) => None,
        };
        let at = self.put_off.iter().position(|(own, _)| Some(own) == id);
        let known = at.and_then(|at| self.put_off.remove(at));
        known.map_or_else(|| Doubt::new(self.submissions), |(_, doubt)| doubt)
    }

    fn put_off(&mut self, held: &Held) {
        let Some(id) = held.id() else {
            return;
        };
        self.put_off.push_back((id.clone(), held.doubt));
        if self.put_off.len() > MOST_PUT_OFF {
            self.put_off.pop_front();
        }
    }

    /// Arrivals whose consumer says nothing, and those that are offered again.
    pub(super) fn on_held(&mut self, now: Monotonic) {
        let patience = self.config.patience.consumer;
        let mut answered = Vec::new();
        for (key, held) in &mut self.held {
            match held.on_time(now, patience) {
                Some(Fate::Offer(arrival)) => {
                    self.outputs.push_back(Output::Deliver(*key, arrival));
                }
                Some(Fate::Answer(status)) => answered.push((*key, status)),
                None => {}
            }
        }
        for (key, status) in answered {
            if let Some(held) = self.held.remove(&key) {
                self.respond((held.command, held.sequence), status);
            }
        }
    }

    fn respond(&mut self, (command, sequence): (Command, u32), status: Status) {
        let pdu = if command == Command::DATA_SM {
            Pdu::from(DataSmResp::default())
        } else {
            Pdu::from(DeliverSmResp::default())
        };
        self.answer(encode(pdu, status, sequence));
    }
}
