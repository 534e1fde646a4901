//! What the peer asks.

use rusmpp::{
    Pdu,
    pdus::{DataSmResp, DeliverSmResp},
};
use vestnik_clock::Monotonic;

use super::{
    held::{Fate, Held, MOST},
    machine::{DeliveryKey, Output, Session, State},
    trouble::Trouble,
};
use crate::{
    delivery::{Answer, Delivery, read_data, read_deliver},
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
            Command::UNBIND => self.on_unbind(frame),
            Command::DELIVER_SM => {
                let delivery = read_deliver(&frame.body, self.reading());
                self.on_delivery(now, frame, delivery);
            }
            Command::DATA_SM => {
                let delivery = read_data(&frame.body, self.reading());
                self.on_delivery(now, frame, delivery);
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

    fn on_unbind(&mut self, frame: &Frame) {
        self.answer(encode_empty(
            frame.command.response(),
            Status::OK,
            frame.sequence,
        ));
        self.state = State::Leaving;
    }

    fn on_delivery(&mut self, now: Monotonic, frame: &Frame, delivery: Option<Delivery>) {
        let request = (frame.command, frame.sequence);
        let Some(delivery) = delivery else {
            self.tell(Trouble::Unreadable);
            return self.respond(request, Status::PERMANENT);
        };
        match self.state {
            State::Bound | State::Draining(_) | State::Unbinding => {}
            State::Binding | State::Leaving | State::Closed => {
                return self.respond(request, Status::INVALID_BIND_STATUS);
            }
        }
        if self.held.len() >= MOST {
            self.tell(Trouble::Crowded);
            return self.respond(request, Status::TEMPORARY);
        }
        self.deliveries += 1;
        let key = DeliveryKey(self.deliveries);
        let until = now + self.config.patience.consumer;
        self.held
            .insert(key, Held::new(request, delivery.clone(), until));
        self.outputs.push_back(Output::Deliver(key, delivery));
    }

    /// The consumer of a delivery said something of it.
    pub(super) fn on_consumer(&mut self, now: Monotonic, key: DeliveryKey, answer: Answer) {
        let Some(held) = self.held.get_mut(&key) else {
            return;
        };
        let is_unknown = held.stays_unknown(answer);
        if let Some(status) = held.on_answer(answer, now) {
            let request = (held.command, held.sequence);
            self.held.remove(&key);
            self.respond(request, status);
            if is_unknown {
                self.tell(Trouble::UnknownReceipt);
            }
        }
    }

    /// Deliveries whose consumer says nothing, and those that are offered again.
    pub(super) fn on_held(&mut self, now: Monotonic) {
        let patience = self.config.patience.consumer;
        let mut answered = Vec::new();
        for (key, held) in &mut self.held {
            match held.on_time(now, patience) {
                Some(Fate::Offer(delivery)) => {
                    self.outputs.push_back(Output::Deliver(*key, delivery));
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
