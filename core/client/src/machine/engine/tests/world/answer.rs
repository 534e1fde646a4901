//! How what the engine asks for is answered.

use std::time::Duration;

use vestnik_model::{
    Open, ProblemCode,
    contract::{Page, Welcome},
};

use super::{
    Answer, CallFailure, ConnectionNumber, Done, Event, ForeignBody, Grant, How, Input, Output,
    Standing, ToNetwork, ToStorage, World, place, welcome,
};

/// How many answers are kept that may come twice.
const KEPT: usize = 24;

impl World {
    /// Answers what was asked for at this place; what the storage was asked for, in order.
    pub(in super::super) fn answer(&mut self, index: usize, how: How) {
        if self.pending.is_empty() {
            return;
        }
        let is_storage = |output: &Output| matches!(output, Output::Storage(_));
        let mut index = index % self.pending.len();
        if is_storage(&self.pending[index]) {
            index = self.pending.iter().position(is_storage).unwrap();
        }
        match self.pending.remove(index).unwrap() {
            Output::Network(call) => self.answer_call(call, how),
            Output::Storage(work) => self.do_work(work, how),
            Output::App(told) => unreachable!("{told:?} needs no answer"),
        }
    }

    /// The answer never comes: the network drops it, or the work on the storage panics.
    pub(in super::super) fn lose(&mut self, index: usize) {
        let index = index % self.pending.len().max(1);
        let is_kept = |output: &Output| {
            matches!(
                output,
                Output::Storage(
                    ToStorage::Note(_)
                        | ToStorage::KeepTold(_)
                        | ToStorage::KeepWishes(_)
                        | ToStorage::KeepOptOuts(_)
                )
            )
        };
        if self
            .pending
            .get(index)
            .is_some_and(|output| !is_kept(output))
        {
            self.pending.remove(index);
        }
    }

    fn do_work(&mut self, work: ToStorage, how: How) {
        let Some((generation, result)) = self.device.carry_out(work, how) else {
            return;
        };
        let changes = matches!(
            result,
            Done::Applied { .. } | Done::Taken(Some(_)) | Done::Settled(Some(_))
        );
        if changes {
            // The storage tells of each change of the history before it answers.
            let result = Done::Outbox(self.device.outbox());
            self.on(Input::Session { generation, result });
        }
        self.give(Input::Session { generation, result });
    }

    fn give(&mut self, input: Input) {
        // A page that came twice would be taken for the answer to the next read, and what the storage says
        // of one write for its word on the next. Neither comes twice: each has one caller here.
        let comes_once = matches!(
            &input,
            Input::Connection {
                event: Event::Page(_),
                ..
            } | Input::Session {
                result: Done::Stored { .. },
                ..
            }
        );
        if !comes_once {
            self.given.push_back(input.clone());
            if self.given.len() > KEPT {
                self.given.pop_front();
            }
        }
        self.on(input);
    }

    fn answer_call(&mut self, call: ToNetwork, how: How) {
        self.server.now = self.now.monotonic;
        let reuses = self.server.reuses;
        let input = match call {
            ToNetwork::Exchange { call, exchange, .. } => {
                let result = given(self.server.exchange(&exchange), how);
                let is_short = how == How::Fruitless;
                let result = result.map(|grant| Grant {
                    expires_in: if is_short {
                        Duration::ZERO
                    } else {
                        grant.expires_in
                    },
                    ..grant
                });
                let answer = Answer::Exchanged(result);
                Input::Call { call, answer }
            }
            ToNetwork::Delete { call, token, .. } => {
                let answer = Answer::Deleted(given(self.server.delete(&token), how));
                Input::Call { call, answer }
            }
            ToNetwork::Put {
                generation,
                version,
                token,
                ..
            } => {
                let result = given(self.server.check(&token).map(drop), how);
                let result = Done::Put { version, result };
                Input::Session { generation, result }
            }
            ToNetwork::AskOptOuts { .. } | ToNetwork::ChangeOptOuts { .. } => {
                self.opt_outs_of(&call, how)
            }
            ToNetwork::Connect { .. }
            | ToNetwork::Close(_)
            | ToNetwork::Greet { .. }
            | ToNetwork::Probe { .. }
            | ToNetwork::Read { .. }
            | ToNetwork::Report(_)
            | ToNetwork::Topic { .. } => {
                let (connection, event) = self.event_of(call, how);
                Input::Connection { connection, event }
            }
        };
        // A logout may use a spent token: it asks for the end of its session anyway.
        let is_logged_in = matches!(self.engine.snapshot().standing, Standing::LoggedIn { .. });
        let is_reuse = self.server.reuses > reuses && is_logged_in && !self.is_half_out;
        assert!(!is_reuse, "the device ended its session by a spent token");
        self.give(input);
    }

    fn opt_outs_of(&mut self, call: &ToNetwork, how: How) -> Input {
        if let ToNetwork::AskOptOuts {
            generation,
            call,
            token,
        } = call
        {
            let result = given(self.server.opt_outs(token), how);
            let (generation, call) = (*generation, *call);
            let result = Done::OptOuts { call, result };
            return Input::Session { generation, result };
        }
        let ToNetwork::ChangeOptOuts {
            generation,
            call,
            changes,
            token,
        } = call
        else {
            unreachable!("{call:?} is not about what is wanted");
        };
        let result = given(self.server.change_opt_outs(token, changes), how);
        let (generation, call) = (*generation, *call);
        let result = Done::OptOuts { call, result };
        Input::Session { generation, result }
    }

    fn event_of(&mut self, call: ToNetwork, how: How) -> (ConnectionNumber, Event) {
        match call {
            ToNetwork::Connect { connection, token } => {
                let result = given(self.server.connect(connection.get(), &token), how);
                (connection, Event::Opened(result))
            }
            ToNetwork::Greet { connection, .. } => {
                let result = given(self.server.greet(connection.get()), how);
                let result = result.map(|(name, head)| Welcome {
                    cursor: place(&name, head),
                    behind_by: u64::from(how == How::Fruitless),
                    ..welcome(0)
                });
                (connection, Event::Greeted(result))
            }
            ToNetwork::Probe { connection, .. } => {
                let is_alive = how == How::Well;
                (connection, Event::Probed { is_alive })
            }
            ToNetwork::Read {
                connection,
                from,
                limit,
            } => {
                let page = self.server.page(connection.get(), from.as_ref(), limit);
                let page = given(page, how).map(|page| match from {
                    Some(from) if how == How::Fruitless => Page {
                        after: from.clone(),
                        cursor: from,
                        entries: Vec::new(),
                        more: false,
                    },
                    Some(_) | None => page,
                });
                (connection, Event::Page(page))
            }
            ToNetwork::Report(connection) => {
                let result = given(self.server.call(connection.get()), how);
                (connection, Event::Answered(result))
            }
            ToNetwork::Topic { connection, .. } => {
                let result = given(self.server.call(connection.get()), how);
                (connection, Event::TopicTold(result))
            }
            ToNetwork::Exchange { .. }
            | ToNetwork::Delete { .. }
            | ToNetwork::Put { .. }
            | ToNetwork::AskOptOuts { .. }
            | ToNetwork::ChangeOptOuts { .. }
            | ToNetwork::Close(_) => unreachable!("{call:?} is not answered on a connection"),
        }
    }
}

/// What arrives of an answer.
fn given<T>(result: Result<T, CallFailure>, how: How) -> Result<T, CallFailure> {
    let problem = |code: ProblemCode, seconds: Option<u64>| CallFailure::Problem {
        code: Open::from(code),
        status: code.status(),
        retry_after: seconds.map(Duration::from_secs),
    };
    match how {
        How::Well | How::Fruitless => result,
        How::NoAnswer => Err(CallFailure::NoAnswer),
        How::Auth => Err(problem(ProblemCode::AuthRevoked, None)),
        How::Portal => Err(CallFailure::Foreign {
            status: 200,
            body: ForeignBody::Html,
            retry_after: None,
        }),
        How::Refused => Err(problem(ProblemCode::RequestInvalid, None)),
        How::Busy(seconds) => Err(problem(ProblemCode::Unavailable, Some(seconds))),
    }
}
