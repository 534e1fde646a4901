//! What the machine makes of what the server sends.

use std::time::Instant;

use bytes::Bytes;
use serde::Deserialize;

use super::{ClientMachine, Event, NO_RESULT, Output, State};
use crate::{
    client::close::CloseReason,
    message::{Close, Completion, CompletionOutcome, Invocation, Message},
    resume::ResumeError,
};

/// How many calls of the server may wait for their answers.
const MAX_ASKED: usize = 1_024;

/// The answer to a handshake. Only a hub message has a type: then the server skipped the handshake.
#[derive(Deserialize)]
struct Answer {
    error: Option<String>,
    #[serde(rename = "type")]
    kind: Option<serde_json::Value>,
}

impl ClientMachine {
    pub(super) fn handle_frame(&mut self, now: Instant, frame: &Bytes) {
        match self.state {
            State::Shaking => self.handle_handshake(now, frame),
            State::Open => match self.config.protocol.decode(frame) {
                Ok(Some(message)) => match self.admit(now, &message) {
                    Ok(true) => self.handle_message(now, message),
                    Ok(false) => {}
                    Err(error) => self.end(CloseReason::Resume(error)),
                },
                Ok(None) => {}
                Err(error) => self.end(CloseReason::Protocol(error)),
            },
            State::Resuming | State::Closed => {}
        }
    }

    /// The official clients ping right after the handshake: it arms the server's client timeout.
    fn handle_handshake(&mut self, now: Instant, frame: &[u8]) {
        match serde_json::from_slice(frame) {
            Ok(Answer {
                error: None,
                kind: None,
            }) => {
                self.state = State::Open;
                self.deframer.set_framing(self.config.protocol.framing());
                self.outputs.push_back(Output::Event(Event::Opened));
                if !self.carrier.keeps_alive {
                    self.write(now, &Message::Ping);
                }
            }
            Ok(Answer {
                error: Some(error), ..
            }) => self.end(CloseReason::Handshake(error)),
            Ok(Answer { kind: Some(_), .. }) => {
                let text = "expected a handshake response from the server";
                self.end(CloseReason::Handshake(text.to_owned()));
            }
            Err(error) => self.end(CloseReason::Handshake(error.to_string())),
        }
    }

    /// An application that answers nothing must not fill memory with questions.
    fn on_invocation(&mut self, now: Instant, invocation: Invocation) {
        match &invocation.invocation_id {
            Some(_) if self.asked.len() >= MAX_ASKED && !self.has_room() => {
                self.end(CloseReason::Resume(ResumeError::Unconfirmed));
            }
            Some(id) if self.asked.len() >= MAX_ASKED => {
                let outcome = CompletionOutcome::Error(NO_RESULT.to_owned());
                self.write_completion(now, id.clone(), outcome);
            }
            id => {
                self.asked.extend(id.clone());
                self.tell(Event::Invocation(invocation));
            }
        }
    }

    fn handle_message(&mut self, now: Instant, message: Message) {
        match message {
            Message::Invocation(invocation) => self.on_invocation(now, invocation),
            Message::StreamItem(item) if self.pending.contains(&item.invocation_id) => {
                self.tell(Event::Item {
                    id: item.invocation_id,
                    item: item.item,
                });
            }
            Message::Completion(completion) if self.pending.remove(&completion.invocation_id) => {
                let Completion {
                    invocation_id: id,
                    outcome,
                    ..
                } = completion;
                let over = self.uploads.remove_of(&id);
                self.tell(Event::Completed { id, outcome });
                over.into_iter()
                    .for_each(|upload| self.tell(Event::UploadOver(upload)));
            }
            Message::Close(Close {
                error,
                allow_reconnect,
            }) => {
                self.end(CloseReason::Server {
                    error,
                    allow_reconnect,
                });
            }
            // Late items and completions, streams that a server cannot ask for: the official clients
            // ignore them too. Acks and sequences were taken when they were admitted.
            Message::StreamItem(_)
            | Message::Completion(_)
            | Message::StreamInvocation(_)
            | Message::CancelInvocation(_)
            | Message::Ping
            | Message::Ack(_)
            | Message::Sequence(_) => {}
        }
    }
}
