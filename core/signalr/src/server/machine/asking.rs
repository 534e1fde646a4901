//! The server's calls to the client.

use std::time::Instant;

use super::{Ask, NoResult, Output, ResultKey, ServerMachine, State};
use crate::message::{Completion, Invocation, Message};

impl ServerMachine {
    pub(super) fn on_ask(&mut self, now: Instant, ask: Ask) {
        if let Some(refusal) = self.ask_refusal(&ask) {
            return self
                .outputs
                .push_back(Output::Result(ask.key, Err(refusal)));
        }
        if self.state == State::Welcoming {
            // What the client answers is not read before the welcome is over.
            self.results.hold(ask);
        } else {
            self.send_ask(now, ask);
        }
    }

    fn ask_refusal(&self, ask: &Ask) -> Option<NoResult> {
        let is_full = self.results.len() >= self.config.max_results;
        match self.state {
            State::Handshaking { .. } => Some(NoResult::TooEarly),
            State::Welcoming if ask.from_welcome => Some(NoResult::TooEarly),
            State::Closed => Some(NoResult::Disconnected),
            State::Welcoming | State::Open => is_full.then_some(NoResult::TooMany),
        }
    }

    /// Sends what was asked during the welcome.
    pub(super) fn send_held_asks(&mut self, now: Instant) {
        for ask in self.results.take_held() {
            self.send_ask(now, ask);
        }
    }

    fn send_ask(&mut self, now: Instant, ask: Ask) {
        let id = self.results.expect(ask.key, ask.until);
        self.send(
            now,
            &Message::Invocation(Invocation {
                invocation_id: Some(id),
                target: ask.target,
                arguments: ask.arguments,
                ..Invocation::default()
            }),
        );
    }

    /// Says whether a message is acted on before those that wait.
    pub(super) fn passes(&self, message: &Message) -> bool {
        match message {
            Message::Ack(_) | Message::Sequence(_) | Message::Ping => true,
            Message::Invocation(_)
            | Message::StreamItem(_)
            | Message::Completion(_)
            | Message::StreamInvocation(_)
            | Message::CancelInvocation(_)
            | Message::Close(_) => self.is_awaited(message),
        }
    }

    /// Says whether a message is an answer that somebody waits for.
    fn is_awaited(&self, message: &Message) -> bool {
        let Message::Completion(completion) = message else {
            return false;
        };
        let id = &completion.invocation_id;
        self.results.contains(id) && !self.uploads.contains(id.as_str())
    }

    pub(super) fn on_answer(&mut self, completion: Completion) {
        if let Some(key) = self.results.answer(&completion.invocation_id) {
            self.outputs
                .push_back(Output::Result(key, Ok(completion.outcome)));
        }
    }

    pub(super) fn expire_results(&mut self, now: Instant) {
        let over = self.results.expire(now);
        self.fail_results(over, NoResult::TimedOut);
    }

    pub(super) fn fail_results(&mut self, keys: Vec<ResultKey>, why: NoResult) {
        let failed = keys.into_iter().map(|key| Output::Result(key, Err(why)));
        self.outputs.extend(failed);
    }
}
