//! A session machine whose outputs are written as texts.

use std::time::Duration;

use vestnik_clock::Now;

use super::{grant, logged_in, seed, user};
use crate::machine::{
    CallFailure, CallNumber, Pace, Secret,
    fixture::now,
    session::{Exchange, Grant, Input, LoginOutcome, LogoutNote, Output, Seed, Session, StoreCall},
};

/// A machine whose outputs are written as texts.
pub(super) struct Table {
    pub(super) machine: Session,
    pub(super) now: Now,
    call: u64,
}

impl Table {
    pub(super) fn new(seed: Seed) -> Self {
        let mut machine = Session::new(seed, Pace::default());
        while machine.poll().is_some() {}
        Self {
            machine,
            now: now(),
            call: 0,
        }
    }

    pub(super) fn logged_in(name: &str) -> Self {
        Self::new(seed(logged_in(name)))
    }

    pub(super) fn on(&mut self, input: Input) -> Vec<String> {
        self.machine.handle(self.now, input);
        let mut texts = Vec::new();
        while let Some(output) = self.machine.poll() {
            if let Output::Exchange { call, .. } | Output::Delete { call, .. } = &output {
                self.call = call.get();
            }
            texts.push(written(&output));
        }
        texts
    }

    pub(super) fn login(&mut self, name: &str) -> Vec<String> {
        let identity = Secret::new(format!("jwt-{name}"));
        self.on(Input::Login {
            user: user(name),
            identity,
        })
    }

    /// The call under way is answered.
    pub(super) fn granted(&mut self, name: &str, number: u32) -> Vec<String> {
        self.exchanged(Ok(grant(name, number)))
    }

    pub(super) fn exchanged(&mut self, result: Result<Grant, CallFailure>) -> Vec<String> {
        let call = CallNumber::new(self.call);
        self.on(Input::Exchanged { call, result })
    }

    pub(super) fn deleted(&mut self, result: Result<(), CallFailure>) -> Vec<String> {
        let call = CallNumber::new(self.call);
        self.on(Input::Deleted { call, result })
    }

    pub(super) fn stored(&mut self, is_durable: bool) -> Vec<String> {
        let generation = self.machine.generation();
        self.on(Input::Stored {
            generation,
            is_durable,
        })
    }

    pub(super) fn want(&mut self) -> Vec<String> {
        self.on(Input::WantToken { refused: None })
    }

    /// Lets time pass until the deadline.
    pub(super) fn step(&mut self) -> Vec<String> {
        let at = self.machine.deadline().unwrap();
        self.pass(at - self.now.monotonic);
        self.on(Input::Tick)
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now.monotonic = self.now.monotonic + time;
        self.now.wall = self.now.wall.saturating_add(time).unwrap();
    }
}

fn written(output: &Output) -> String {
    match output {
        Output::Exchange { exchange, .. } => match exchange {
            Exchange::Identity(token) | Exchange::Refresh(token) => {
                format!("exchange {}", token.expose())
            }
            Exchange::Former(token) => format!("exchange former {}", token.expose()),
        },
        Output::Delete {
            token,
            installation,
            ..
        } => {
            let of = installation.map_or_else(String::new, |id| format!("{id} "));
            format!("delete {of}by {}", token.expose())
        }
        Output::Store { call, .. } => match call {
            StoreCall::Login { user, .. } => format!("store login {user}"),
            StoreCall::Keep { refresh } => format!("store {}", refresh.expose()),
            StoreCall::End => "store end".to_owned(),
            StoreCall::Logout(None) => "store logout".to_owned(),
            StoreCall::Logout(Some(note)) => format!("store logout, {}", noted(note)),
        },
        Output::Note(note) => noted(note),
        Output::Token { token, .. } => format!("token {}", token.expose()),
        Output::Began { user, former, .. } => match former {
            Some(former) => format!("{user} after {former}"),
            None => user.to_string(),
        },
        Output::Leaving => "leaving".to_owned(),
        Output::Flush => "flush".to_owned(),
        Output::Ended { .. } => "ended".to_owned(),
        Output::Login { outcome, .. } => match outcome {
            LoginOutcome::Done => "in".to_owned(),
            LoginOutcome::Refused(code) => format!("refused {code}"),
            LoginOutcome::OtherUser => "other user".to_owned(),
            LoginOutcome::Overtaken => "overtaken".to_owned(),
            LoginOutcome::Delayed(trouble) => format!("delayed {trouble:?}"),
        },
        Output::Logout(Ok(())) => "out".to_owned(),
        Output::Logout(Err(trouble)) => format!("not out {trouble:?}"),
    }
}

fn noted(note: &LogoutNote) -> String {
    match note {
        LogoutNote::Pending { refresh, .. } => format!("pending {}", refresh.expose()),
        LogoutNote::Tried { .. } => "tried".to_owned(),
        LogoutNote::Done { .. } => "told".to_owned(),
    }
}
