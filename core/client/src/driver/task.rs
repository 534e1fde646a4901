//! The task that has the engine: whatever happens goes in, whatever is to be done is begun.

use std::sync::Arc;

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};
use vestnik_clock::Monotonic;
use vestnik_inbox::OutboxBatch;
use vestnik_model::{InstallationState, Reported, TopicName, UserId};

use super::{
    device,
    links::Links,
    shared::Wishes,
    supervisor::{Inputs, Parts},
    waiting::{Answer, LoginAnswer, Waiting},
};
use crate::{
    error::Error,
    machine::{
        CallFailure, ConnectionNumber, Pace, Secret,
        engine::{self, Engine, Event, Input},
        session::{Seed, Standing},
    },
    storage::Round,
    transport::{HubConnection, HubEvent},
};

/// The longest sleep without a look at the clock: timers stop while the machine sleeps.
const LOOK: std::time::Duration = std::time::Duration::from_secs(5);

/// What the handle asks of the task.
#[derive(Debug)]
pub(crate) enum Command {
    /// The user, vouched for by an identity token.
    Login {
        user: UserId,
        identity: Secret,
        answer: LoginAnswer,
    },
    /// The user logs out.
    Logout { answer: Answer },
    /// Report what waits.
    Flush { answer: oneshot::Sender<bool> },
    /// Read the log to its end.
    CatchUp { answer: oneshot::Sender<bool> },
    /// The user joins or leaves a topic.
    Topic {
        topic: TopicName,
        joins: bool,
        answer: Answer,
    },
    /// Finish.
    Stop,
}

/// What came of work.
pub(super) enum Outcome {
    Input(Input),
    Opened(ConnectionNumber, Result<HubConnection, CallFailure>),
    Reported(ConnectionNumber, Result<Reported, CallFailure>),
}

/// What ends a run of the task.
pub(super) struct Stopped;

pub(super) struct Task {
    pub(super) parts: Arc<Parts>,
    pub(super) engine: Engine,
    pub(super) work: JoinSet<Option<Outcome>>,
    pub(super) links: Links,
    events: mpsc::Receiver<(ConnectionNumber, HubEvent)>,
    pub(super) waiting: Waiting,
    /// The batch of facts that is on its way, which the storage leaves here.
    pub(super) round: Arc<std::sync::Mutex<Round>>,
    /// Why the session was not durable last, which the storage leaves here.
    pub(super) not_durable: Arc<std::sync::Mutex<Option<Error>>>,
    is_online: bool,
    is_suspended: bool,
    wakes: u64,
    /// How often the app asked what the user does not want, as the engine knows it.
    asks: u64,
    /// When the app was last brought to the front, as the engine knows it.
    opened: Option<Monotonic>,
    /// The device's state, as the engine knows it.
    device: InstallationState,
}

impl Task {
    pub(super) fn new(parts: Arc<Parts>, seed: Seed) -> Self {
        let (device, wakes) = {
            let wishes = parts.shared.wishes();
            (wishes.device.clone(), wishes.wakes)
        };
        let pace = Pace {
            backoff_base: parts.tuning.backoff_base,
            backoff_cap: parts.tuning.backoff_cap,
        };
        let (links, events) = Links::new();
        Self {
            engine: Engine::new(seed, device.clone(), pace),
            parts,
            work: JoinSet::new(),
            links,
            events,
            waiting: Waiting::default(),
            round: Arc::default(),
            not_durable: Arc::default(),
            is_online: false,
            is_suspended: false,
            wakes,
            asks: 0,
            opened: None,
            device,
        }
    }

    pub(super) async fn run(mut self, inputs: &mut Inputs) -> Stopped {
        let shared = Arc::clone(&self.parts.shared);
        self.carry_out();
        self.follow_wishes();
        loop {
            let deadline = self.engine.deadline();
            // What became durable before a command was given goes in before it.
            tokio::select! {
                biased;
                input = shared.outcomes.next() => self.handle(input),
                command = inputs.next() => match command {
                    Some(command) => self.on_command(command),
                    None => {
                        self.links.close_all().await;
                        return Stopped;
                    }
                },
                () = shared.wished.notified() => {}
                Some((number, event)) = self.events.recv() => self.on_event(number, event),
                Some(done) = self.work.join_next(), if !self.work.is_empty() => {
                    if let Ok(Some(outcome)) = done {
                        self.on_outcome(outcome);
                    }
                }
                () = sleep_until(deadline, &*self.parts.shared.clock) => self.handle(Input::Tick),
            }
            self.follow_wishes();
        }
    }

    /// Hands an input to the engine and begins what it decides.
    pub(super) fn handle(&mut self, input: Input) {
        let now = self.parts.shared.now();
        self.engine.handle(now, input);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.engine.poll() {
            self.carry(output);
        }
    }

    fn on_command(&mut self, command: Command) {
        match command {
            Command::Login {
                user,
                identity,
                answer,
            } => {
                self.waiting.login(user.clone(), answer);
                self.handle(Input::App(engine::Command::Login { user, identity }));
            }
            Command::Logout { answer } => {
                self.waiting.logout(answer);
                self.handle(Input::App(engine::Command::Logout));
            }
            Command::Flush { answer } => {
                self.waiting.flush(answer);
                self.handle(Input::App(engine::Command::Flush));
            }
            Command::CatchUp { answer } => {
                // The app may have said just before that it is to be online.
                self.follow_wishes();
                self.waiting.catch_up(answer);
                self.handle(Input::App(engine::Command::CatchUp));
            }
            Command::Topic {
                topic,
                joins,
                answer,
            } => self.on_topic(topic, joins, answer),
            // It is taken where commands are received.
            Command::Stop => {}
        }
    }

    fn on_topic(&mut self, topic: TopicName, joins: bool, answer: Answer) {
        match self.engine.snapshot().standing {
            Standing::LoggedIn { .. } => {
                self.waiting.topic(topic.clone(), joins, answer);
                self.handle(Input::App(engine::Command::Topic { topic, joins }));
            }
            Standing::Nobody
            | Standing::LoggingIn { .. }
            | Standing::LoggingOut
            | Standing::NeedsIdentity { .. } => {
                drop(answer.send(Err(Error::LoggedOut)));
            }
        }
    }

    fn on_event(&mut self, connection: ConnectionNumber, event: HubEvent) {
        let event = match event {
            HubEvent::Entries(entries) => Event::Entries(entries),
            HubEvent::Behind(end) => Event::Behind(end),
            HubEvent::Replaced => Event::Replaced,
            HubEvent::Drain(after) => Event::Drain(after),
            HubEvent::Closed { may_return } => Event::Lost { may_return },
        };
        self.handle(Input::Connection { connection, event });
    }

    fn on_outcome(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Input(input) => self.handle(input),
            Outcome::Opened(connection, result) => {
                let result = match result {
                    Ok(opened) => {
                        self.links.opened(connection, opened, &mut self.work);
                        Ok(())
                    }
                    Err(failure) => {
                        self.links.failed(connection);
                        Err(failure)
                    }
                };
                let event = Event::Opened(result);
                self.handle(Input::Connection { connection, event });
            }
            Outcome::Reported(connection, result) => {
                let result = result.map(|answer| self.round().answer = answer);
                let event = Event::Answered(result);
                self.handle(Input::Connection { connection, event });
            }
        }
    }

    pub(super) fn round(&self) -> std::sync::MutexGuard<'_, Round> {
        let round = self.round.lock();
        round.unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The batch that is on its way.
    pub(super) fn batch(&self) -> OutboxBatch {
        self.round().batch.clone()
    }

    /// Tells the engine what the app wishes, where it does not know it.
    fn follow_wishes(&mut self) {
        let Wishes {
            is_online,
            is_suspended,
            wakes,
            nudge,
            opened,
            tells_again,
            asks,
            device,
        } = {
            let mut wishes = self.parts.shared.wishes();
            let present = wishes.clone();
            wishes.nudge = None;
            wishes.tells_again = false;
            present
        };
        self.follow_device(device);
        if let Some(at) = opened
            && std::mem::replace(&mut self.opened, opened) != opened
        {
            self.handle(Input::App(engine::Command::Opened(at)));
        }
        if std::mem::replace(&mut self.asks, asks) != asks {
            self.handle(Input::App(engine::Command::AskOptOuts));
        }
        if tells_again {
            self.handle(Input::App(engine::Command::TellAgain));
        }
        if std::mem::replace(&mut self.is_online, is_online) != is_online {
            let command = if is_online {
                engine::Command::GoOnline
            } else {
                engine::Command::GoOffline
            };
            self.handle(Input::App(command));
        }
        let has_slept = std::mem::replace(&mut self.wakes, wakes) != wakes;
        let was_suspended = std::mem::replace(&mut self.is_suspended, is_suspended);
        if has_slept && !was_suspended {
            // It fell asleep before the task was told.
            self.handle(Input::App(engine::Command::Suspend));
        }
        if (has_slept || was_suspended) && !is_suspended {
            self.handle(Input::App(engine::Command::Resume));
        } else if is_suspended && (has_slept || !was_suspended) {
            self.handle(Input::App(engine::Command::Suspend));
        }
        if let Some(nudge) = nudge {
            self.handle(Input::App(engine::Command::Nudge(nudge)));
        }
    }

    fn follow_device(&mut self, device: InstallationState) {
        if device == self.device {
            return;
        }
        let former = std::mem::replace(&mut self.device, device);
        for command in device::changes(&former, &self.device) {
            self.handle(Input::App(command));
        }
    }
}

/// Waits until a deadline, by a clock that goes on while the machine sleeps. Without a deadline nothing
/// wakes the device.
async fn sleep_until(deadline: Option<Monotonic>, clock: &dyn vestnik_clock::Clock) {
    let Some(deadline) = deadline else {
        return std::future::pending().await;
    };
    loop {
        let left = deadline.saturating_since(clock.monotonic());
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(LOOK)).await;
    }
}
