//! Random sequences of what apps, networks and stores do, against a model of the server.
//!
//! After each step: at most one call is under way; what is stored for a session is of the present
//! generation; a token that is handed out is the present user's; an identity token is sent again only
//! as long as no answer to it has arrived. In the end, when
//! everything works again: the device is what its person asked for last, and the server has no session
//! that the device logged out of.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use proptest::prelude::*;
use vestnik_clock::{Monotonic, Now};

use super::{
    Exchange, Grant, Input, Output, Session, Standing,
    tests::{auth, logged_in, seed, user},
};
use crate::machine::{
    CallFailure, CallNumber, Generation, Pace, Secret, TokenNumber, fixture::now,
};

#[derive(Debug, Clone, Copy)]
enum Step {
    Login(&'static str),
    Logout,
    Flushed,
    WantToken {
        is_refused: bool,
    },
    Nudge,
    Suspend,
    Resume,
    /// The server does what it was asked, and its answer arrives or not.
    Answer {
        arrives: bool,
    },
    /// The call never reaches the server.
    Unreachable,
    /// The last answer arrives once more.
    Again,
    Stored {
        is_durable: bool,
    },
    Pass,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => prop::sample::select(vec!["anna", "bella"]).prop_map(Step::Login),
        2 => Just(Step::Logout),
        2 => Just(Step::Flushed),
        2 => any::<bool>().prop_map(|is_refused| Step::WantToken { is_refused }),
        1 => Just(Step::Nudge),
        1 => prop_oneof![Just(Step::Suspend), Just(Step::Resume)],
        6 => any::<bool>().prop_map(|arrives| Step::Answer { arrives }),
        2 => Just(Step::Unreachable),
        1 => Just(Step::Again),
        6 => prop::bool::weighted(0.8).prop_map(|is_durable| Step::Stored { is_durable }),
        3 => Just(Step::Pass),
    ];
    prop::collection::vec(step, 1..60)
}

/// A server with one installation.
#[derive(Debug, Default)]
struct Server {
    sessions: u32,
    /// The session of the installation.
    live: Option<u32>,
    /// Whose session a token belongs to.
    tokens: BTreeMap<String, (u32, &'static str)>,
    granted: u32,
    /// Sessions of which an answer reached the device.
    known: BTreeSet<u32>,
}

impl Server {
    fn exchange(&mut self, exchange: &Exchange) -> Result<Grant, CallFailure> {
        match exchange {
            Exchange::Identity(token) => {
                let name = token.expose().split('-').nth(1).unwrap();
                let name = if name == "anna" { "anna" } else { "bella" };
                self.sessions += 1;
                self.live = Some(self.sessions);
                Ok(self.grant(self.sessions, name))
            }
            Exchange::Refresh(token) | Exchange::Former(token) => {
                match self.tokens.get(token.expose()) {
                    Some((session, name)) if self.live == Some(*session) => {
                        let (session, name) = (*session, *name);
                        Ok(self.grant(session, name))
                    }
                    Some(_) | None => Err(auth()),
                }
            }
        }
    }

    fn grant(&mut self, session: u32, name: &'static str) -> Grant {
        self.granted += 1;
        let refresh = format!("ref-{name}-s{}", self.granted);
        let access = format!("acc-{name}-s{}", self.granted);
        self.tokens.insert(refresh.clone(), (session, name));
        self.tokens.insert(access.clone(), (session, name));
        Grant {
            access: Secret::new(access),
            expires_in: Duration::from_secs(900),
            refresh: Secret::new(refresh),
            user: user(name),
            installation: None,
        }
    }

    fn delete(&mut self, token: &Secret) -> Result<(), CallFailure> {
        let (session, _) = self.tokens[token.expose()];
        if self.live == Some(session) {
            self.live = None;
            Ok(())
        } else {
            Err(auth())
        }
    }
}

/// A call that is under way.
enum Call {
    Exchange(CallNumber, Exchange),
    Delete(CallNumber, Secret),
}

struct World {
    machine: Session,
    now: Now,
    server: Server,
    call: Option<Call>,
    /// When the call is given up.
    until: Monotonic,
    last: Option<Input>,
    stores: Vec<Generation>,
    identities: u32,
    /// The identity tokens of which an answer reached the device.
    answered: BTreeSet<String>,
    /// What the person asked for last.
    wish: Option<&'static str>,
    /// The number of the newest token that was handed out.
    token: u64,
}

impl World {
    fn new() -> Self {
        // Anna's session from before.
        let server = Server {
            sessions: 1,
            live: Some(1),
            known: BTreeSet::from([1]),
            tokens: BTreeMap::from([("ref-anna-0".to_owned(), (1, "anna"))]),
            granted: 0,
        };
        let mut world = Self {
            machine: Session::new(seed(logged_in("anna")), Pace::default()),
            now: now(),
            server,
            call: None,
            until: now().monotonic,
            last: None,
            stores: Vec::new(),
            identities: 0,
            answered: BTreeSet::new(),
            wish: Some("anna"),
            token: 0,
        };
        world.drain();
        world
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Login(name) => {
                self.identities += 1;
                self.wish = Some(name);
                let identity = Secret::new(format!("jwt-{name}-{}", self.identities));
                self.on(Input::Login {
                    user: user(name),
                    identity,
                });
            }
            Step::Logout => {
                self.wish = None;
                self.on(Input::Logout);
            }
            Step::Flushed => self.on(Input::Flushed),
            Step::WantToken { is_refused } => self.on(Input::WantToken {
                refused: is_refused.then(|| TokenNumber::new(self.token)),
            }),
            Step::Nudge => self.on(Input::Nudge),
            Step::Suspend => self.on(Input::Suspend),
            Step::Resume => self.on(Input::Resume),
            Step::Answer { arrives } => self.answer(arrives),
            Step::Unreachable => self.fail(),
            Step::Again => {
                if let Some(last) = self.last.clone() {
                    self.on(last);
                }
            }
            Step::Stored { is_durable } => self.store(is_durable),
            Step::Pass => self.pass(),
        }
    }

    fn on(&mut self, input: Input) {
        self.machine.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Exchange {
                    call,
                    exchange,
                    within,
                } => {
                    self.until = self.now.monotonic + within;
                    if let Exchange::Identity(token) = &exchange {
                        let is_answered = self.answered.contains(token.expose());
                        assert!(!is_answered, "a used identity token was sent again");
                    }
                    self.begin(Call::Exchange(call, exchange));
                }
                Output::Delete {
                    call,
                    token,
                    within,
                    installation: _,
                } => {
                    self.until = self.now.monotonic + within;
                    self.begin(Call::Delete(call, token));
                }
                Output::Store { generation, .. } => {
                    assert_eq!(generation, self.machine.generation());
                    self.stores.push(generation);
                }
                Output::Began { generation, .. } => {
                    assert_eq!(generation, self.machine.generation());
                }
                Output::Token { number, token } => {
                    let (_, name) = self.server.tokens[token.expose()];
                    let user = user(name);
                    assert_eq!(self.machine.standing(), Standing::LoggedIn { user });
                    self.token = number.get();
                }
                Output::Note(_)
                | Output::Leaving
                | Output::Flush
                | Output::Ended { .. }
                | Output::Login { .. }
                | Output::Logout(_) => {}
            }
        }
    }

    fn begin(&mut self, call: Call) {
        assert!(self.call.is_none(), "two calls at once");
        self.call = Some(call);
    }

    fn answer(&mut self, arrives: bool) {
        let lost = Err(CallFailure::NoAnswer);
        let input = match self.call.take() {
            Some(Call::Exchange(call, exchange)) => {
                let result = self.server.exchange(&exchange);
                if arrives {
                    self.arrived(&exchange, &result);
                }
                let result = if arrives { result } else { lost };
                Input::Exchanged { call, result }
            }
            Some(Call::Delete(call, token)) => {
                let result = self.server.delete(&token);
                let result = if arrives {
                    result
                } else {
                    Err(CallFailure::NoAnswer)
                };
                Input::Deleted { call, result }
            }
            None => return,
        };
        self.last = Some(input.clone());
        self.on(input);
    }

    fn arrived(&mut self, exchange: &Exchange, result: &Result<Grant, CallFailure>) {
        if let Exchange::Identity(token) = exchange {
            self.answered.insert(token.expose().to_owned());
        }
        if let Ok(grant) = result {
            let (session, _) = self.server.tokens[grant.access.expose()];
            self.server.known.insert(session);
        }
    }

    fn fail(&mut self) {
        match self.call.take() {
            Some(Call::Exchange(call, _)) => self.on(Input::Exchanged {
                call,
                result: Err(CallFailure::NoAnswer),
            }),
            Some(Call::Delete(call, _)) => self.on(Input::Deleted {
                call,
                result: Err(CallFailure::NoAnswer),
            }),
            None => {}
        }
    }

    fn store(&mut self, is_durable: bool) {
        if !self.stores.is_empty() {
            let generation = self.stores.remove(0);
            self.on(Input::Stored {
                generation,
                is_durable,
            });
        }
    }

    fn pass(&mut self) {
        let Some(at) = self.machine.deadline() else {
            return;
        };
        if self.call.is_some() && self.until <= at {
            self.now.monotonic = self.now.monotonic.max(self.until);
            self.fail();
        } else {
            self.now.monotonic = self.now.monotonic.max(at);
            self.on(Input::Tick);
        }
    }

    /// Everything works again, until nothing is left to do.
    fn heal(&mut self) {
        self.on(Input::Resume);
        for _ in 0..200 {
            if !self.stores.is_empty() {
                self.store(true);
            } else if self.call.is_some() {
                self.answer(true);
            } else if self.machine.deadline().is_some() {
                self.pass();
            } else {
                return;
            }
        }
        panic!("it does not come to rest: {:?}", self.machine);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_happens_the_device_becomes_what_its_person_asked_for(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        world.heal();
        // A session that ended at the server is noticed at the next call only.
        world.on(Input::WantToken { refused: Some(TokenNumber::new(world.token)) });
        world.heal();
        match world.wish {
            Some(name) => {
                let user = user(name);
                prop_assert_eq!(world.machine.standing(), Standing::LoggedIn { user });
                prop_assert!(world.server.live.is_some());
            }
            None => {
                prop_assert_eq!(world.machine.standing(), Standing::Nobody);
                let live = world.server.live;
                prop_assert!(live.is_none_or(|live| !world.server.known.contains(&live)));
            }
        }
    }
}
