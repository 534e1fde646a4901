//! The engine.

mod asking;
mod dispatch;
mod nudge;
mod route;

use std::{collections::VecDeque, time::Duration};

use vestnik_clock::{Monotonic, Now};
use vestnik_inbox::planted::Plant;
use vestnik_model::{
    InstallationState, TopicName, UserId, contract::Welcome, limits::REPORT_BYTES,
};

use self::{asking::Asking, nudge::Nudges};
use super::{Input, Output, Phase, Snapshot, Stands, TimeReading, ToApp, ToStorage};
use crate::machine::{
    CallFailure, ConnectionNumber, Generation, Pace, Trouble,
    connection::{self, Connection},
    consent::{self, Consent},
    registration::{self, Registration, Wish},
    report::{self, ReportMachine},
    session::{self, Session},
    sync::{self, Sync},
};

/// A device's decisions.
///
/// Calling contract: after [`new`](Self::new) and after each [`handle`](Self::handle) drain
/// [`poll`](Self::poll) and carry each [`Output`] out; hand in [`Input::Tick`] no later than
/// [`deadline`](Self::deadline). Each output that names an input after an arrow is answered by exactly
/// one such input. A call that is given up is answered by
/// [`CallFailure::NoAnswer`]. What is to be
/// stored is stored in the order in which it comes.
///
/// ```
/// use vestnik_clock::{Clock, ManualClock, Now};
/// use vestnik_core::{
///     DeviceInfo,
///     machine::{
///         Generation, Pace, Secret,
///         engine::{Command, Engine, Input, Output, ToNetwork},
///         session::{Seed, SeedStanding},
///     },
/// };
/// use vestnik_model::{Permission, Platform, UserId};
///
/// let device = DeviceInfo {
///     platform: Platform::Linux,
///     model: None,
///     os_version: None,
///     app_version: None,
///     locale: Some("ru".to_owned()),
///     time_zone: None,
///     permission: Permission::Granted,
/// };
/// let seed = Seed {
///     generation: Generation::new(0),
///     standing: SeedStanding::Nobody,
///     logouts: Vec::new(),
/// };
/// let clock = ManualClock::new("2026-11-28T12:00:00Z".parse()?, 7);
/// let mut engine = Engine::new(seed, device.installation_state(), Pace::default());
///
/// let (user, identity) = (UserId::parse("anna")?, Secret::new("e30.e30.sig"));
/// engine.handle(Now::read(&clock), Input::App(Command::Login { user, identity }));
/// let exchange = std::iter::from_fn(|| engine.poll())
///     .find(|output| matches!(output, Output::Network(ToNetwork::Exchange { .. })));
/// assert!(exchange.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Engine {
    session: Session,
    connection: Connection,
    sync: Sync,
    report: ReportMachine,
    registration: Registration,
    consent: Consent,
    pace: Pace,
    asking: Option<Asking>,
    nudges: Nudges,
    /// The most bytes of a report, as the present connection's server said.
    report_bytes: u64,
    /// When the server was greeted last.
    greeted_at: Option<Monotonic>,
    /// Whether the app waits until all facts are reported.
    is_flushing: bool,
    /// Whether the app waits until the log is read to its end.
    is_catching_up: bool,
    told: Option<Snapshot>,
    outputs: VecDeque<Output>,
}

impl Engine {
    /// The decisions of a device, by what its store says and the state that the app gives it. Its first
    /// outputs are there at once.
    #[must_use]
    pub fn new(seed: session::Seed, device: InstallationState, pace: Pace) -> Self {
        let mut engine = Self {
            session: Session::new(seed, pace),
            connection: Connection::new(pace),
            sync: Sync::new(),
            report: ReportMachine::new(pace),
            registration: Registration::new(device, pace),
            consent: Consent::new(pace),
            pace,
            asking: None,
            nudges: Nudges::default(),
            report_bytes: REPORT_BYTES as u64,
            greeted_at: None,
            is_flushing: false,
            is_catching_up: false,
            told: None,
            outputs: VecDeque::new(),
        };
        engine.begin_seeded();
        engine
    }

    /// Takes what happened.
    pub fn handle(&mut self, now: Now, input: Input) {
        self.dispatch(now, input);
        self.route(now);
        self.drop_token(now);
        self.route(now);
        self.ask_store_again(now);
        self.give_up_catching_up();
        self.tell();
    }

    /// Gives what to do next, oldest first.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call `handle` with `Tick` at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Monotonic> {
        let asking = self.asking.as_ref().and_then(Asking::deadline);
        [
            self.session.deadline(),
            self.connection.deadline(),
            self.sync.deadline(),
            self.report.deadline(),
            self.registration.deadline(),
            self.consent.deadline(),
            self.nudges.deadline(),
            asking,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Who the device is and how it is connected.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let (last_error, retry_at) = self.trouble();
        Snapshot {
            standing: self.session.standing(),
            phase: self.phase(),
            last_error,
            retry_at,
        }
    }

    fn put(&mut self, output: impl Into<Output>) {
        self.outputs.push_back(output.into());
    }

    fn phase(&self) -> Phase {
        match self.connection.phase() {
            connection::Phase::Off => Phase::Off,
            connection::Phase::Waiting { .. } => Phase::Waiting,
            connection::Phase::GettingToken
            | connection::Phase::Connecting
            | connection::Phase::Greeting => Phase::Connecting,
            connection::Phase::Up { .. } if self.sync.is_caught_up() => Phase::Online,
            connection::Phase::Up { .. } => Phase::Syncing,
        }
    }

    fn trouble(&self) -> (Option<Trouble>, Option<Monotonic>) {
        if let Some((trouble, retry_at)) = self.session.trouble() {
            return (Some(trouble), retry_at);
        }
        let retry_at = self.asking.as_ref().and_then(Asking::retry_at);
        if retry_at.is_some() {
            return (Some(Trouble::Storage), retry_at);
        }
        let retry_at = match self.connection.phase() {
            connection::Phase::Waiting { until } => Some(until),
            connection::Phase::Off
            | connection::Phase::GettingToken
            | connection::Phase::Connecting
            | connection::Phase::Greeting
            | connection::Phase::Up { .. } => None,
        };
        (self.connection.trouble(), retry_at)
    }

    /// Without a connection nothing is read. Before the store has said where it stands there is none yet.
    fn give_up_catching_up(&mut self) {
        if self.connection.phase() == connection::Phase::Off && self.asking.is_none() {
            self.caught_up(false);
        }
    }

    fn caught_up(&mut self, is_read: bool) {
        if std::mem::take(&mut self.is_catching_up) {
            self.put(ToApp::CaughtUp { is_read });
        }
    }

    fn tell(&mut self) {
        let snapshot = self.snapshot();
        if self.told.as_ref() != Some(&snapshot) {
            self.told = Some(snapshot.clone());
            self.put(ToApp::Tell(snapshot));
        }
    }

    /// A session that was stored has begun already. Its store is asked without any other machine.
    fn begin_seeded(&mut self) {
        if self.session.standing() == session::Standing::Nobody && !Plant::FormerIsShown.is_on() {
            // An earlier process may have ended in the middle of a logout.
            self.put(ToApp::Forget);
        }
        while let Some(output) = self.session.poll() {
            match output {
                session::Output::Began {
                    generation, user, ..
                } => self.ask_store(generation, user),
                session::Output::Note(note) => self.put(ToStorage::Note(note)),
                session::Output::Ended { .. } => self.put(ToApp::Forget),
                // Nothing else comes before the first input.
                session::Output::Exchange { .. }
                | session::Output::Delete { .. }
                | session::Output::Store { .. }
                | session::Output::Token { .. }
                | session::Output::Leaving
                | session::Output::Flush
                | session::Output::Login { .. }
                | session::Output::Logout(_) => {}
            }
        }
        self.tell();
    }

    fn ask_store(&mut self, generation: Generation, user: UserId) {
        let asking = Asking::new(generation, user, self.pace);
        self.put(asking.question());
        self.asking = Some(asking);
    }

    fn ask_store_again(&mut self, now: Now) {
        let due = self
            .asking
            .as_mut()
            .and_then(|asking| asking.is_due(now).then(|| asking.question()));
        if let Some(question) = due {
            self.put(question);
        }
    }

    fn on_stands(&mut self, now: Now, generation: Generation, stands: Option<Stands>) {
        let asked = |asking: &mut Asking| asking.generation == generation;
        let Some(mut asking) = self.asking.take_if(asked) else {
            return;
        };
        let Some(stands) = stands else {
            asking.on_failed(now);
            self.asking = Some(asking);
            return;
        };
        let Stands {
            cursor,
            outbox,
            told,
            wishes,
            opt_out_changes,
            sent_opt_outs,
        } = stands;
        self.sync
            .handle(now, sync::Input::Begin { generation, cursor });
        self.report
            .handle(now, report::Input::Begin { generation, outbox });
        let begin = registration::Input::Begin {
            generation,
            told,
            wishes,
        };
        self.registration.handle(now, begin);
        let begin = consent::Input::Begin {
            generation,
            changes: opt_out_changes,
            sent: sent_opt_outs,
        };
        self.consent.handle(now, begin);
        for Wish { topic, joins } in asking.into_wishes() {
            let topic = registration::Input::Topic { topic, joins };
            self.registration.handle(now, topic);
        }
        self.feed_connection(now, connection::Input::Session(true));
    }

    /// A token that nobody waits for any more is not asked for again and again.
    fn drop_token(&mut self, now: Now) {
        let is_wanted = self.connection.phase() == connection::Phase::GettingToken
            || self.registration.wants_token()
            || self.consent.wants_token();
        if !is_wanted {
            self.session.handle(now, session::Input::DropToken);
        }
    }

    fn on_tick(&mut self, now: Now) {
        if let Some(nudge) = self.nudges.due(now) {
            self.nudge(now, nudge);
        }
        self.session.handle(now, session::Input::Tick);
        self.connection.handle(now, connection::Input::Tick);
        self.sync.handle(now, sync::Input::Tick);
        self.report.handle(now, report::Input::Tick);
        self.registration.handle(now, registration::Input::Tick);
        self.consent.handle(now, consent::Input::Tick);
    }

    /// The wish is for the user whose store was asked, if it has not answered.
    fn wish(&mut self, now: Now, topic: TopicName, joins: bool) {
        match &mut self.asking {
            Some(asking) => asking.wish(topic, joins),
            None => {
                self.feed_registration(now, registration::Input::Topic { topic, joins });
            }
        }
    }

    fn on_greeted(
        &mut self,
        now: Now,
        connection: ConnectionNumber,
        result: Result<Welcome, CallFailure>,
    ) {
        let (result, welcome) = match result {
            Ok(welcome) => (Ok(()), Some(welcome)),
            Err(failure) => (Err(failure), None),
        };
        let is_expected = self.connection.is_greeting(connection);
        if is_expected && let Some(welcome) = &welcome {
            self.report_bytes = welcome.limits.report_bytes;
            // The time in an answer that came late is not the present one.
            self.put(ToStorage::ServerTime(TimeReading {
                server: welcome.server_time,
                device: now.wall,
                round_trip: self
                    .greeted_at
                    .map_or(Duration::ZERO, |at| now.monotonic.saturating_since(at)),
            }));
        }
        self.connection
            .handle(now, connection::Input::Greeted { connection, result });
        if let Some(welcome) = welcome {
            let input = sync::Input::Welcome {
                connection,
                end: welcome.cursor,
                behind_by: welcome.behind_by,
            };
            self.sync.handle(now, input);
        }
    }
}
