//! What a user relies on when all machines work together.

mod awkward;
mod chaos;
mod hostile;
mod steady;
mod world;

use std::time::Duration;

use jiff::Timestamp;
use vestnik_clock::Now;
use vestnik_model::{
    Cursor, InstallationState, Permission, ProblemCode, UserId,
    contract::{CONTRACT, Entries, Limits, Page, Welcome},
};

use super::{
    Answer, Command, Done, Engine, Event, Input, Output, Phase, Snapshot, Stands, TimeReading,
    ToApp, ToNetwork, ToStorage,
};
use crate::machine::{
    CallFailure, CallNumber, ConnectionNumber, ForeignBody, Generation, Pace, Secret, Trouble,
    fixture::{device, now},
    report::Outbox,
    session::{Grant, NeedsIdentity, Seed, SeedStanding, Standing},
};

fn state() -> InstallationState {
    device(Permission::Granted)
}

fn seed(name: Option<&str>) -> Seed {
    Seed {
        generation: Generation::new(7),
        standing: name.map_or(SeedStanding::Nobody, |name| SeedStanding::LoggedIn {
            user: user(name),
            refresh: Secret::new(format!("ref-{name}")),
        }),
        logouts: Vec::new(),
    }
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn at(seq: u64) -> Cursor {
    Cursor::parse(format!("e:{seq}:t")).unwrap()
}

/// An engine of which the last outputs are kept.
struct Table {
    engine: Engine,
    now: Now,
    outputs: Vec<Output>,
    generation: Generation,
    call: CallNumber,
    connection: ConnectionNumber,
}

impl Table {
    fn new(name: Option<&str>) -> Self {
        let mut table = Self {
            engine: Engine::new(seed(name), state(), Pace::default()),
            now: now(),
            outputs: Vec::new(),
            generation: Generation::new(7),
            call: CallNumber::default(),
            connection: ConnectionNumber::default(),
        };
        table.drain();
        table
    }

    /// A device of which the user's store stands at a place and that is online.
    fn online(name: &str, seq: u64) -> Self {
        let mut table = Self::new(Some(name));
        table.command(Command::GoOnline);
        table.stands(seq, 0);
        table.granted(name);
        table.stored();
        table.event(Event::Opened(Ok(())));
        table.event(Event::Greeted(Ok(welcome(seq))));
        assert_eq!(table.engine.snapshot().phase, Phase::Online);
        table
    }

    fn on(&mut self, input: Input) {
        self.engine.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        self.outputs = std::iter::from_fn(|| self.engine.poll()).collect();
        for output in &self.outputs {
            if let Output::Network(
                ToNetwork::Exchange { call, .. } | ToNetwork::Delete { call, .. },
            ) = output
            {
                self.call = *call;
            }
            if let Output::Network(ToNetwork::Connect { connection, .. }) = output {
                self.connection = *connection;
            }
            if let Output::Storage(
                ToStorage::Store { generation, .. } | ToStorage::AskStore { generation, .. },
            ) = output
            {
                self.generation = *generation;
            }
        }
    }

    fn command(&mut self, command: Command) {
        self.on(Input::App(command));
    }

    fn login(&mut self, name: &str) {
        self.command(Command::Login {
            user: user(name),
            identity: Secret::new(format!("jwt-{name}")),
        });
    }

    fn exchanged(&mut self, result: Result<Grant, CallFailure>) {
        let (call, answer) = (self.call, Answer::Exchanged(result));
        self.on(Input::Call { call, answer });
    }

    fn granted(&mut self, name: &str) {
        self.exchanged(Ok(Grant {
            access: Secret::new(format!("acc-{name}")),
            expires_in: Duration::from_secs(900),
            refresh: Secret::new(format!("ref-{name}-next")),
            user: user(name),
            installation: None,
        }));
    }

    fn done(&mut self, result: Done) {
        let generation = self.generation;
        self.on(Input::Session { generation, result });
    }

    fn stored(&mut self) {
        self.done(Done::Stored { is_durable: true });
    }

    fn stands(&mut self, seq: u64, waiting: u64) {
        let stands = Stands {
            cursor: (seq > 0).then(|| at(seq)),
            outbox: Outbox {
                waiting,
                ready_at: None,
            },
            ..Stands::default()
        };
        self.done(Done::Stands(Some(stands)));
    }

    fn event(&mut self, event: Event) {
        let connection = self.connection;
        self.on(Input::Connection { connection, event });
    }

    fn has(&self, is_it: impl Fn(&Output) -> bool) -> bool {
        self.outputs.iter().any(is_it)
    }

    /// The cursor of the hello that was said.
    fn greets_with(&self, cursor: Option<&Cursor>) -> bool {
        self.has(|output| {
            matches!(output, Output::Network(ToNetwork::Greet { greeting, .. }) if greeting.cursor.as_ref() == cursor)
        })
    }
}

fn welcome(seq: u64) -> Welcome {
    Welcome {
        contract: CONTRACT,
        features: Vec::new(),
        cursor: (seq > 0).then(|| at(seq)),
        behind_by: 0,
        server_time: Timestamp::from_second(90).unwrap(),
        limits: Limits {
            page_bytes: 262_144,
            report_bytes: 65_536,
            publish_bytes: 65_536,
        },
    }
}

fn live(after: u64, end: u64) -> Event {
    Event::Entries(Entries {
        after: at(after),
        cursor: at(end),
        entries: Vec::new(),
    })
}

fn portal() -> CallFailure {
    CallFailure::Foreign {
        status: 302,
        body: ForeignBody::Redirect { leaves_host: true },
        retry_after: None,
    }
}

/// A process that ended in the middle of a logout has left notifications on the screen.
#[test]
fn if_nobody_is_logged_in_nothing_stays_on_the_screen() {
    let table = Table::new(None);
    assert!(table.outputs.contains(&Output::App(ToApp::Forget)));
    let table = Table::new(Some("anna"));
    assert!(!table.outputs.contains(&Output::App(ToApp::Forget)));
}

#[test]
fn a_device_logs_in_connects_and_is_online() {
    let mut table = Table::new(None);
    table.command(Command::GoOnline);
    table.login("anna");
    assert!(table.has(|output| matches!(output, Output::Network(ToNetwork::Exchange { .. }))));
    table.granted("anna");
    table.stored();
    assert!(table.has(|output| matches!(output, Output::Storage(ToStorage::AskStore { .. }))));
    table.stands(0, 0);
    assert!(table.has(|output| matches!(output, Output::Network(ToNetwork::Connect { .. }))));
    table.event(Event::Opened(Ok(())));
    assert!(table.greets_with(None));
    table.event(Event::Greeted(Ok(welcome(0))));
    let server = Timestamp::from_second(90).unwrap();
    let device = table.now.wall;
    let reading = TimeReading {
        server,
        device,
        round_trip: Duration::ZERO,
    };
    assert!(
        table
            .outputs
            .contains(&Output::Storage(ToStorage::ServerTime(reading)))
    );
    assert!(
        table.has(|output| matches!(output, Output::Network(ToNetwork::Read { from: None, .. })))
    );
    assert_eq!(table.engine.snapshot().phase, Phase::Syncing);
    table.event(Event::Page(Ok(Page {
        after: at(0),
        cursor: at(3),
        entries: Vec::new(),
        more: false,
    })));
    let (cursor, outbox) = (at(3), Outbox::default());
    table.done(Done::Applied { cursor, outbox });
    assert_eq!(
        table.engine.snapshot(),
        Snapshot {
            standing: Standing::LoggedIn { user: user("anna") },
            phase: Phase::Online,
            last_error: None,
            retry_at: None,
        }
    );
}

#[test]
fn after_a_switch_of_user_the_new_users_log_is_read_from_their_own_place() {
    let mut table = Table::online("kira", 40);
    table.login("lena");
    // The facts of the first are flushed; nothing waits, so that the logout goes on at once.
    assert!(table.outputs.contains(&Output::App(ToApp::Forget)));
    table.stored();
    table.exchanged(Err(CallFailure::NoAnswer));
    table.granted("lena");
    table.stored();
    table.stands(0, 0);
    table.event(Event::Opened(Ok(())));
    assert!(table.greets_with(None));
    table.event(Event::Greeted(Ok(welcome(60))));
    assert!(
        table.has(|output| matches!(output, Output::Network(ToNetwork::Read { from: None, .. })))
    );
}

#[test]
fn a_logout_while_a_token_is_fetched_is_over_at_once() {
    let mut table = Table::new(Some("anna"));
    table.command(Command::GoOnline);
    table.stands(4, 0);
    assert!(table.has(|output| matches!(output, Output::Network(ToNetwork::Exchange { .. }))));
    table.command(Command::Logout);
    assert!(table.outputs.contains(&Output::App(ToApp::Forget)));
    table.stored();
    assert!(table.outputs.contains(&Output::App(ToApp::Logout(Ok(())))));
    let snapshot = table.engine.snapshot();
    assert_eq!(
        (snapshot.standing, snapshot.phase),
        (Standing::Nobody, Phase::Off)
    );
}

#[test]
fn after_a_logout_nothing_of_the_former_user_comes_out() {
    let mut table = Table::online("anna", 4);
    table.event(live(4, 5));
    let (connection, generation) = (table.connection, table.generation);
    table.command(Command::Logout);
    assert!(
        table
            .outputs
            .contains(&Output::Network(ToNetwork::Close(connection)))
    );
    table.stored();
    for event in [live(5, 6), Event::Behind(None), Event::Opened(Ok(()))] {
        table.on(Input::Connection { connection, event });
        assert!(
            table
                .outputs
                .iter()
                .all(|output| *output == Output::Network(ToNetwork::Close(connection))),
            "{:?}",
            table.outputs
        );
    }
    let (cursor, outbox) = (
        at(5),
        Outbox {
            waiting: 9,
            ready_at: None,
        },
    );
    let result = Done::Applied { cursor, outbox };
    table.on(Input::Session { generation, result });
    assert_eq!(table.outputs, []);
}

#[test]
fn facts_are_reported_before_a_logout() {
    let mut table = Table::online("anna", 4);
    table.done(Done::Outbox(Outbox {
        waiting: 2,
        ready_at: None,
    }));
    table.command(Command::Logout);
    assert!(table.has(|output| matches!(output, Output::Storage(ToStorage::Take { .. }))));
    table.done(Done::Taken(Some(2)));
    assert!(
        table
            .outputs
            .contains(&Output::Network(ToNetwork::Report(table.connection)))
    );
    table.event(Event::Answered(Ok(())));
    assert!(!table.outputs.contains(&Output::App(ToApp::Forget)));
    table.done(Done::Settled(Some(Outbox::default())));
    assert!(table.outputs.contains(&Output::App(ToApp::Forget)));
}

#[test]
fn while_facts_are_reported_before_a_logout_nothing_more_is_received() {
    let mut table = Table::online("anna", 4);
    table.done(Done::Outbox(Outbox {
        waiting: 2,
        ready_at: None,
    }));
    table.command(Command::Logout);
    table.event(live(4, 5));
    assert_eq!(table.outputs, []);
}

#[test]
fn a_captive_portal_is_told_as_such_and_passed_when_it_opens() {
    let mut table = Table::new(Some("anna"));
    table.command(Command::GoOnline);
    table.stands(4, 0);
    table.exchanged(Err(portal()));
    let snapshot = table.engine.snapshot();
    assert_eq!(snapshot.last_error, Some(Trouble::CaptivePortal));
    assert_eq!(snapshot.retry_at, table.engine.deadline());
    assert!(snapshot.retry_at.is_some());
    table.now.monotonic = snapshot.retry_at.unwrap();
    table.on(Input::Tick);
    table.granted("anna");
    table.stored();
    assert!(table.has(|output| matches!(output, Output::Network(ToNetwork::Connect { .. }))));
    assert_eq!(table.engine.snapshot().last_error, None);
}

#[test]
fn a_device_that_needs_identity_does_not_flap() {
    let mut table = Table::online("anna", 4);
    table.event(Event::Replaced);
    let code = ProblemCode::AuthRevoked;
    table.exchanged(Err(CallFailure::Problem {
        code: code.into(),
        status: 401,
        retry_after: None,
    }));
    table.stored();
    let needs = Snapshot {
        standing: Standing::NeedsIdentity {
            user: Some(user("anna")),
            reason: NeedsIdentity::Refused(code.into()),
        },
        phase: Phase::Off,
        last_error: None,
        retry_at: None,
    };
    assert_eq!(table.engine.snapshot(), needs);
    for _ in 0..1_000 {
        table.now.monotonic = table.now.monotonic + Duration::from_secs(60);
        table.on(Input::Tick);
        assert_eq!(table.outputs, []);
    }
    assert_eq!(table.engine.deadline(), None);
}

#[test]
fn a_store_that_cannot_be_read_at_the_start_is_asked_again() {
    let mut table = Table::new(Some("anna"));
    table.command(Command::GoOnline);
    table.done(Done::Stands(None));
    assert_eq!(table.engine.snapshot().last_error, Some(Trouble::Storage));
    table.now.monotonic = table.engine.deadline().unwrap();
    table.on(Input::Tick);
    assert!(table.has(|output| matches!(output, Output::Storage(ToStorage::AskStore { .. }))));
}

#[test]
fn a_full_disk_is_told_and_the_same_entries_come_again() {
    let mut table = Table::online("anna", 4);
    table.event(live(4, 5));
    table.done(Done::NotApplied);
    assert_eq!(table.engine.snapshot().last_error, Some(Trouble::Storage));
    table.now.monotonic = table.engine.deadline().unwrap();
    table.on(Input::Tick);
    table.event(Event::Opened(Ok(())));
    assert!(table.greets_with(Some(&at(4))));
}

#[test]
fn an_idle_device_is_never_woken() {
    let mut table = Table::online("anna", 4);
    // The device was told of itself.
    assert!(
        table.has(|output| matches!(output, Output::Network(ToNetwork::Put { version: 1, .. })))
    );
    let (version, result) = (1, Ok(()));
    table.done(Done::Put { version, result });
    assert_eq!(table.engine.deadline(), None);
}
