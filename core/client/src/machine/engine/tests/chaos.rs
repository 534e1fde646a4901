//! Any input in any order: the engine never panics and never asks to be woken without end.

use proptest::prelude::*;
use vestnik_model::preference::{OptOutChange, StoredOptOuts};

use super::{
    Answer, CallFailure, CallNumber, Command, ConnectionNumber, Done, Duration, Engine, Event,
    ForeignBody, Generation, Grant, Input, Outbox, Output, Pace, Page, Permission, Secret, Stands,
    ToNetwork, ToStorage, at, live, now, seed, state, user, welcome,
};
use crate::machine::{connection::Nudge, registration::Change};

fn failure() -> impl Strategy<Value = CallFailure> {
    let retry_after = || prop::option::of(any::<u64>().prop_map(Duration::from_secs));
    prop_oneof![
        Just(CallFailure::NoAnswer),
        (300..600_u16, retry_after()).prop_map(|(status, retry_after)| CallFailure::Foreign {
            status,
            body: ForeignBody::Html,
            retry_after,
        }),
        (
            prop::sample::select(vec![
                "auth.invalid",
                "unavailable",
                "request.invalid",
                "later.word"
            ]),
            retry_after()
        )
            .prop_map(|(code, retry_after)| CallFailure::Problem {
                code: vestnik_model::Open::read(code),
                status: 422,
                retry_after,
            }),
    ]
}

fn result() -> impl Strategy<Value = Result<(), CallFailure>> {
    prop_oneof![Just(Ok(())), failure().prop_map(Err)]
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        prop::sample::select(vec!["anna", "bella"]).prop_map(|name| Command::Login {
            user: user(name),
            identity: Secret::new("jwt"),
        }),
        Just(Command::Logout),
        Just(Command::GoOnline),
        Just(Command::GoOnline),
        Just(Command::GoOffline),
        Just(Command::Suspend),
        Just(Command::Resume),
        Just(Command::Nudge(Nudge::NetworkChanged)),
        Just(Command::Nudge(Nudge::Foreground)),
        Just(Command::Flush),
        Just(Command::AskOptOuts),
        prop::sample::select(vec![Permission::Granted, Permission::Denied]).prop_map(
            |permission| Command::Change(Change {
                permission: Some(permission),
                ..Change::default()
            })
        ),
        any::<bool>().prop_map(|joins| Command::Topic {
            topic: vestnik_model::TopicName::parse("news").unwrap(),
            joins,
        }),
    ]
}

fn outbox() -> impl Strategy<Value = Outbox> {
    (0..200_u64).prop_map(|waiting| Outbox {
        waiting,
        ready_at: None,
    })
}

fn opted_out(all: bool) -> OptOutChange {
    OptOutChange {
        all: Some(all),
        ..OptOutChange::default()
    }
}

fn done() -> impl Strategy<Value = Done> {
    prop_oneof![
        any::<bool>().prop_map(|is_durable| Done::Stored { is_durable }),
        prop::option::of(outbox()).prop_map(|outbox| {
            Done::Stands(outbox.map(|outbox| Stands {
                outbox,
                ..Stands::default()
            }))
        }),
        (0..9_u64, outbox()).prop_map(|(seq, outbox)| Done::Applied {
            cursor: at(seq),
            outbox
        }),
        Just(Done::Stale { cursor: None }),
        Just(Done::NotApplied),
        outbox().prop_map(Done::Outbox),
        prop::option::of(0..5_usize).prop_map(Done::Taken),
        prop::option::of(outbox()).prop_map(Done::Settled),
        (0..4_u64, result()).prop_map(|(version, result)| Done::Put { version, result }),
        any::<bool>().prop_map(|is_out| Done::OptOutChanges(opted_out(is_out))),
        (0..4_u64, result()).prop_map(|(call, result)| Done::OptOuts {
            call: CallNumber::new(call),
            result: result.map(|()| StoredOptOuts::default()),
        }),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        result().prop_map(Event::Opened),
        Just(Event::Opened(Ok(()))),
        Just(Event::Greeted(Ok(welcome(4)))),
        failure().prop_map(|failure| Event::Greeted(Err(failure))),
        any::<bool>().prop_map(|may_return| Event::Lost { may_return }),
        any::<u64>().prop_map(|after| Event::Drain(Duration::from_millis(after))),
        Just(Event::Replaced),
        any::<bool>().prop_map(|is_alive| Event::Probed { is_alive }),
        failure().prop_map(|failure| Event::Page(Err(failure))),
        (0..9_u64, 0..9_u64, any::<bool>()).prop_map(|(after, cursor, more)| {
            Event::Page(Ok(Page {
                after: at(after),
                cursor: at(cursor),
                entries: Vec::new(),
                more,
            }))
        }),
        (0..9_u64).prop_map(|seq| live(seq, seq + 1)),
        Just(Event::Behind(None)),
        result().prop_map(Event::Answered),
        result().prop_map(Event::TopicTold),
    ]
}

/// What happens, with numbers that are mostly the present ones.
#[derive(Debug, Clone)]
enum Step {
    App(Command),
    Exchanged(Result<&'static str, CallFailure>),
    Deleted(Result<(), CallFailure>),
    Done(Done, u64),
    Event(Event, u64),
    Pass,
}

fn step() -> impl Strategy<Value = Step> {
    let age = || prop::sample::select(vec![0_u64, 0, 0, 0, 1]);
    prop_oneof![
        2 => command().prop_map(Step::App),
        3 => prop_oneof![
            prop::sample::select(vec!["anna", "bella"]).prop_map(Ok),
            failure().prop_map(Err)
        ]
        .prop_map(Step::Exchanged),
        1 => result().prop_map(Step::Deleted),
        5 => (done(), age()).prop_map(|(done, age)| Step::Done(done, age)),
        5 => (event(), age()).prop_map(|(event, age)| Step::Event(event, age)),
        3 => Just(Step::Pass),
    ]
}

struct World {
    engine: Engine,
    now: vestnik_clock::Now,
    generation: u64,
    call: u64,
    connection: u64,
}

impl World {
    fn on(&mut self, input: Input) {
        self.engine.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        let mut count = 0;
        while let Some(output) = self.engine.poll() {
            count += 1;
            assert!(count < 50, "one input has no end of outputs");
            if let Output::Network(
                ToNetwork::Exchange { call, .. } | ToNetwork::Delete { call, .. },
            ) = &output
            {
                self.call = call.get();
            }
            if let Output::Network(ToNetwork::Connect { connection, .. }) = &output {
                self.connection = connection.get();
            }
            if let Output::Storage(
                ToStorage::Store { generation, .. }
                | ToStorage::AskStore { generation, .. }
                | ToStorage::Apply { generation, .. },
            )
            | Output::Network(ToNetwork::Put { generation, .. }) = &output
            {
                assert!(generation.get() >= self.generation, "an older session");
                self.generation = generation.get();
            }
        }
    }

    fn take(&mut self, step: Step) {
        let call = CallNumber::new(self.call);
        match step {
            Step::App(command) => self.on(Input::App(command)),
            Step::Exchanged(result) => {
                let answer = Answer::Exchanged(result.map(|name| Grant {
                    access: Secret::new("acc"),
                    expires_in: Duration::from_secs(900),
                    refresh: Secret::new("ref"),
                    user: user(name),
                    installation: None,
                }));
                self.on(Input::Call { call, answer });
            }
            Step::Deleted(result) => {
                let answer = Answer::Deleted(result);
                self.on(Input::Call { call, answer });
            }
            Step::Done(result, age) => {
                let generation = Generation::new(self.generation.saturating_sub(age));
                self.on(Input::Session { generation, result });
            }
            Step::Event(event, age) => {
                let connection = ConnectionNumber::new(self.connection.saturating_sub(age));
                self.on(Input::Connection { connection, event });
            }
            Step::Pass => {
                if let Some(at) = self.engine.deadline() {
                    self.now.monotonic = self.now.monotonic.max(at);
                    self.on(Input::Tick);
                }
            }
        }
    }

    /// A deadline that has passed is over after a few ticks.
    fn settle(&mut self) {
        for _ in 0..8 {
            match self.engine.deadline() {
                Some(at) if at <= self.now.monotonic => self.on(Input::Tick),
                Some(_) | None => return,
            }
        }
        panic!("it is woken without end: {:?}", self.engine);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn nothing_stops_the_engine_or_keeps_it_busy(
        steps in prop::collection::vec(step(), 1..120),
        is_logged_in: bool,
        random: u64,
    ) {
        let mut world = World {
            engine: Engine::new(seed(is_logged_in.then_some("anna")), state(), Pace::default()),
            now: vestnik_clock::Now { random, ..now() },
            generation: 7,
            call: 0,
            connection: 0,
        };
        world.drain();
        world.on(Input::App(Command::GoOnline));
        for step in steps {
            world.take(step);
            world.settle();
        }
    }
}
