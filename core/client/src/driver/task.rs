//! The engine's task: inputs in, effects out, one after the other.

mod obey;

use std::{sync::Arc, time::Instant};

use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use jiff::SignedDuration;
use tokio::sync::{mpsc, oneshot, watch};
use vestnik_model::{
    Cursor, Entry, Feature,
    contract::{CONTRACT, Hello, Sync as SyncCall},
};
use vestnik_signalr::client::clock::sleep_until;

use super::{
    Shared,
    announce::{Announcements, SHOWS},
    errand::{ReportBounds, note, register, report},
    session::Session,
};
use crate::{
    config::Config,
    engine::{self, Effect, Engine, Input, Live},
    event::{ConnectionState, Event},
    identity::IdentitySource,
    store::{InstallationIdentity, StoreError},
    transport::{CallFailure, ConnectFailure, HubCalls, HubConnection, HubEvent, Transport},
};

pub(crate) use obey::Command;
use obey::reply;

/// The longest pause without looking up.
const IDLE: std::time::Duration = std::time::Duration::from_secs(3_600);

/// For how long ids are remembered after their notification left the history.
const SEEN: SignedDuration = SignedDuration::from_hours(24 * 60);

/// What the task is made of.
pub(crate) struct DriverParts {
    pub(crate) config: Config,
    pub(crate) installation: InstallationIdentity,
    pub(crate) identity: Arc<dyn IdentitySource>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) told: watch::Sender<ConnectionState>,
    pub(crate) events: mpsc::Sender<Event>,
    pub(crate) first: Vec<Event>,
}

/// Starts the task.
pub(crate) async fn spawn(
    parts: DriverParts,
    commands: mpsc::Receiver<Command>,
) -> Result<(), StoreError> {
    let task = Task::new(parts).await?;
    tokio::spawn(task.run(commands));
    Ok(())
}

/// What came of something asked for.
enum Done {
    Input(Input),
    Connected(Result<HubConnection, ConnectFailure>),
    Quiet,
}

struct Task {
    config: Config,
    session: Arc<Session>,
    shared: Arc<Shared>,
    told: watch::Sender<ConnectionState>,
    events: mpsc::Sender<Event>,
    engine: Engine,
    running: FuturesUnordered<BoxFuture<'static, Done>>,
    hub: Option<Arc<dyn HubCalls>>,
    heard: Option<mpsc::Receiver<HubEvent>>,
    announcements: Announcements,
    flushes: Vec<oneshot::Sender<()>>,
}

impl Task {
    async fn new(parts: DriverParts) -> Result<Self, StoreError> {
        let DriverParts {
            config,
            installation,
            identity,
            transport,
            shared,
            told,
            events,
            first,
        } = parts;
        shared.store.reshow_interrupted().await?;
        let now = shared.clock.now();
        let seen_until = now.checked_sub(SEEN).unwrap_or(now);
        shared
            .store
            .prune(config.tuning.history_rows, seen_until, now)
            .await?;
        let cursor = shared.store.cursor().await?;
        let waiting = shared.store.outbox_len().await?;
        let names = (config.app.clone(), installation);
        let session = Session::new(names, identity, transport, Arc::clone(&shared));
        Ok(Self {
            engine: Engine::new(config.tuning, cursor, waiting),
            config,
            session: Arc::new(session),
            shared,
            told,
            events,
            running: FuturesUnordered::new(),
            hub: None,
            heard: None,
            announcements: Announcements::new(first),
            flushes: Vec::new(),
        })
    }

    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        self.finish_logout();
        self.handle(Input::Begin).await;
        loop {
            self.take_shows().await;
            let deadline = self.engine.deadline();
            let deadline = deadline.unwrap_or_else(|| self.now() + IDLE);
            let clock = Arc::clone(&self.shared.clock);
            let now = || clock.instant();
            let events = self.events.clone();
            let has_news = !self.announcements.is_empty();
            tokio::select! {
                command = commands.recv() => match command {
                    Some(Command::Stop { answer }) => return self.stop(Some(answer)).await,
                    Some(command) => self.obey(command).await,
                    None => return self.stop(None).await,
                },
                Some(done) = self.running.next(), if !self.running.is_empty() => self.on_done(done).await,
                event = hear(&mut self.heard) => self.on_hub(event).await,
                permit = events.reserve(), if has_news => {
                    // A shell that is gone is told nothing; the history goes on.
                    if let (Ok(permit), Some(event)) = (permit, self.announcements.next()) {
                        permit.send(event);
                    }
                }
                () = sleep_until(deadline, now) => self.handle(Input::Tick).await,
            }
        }
    }

    fn now(&self) -> Instant {
        self.shared.clock.instant()
    }

    /// Hands an input to the engine and carries out what it decides.
    async fn handle(&mut self, input: Input) {
        self.engine
            .handle(self.now(), fraction(self.shared.clock.random()), input);
        while let Some(effect) = self.engine.poll() {
            if let Some(failure) = self.carry_out(effect).await {
                self.engine
                    .handle(self.now(), fraction(self.shared.clock.random()), failure);
            }
        }
    }

    /// Carries one effect out; gives an input when it failed on the spot.
    async fn carry_out(&mut self, effect: Effect) -> Option<Input> {
        match effect {
            Effect::GetToken { fresh } => self.get_token(fresh),
            Effect::Connect => self.connect(),
            Effect::Greet(cursor) => self.greet(cursor),
            Effect::Read(cursor) => self.read(cursor),
            Effect::Apply { entries, cursor } => return self.apply(entries, cursor).await,
            Effect::Report { max_bytes } => self.report(max_bytes),
            Effect::Register => self.register(),
            Effect::HangUp => self.hang_up(),
            Effect::Tell(state) => {
                self.told.send_replace(state);
            }
            Effect::AskForIdentity => self.announcements.ask_for_identity(),
        }
        None
    }

    fn run_beside(&self, work: impl Future<Output = Done> + Send + 'static) {
        self.running.push(work.boxed());
    }

    fn get_token(&self, fresh: bool) {
        let session = Arc::clone(&self.session);
        self.run_beside(
            async move { Done::Input(Input::Token(session.token(fresh).await.map(drop))) },
        );
    }

    fn connect(&self) {
        let session = Arc::clone(&self.session);
        self.run_beside(async move {
            Done::Connected(match session.token(false).await {
                Ok(token) => session.transport.connect(token).await,
                Err(_) => Err(ConnectFailure::Unreachable { retry_after: None }),
            })
        });
    }

    fn greet(&self, cursor: Option<Cursor>) {
        let Some(hub) = self.hub.clone() else { return };
        let device = &self.config.device;
        let hello = Hello {
            contract: CONTRACT,
            features: Feature::all(),
            installation_id: self.session.installation.id,
            cursor,
            locale: device.locale.clone(),
            time_zone: device.time_zone.clone(),
            permission: Some(device.permission.into()),
            app_version: device.app_version.clone(),
        };
        self.run_beside(async move {
            let welcome = hub.hello(hello).await;
            Done::Input(Input::Welcomed(welcome.map_err(greeting_failure)))
        });
    }

    fn read(&self, cursor: Option<Cursor>) {
        let Some(hub) = self.hub.clone() else { return };
        let sync = SyncCall {
            cursor,
            limit: Some(self.config.tuning.page),
        };
        self.run_beside(async move {
            let page = hub.sync(sync).await;
            let page = page.map_err(|failure| note(failure).retry_after());
            Done::Input(Input::Page(page))
        });
    }

    /// Stores and commits, then announces.
    async fn apply(&mut self, entries: Vec<Entry>, cursor: Cursor) -> Option<Input> {
        match self
            .shared
            .store
            .apply(entries, cursor, self.shared.stamp())
            .await
        {
            Ok(applied) => {
                self.announcements.more_shows |= !applied.inserted.is_empty();
                self.announcements.change(applied.inserted);
                self.announcements.change(applied.changed);
                self.announcements.withdraw(applied.withdrawn);
                self.recount().await;
                self.outbox_changed().await
            }
            Err(error) => {
                tracing::error!(%error, "entries could not be stored");
                let stands_at = self.shared.store.cursor().await.ok().flatten();
                Some(Input::StorageFailed(stands_at))
            }
        }
    }

    async fn recount(&mut self) {
        if let Err(error) = self.shared.recount().await {
            tracing::error!(%error, "unread notifications could not be counted");
        }
    }

    async fn outbox_changed(&mut self) -> Option<Input> {
        let waiting = self.shared.store.outbox_len().await.ok()?;
        if waiting == 0 {
            for flush in self.flushes.drain(..) {
                reply(flush, ());
            }
        }
        Some(Input::OutboxHas(waiting))
    }

    fn report(&self, max_bytes: usize) {
        let Some(hub) = self.hub.clone() else { return };
        let shared = Arc::clone(&self.shared);
        let bounds = ReportBounds {
            facts: self.config.tuning.report_batch,
            bytes: max_bytes,
        };
        self.run_beside(async move {
            let outcome = report(&shared, hub.as_ref(), bounds).await;
            Done::Input(Input::Reported(outcome))
        });
    }

    fn register(&self) {
        let (session, state) = (
            Arc::clone(&self.session),
            self.config.device.installation_state(),
        );
        self.run_beside(async move {
            register(&session, state).await;
            Done::Quiet
        });
    }

    fn hang_up(&mut self) {
        self.heard = None;
        if let Some(hub) = self.hub.take() {
            self.run_beside(async move {
                hub.close().await;
                Done::Quiet
            });
        }
    }

    async fn on_done(&mut self, done: Done) {
        match done {
            Done::Quiet => {}
            Done::Input(input) => {
                let is_report = matches!(input, Input::Reported(_));
                self.handle(input).await;
                if is_report && let Some(input) = self.outbox_changed().await {
                    self.handle(input).await;
                }
            }
            Done::Connected(Ok(HubConnection { calls, events })) => {
                self.hub = Some(calls);
                self.heard = Some(events);
                self.handle(Input::Connected(Ok(()))).await;
            }
            Done::Connected(Err(failure)) => {
                self.handle(Input::Connected(Err(connect_failure(failure))))
                    .await;
            }
        }
    }

    async fn on_hub(&mut self, event: Option<HubEvent>) {
        let input = match event {
            Some(HubEvent::Entries(entries)) => Input::Heard(Live::Entries(entries)),
            Some(HubEvent::Behind(end)) => Input::Heard(Live::Behind(end)),
            Some(HubEvent::Replaced) => Input::Heard(Live::Replaced),
            Some(HubEvent::Drain(after)) => Input::Heard(Live::Drain(after)),
            Some(HubEvent::Closed { may_return }) => {
                self.hang_up();
                Input::Lost { may_return }
            }
            None => {
                self.hang_up();
                Input::Lost { may_return: true }
            }
        };
        self.handle(input).await;
    }

    async fn take_shows(&mut self) {
        if !self.announcements.wants_shows() {
            return;
        }
        match self
            .shared
            .store
            .take_shows(SHOWS, self.shared.clock.now())
            .await
        {
            Ok(shows) => self.announcements.show(shows),
            Err(error) => {
                tracing::error!(%error, "notifications to show could not be read");
                self.announcements.more_shows = false;
            }
        }
    }

    /// Ends the connection, then the database. Facts that wait are reported after the next start.
    async fn stop(mut self, answer: Option<oneshot::Sender<()>>) {
        self.hang_up();
        while self.running.next().now_or_never().flatten().is_some() {}
        self.shared.store.close().await;
        if let Some(answer) = answer {
            reply(answer, ());
        }
    }
}

/// Hears the hub while there is one.
async fn hear(heard: &mut Option<mpsc::Receiver<HubEvent>>) -> Option<HubEvent> {
    match heard {
        Some(heard) => heard.recv().await,
        None => std::future::pending().await,
    }
}

/// A fraction from 0 to 1.
fn fraction(random: [u8; 16]) -> f64 {
    f64::from(u32::from_le_bytes([
        random[0], random[1], random[2], random[3],
    ])) / f64::from(u32::MAX)
}

/// A refused greeting is as good as no connection.
fn greeting_failure(failure: CallFailure) -> engine::ConnectFailure {
    let failure = note(failure);
    if failure.is_about_credentials() {
        engine::ConnectFailure::Unauthorized
    } else {
        engine::ConnectFailure::Unreachable(failure.retry_after())
    }
}

fn connect_failure(failure: ConnectFailure) -> engine::ConnectFailure {
    match failure {
        ConnectFailure::Unreachable { retry_after } => {
            engine::ConnectFailure::Unreachable(retry_after)
        }
        ConnectFailure::Unauthorized => engine::ConnectFailure::Unauthorized,
        ConnectFailure::Refused => engine::ConnectFailure::Refused,
    }
}
