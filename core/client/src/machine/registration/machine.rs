//! The machine.

use std::{collections::VecDeque, time::Duration};

use jiff::SignedDuration;
use vestnik_clock::{Monotonic, Now};
use vestnik_inbox::planted::Plant;
use vestnik_model::{InstallationReport, InstallationState, PushAddress, PushAddressKind};

use super::{
    Change, Input, Output, Told, Wish,
    opening::{Opening, seconds_since},
    topic::Wishes,
};
use crate::machine::{
    CallFailure, ConnectionNumber, Generation, Pace, Secret, TokenNumber, patience, pause::Backoff,
};

/// After so long the state is told again even unchanged, in case the server forgot.
const STALE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// After so long no request that was given up can land any more.
const SETTLED: Duration = Duration::from_secs(60);
/// The first pause after a failure is at most this long.
const BASE: Duration = Duration::from_secs(4);
/// Any pause after a failure is at most this long, unless the server asks for more.
const CAP: Duration = Duration::from_secs(15 * 60);
/// The shortest pause after a failure.
const LEAST: Duration = Duration::from_secs(1);
/// How many failures a refusal counts for: it is tried again, rarely.
const REFUSED: u32 = 6;

/// The machine that tells the server about this device.
///
/// Calling contract: hand every [`Input`] to [`handle`](Self::handle), then drain
/// [`poll`](Self::poll) and carry each [`Output`] out; hand in [`Input::Tick`] no later than
/// [`deadline`](Self::deadline). Each output that names an input after an arrow is answered by exactly
/// one such input. Inputs of another connection or session than the present one are dropped.
#[derive(Debug)]
pub struct Registration {
    pace: Pace,
    generation: Option<Generation>,
    connection: Option<ConnectionNumber>,
    state: InstallationState,
    version: u64,
    told: Option<Told>,
    opening: Opening,
    put: Put,
    /// Until then a request that was given up may land.
    uncertain_until: Option<Monotonic>,
    not_before: Option<Monotonic>,
    backoff: Backoff,
    wishes: Wishes,
    /// The wish that is on its way, and on which connection.
    telling: Option<Telling>,
    topic_not_before: Option<Monotonic>,
    topic_backoff: Backoff,
    outputs: VecDeque<Output>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Put {
    Idle,
    WantsToken,
    Running(Running),
}

/// A request that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Running {
    version: u64,
    token: TokenNumber,
    /// The opening that it tells of.
    opening: Option<Monotonic>,
    /// When no answer can come any more.
    until: Monotonic,
}

#[derive(Debug)]
struct Telling {
    connection: ConnectionNumber,
    wish: Wish,
    /// When no answer can come any more.
    until: Monotonic,
}

impl Registration {
    /// A machine for a device in this state, without a session.
    #[must_use]
    pub fn new(state: InstallationState, pace: Pace) -> Self {
        Self {
            pace,
            generation: None,
            connection: None,
            state,
            version: 1,
            told: None,
            opening: Opening::default(),
            put: Put::Idle,
            uncertain_until: None,
            not_before: None,
            backoff: pace.background(BASE, CAP),
            wishes: Wishes::default(),
            telling: None,
            topic_not_before: None,
            topic_backoff: pace.background(BASE, CAP),
            outputs: VecDeque::new(),
        }
    }

    /// Takes what happened.
    pub fn handle(&mut self, now: Now, input: Input) {
        match input {
            Input::Begin {
                generation,
                told,
                wishes,
            } => self.begin(generation, told, wishes),
            Input::End => self.end(),
            Input::Up(connection) => self.on_up(connection),
            Input::Down(connection) => self.on_down(connection),
            Input::Change(change) => self.change(change),
            Input::Opened(at) => self.opening.opened(at),
            Input::PushAddress(address) => self.set_address(address),
            Input::ForgetPushAddress(kind) => self.forget_address(kind),
            Input::TellAgain => self.tell_again(),
            Input::Topic { topic, joins } => self.wish(Wish { topic, joins }),
            Input::Token { number, token } => self.on_token(now, number, token),
            Input::Put {
                generation,
                version,
                result,
            } => self.on_put(now, generation, version, result),
            Input::TopicTold { connection, result } => self.on_topic(now, connection, result),
            Input::Tick => self.on_tick(now),
        }
        self.advance(now);
    }

    /// Gives what to do next, oldest first.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call `handle` with `Tick` at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Monotonic> {
        self.connection?;
        let put = match self.put {
            Put::Idle => self.not_before.or_else(|| self.opening.deadline()),
            Put::WantsToken => None,
            Put::Running(running) => Some(running.until),
        };
        let topic = match &self.telling {
            Some(telling) => Some(telling.until),
            None => self.topic_not_before,
        };
        [put, topic].into_iter().flatten().min()
    }

    /// The device's state: what it says hello with.
    #[must_use]
    pub const fn state(&self) -> &InstallationState {
        &self.state
    }

    /// Whether an access token is waited for.
    #[must_use]
    pub fn wants_token(&self) -> bool {
        self.put == Put::WantsToken
    }

    fn begin(&mut self, generation: Generation, told: Option<Told>, wishes: Vec<Wish>) {
        self.end();
        self.generation = Some(generation);
        self.told = told;
        self.wishes = Wishes::new(wishes);
    }

    /// The state is the device's and stays; so does when the app was opened.
    fn end(&mut self) {
        let (version, opening) = (self.version, self.opening.of_another_session());
        *self = Self {
            version,
            opening,
            ..Self::new(self.state.clone(), self.pace)
        };
    }

    fn on_up(&mut self, connection: ConnectionNumber) {
        self.connection = Some(connection);
        self.backoff.reset();
        self.topic_backoff.reset();
        self.topic_not_before = None;
        self.not_before = None;
    }

    /// An answer that was lost on the way is none.
    fn on_tick(&mut self, now: Now) {
        if let (Put::Running(running), Some(generation)) = (&self.put, self.generation)
            && running.until <= now.monotonic
        {
            let lost = Err(CallFailure::NoAnswer);
            self.on_put(now, generation, running.version, lost);
        }
        if let Some(telling) = &self.telling
            && telling.until <= now.monotonic
        {
            self.on_topic(now, telling.connection, Err(CallFailure::NoAnswer));
        }
    }

    fn on_down(&mut self, connection: ConnectionNumber) {
        if self.connection == Some(connection) {
            self.connection = None;
            self.telling = None;
            if self.put == Put::WantsToken {
                self.put = Put::Idle;
            }
        }
    }

    fn change(&mut self, change: Change) {
        self.replace(change.applied(self.state.clone()));
    }

    fn set_address(&mut self, address: PushAddress) {
        if Plant::AddressStays.is_on() {
            return;
        }
        let mut state = self.state.clone();
        let own = state.push_addresses.iter_mut();
        // In its place: their order is that in which the server tries them.
        match own.into_iter().find(|own| address.excludes(own)) {
            Some(own) => *own = address,
            None => state.push_addresses.push(address),
        }
        self.replace(state);
    }

    fn forget_address(&mut self, kind: PushAddressKind) {
        let mut state = self.state.clone();
        state.push_addresses.retain(|own| own.kind != kind);
        self.replace(state);
    }

    /// A new state is told at once, whatever pause an older one has.
    fn replace(&mut self, state: InstallationState) {
        let state = state.cleaned();
        if state != self.state {
            self.state = state;
            self.version += 1;
            self.not_before = None;
        }
    }

    /// A pause after a failure stays.
    fn tell_again(&mut self) {
        self.version += 1;
        if self.told.take().is_some() {
            self.outputs.push_back(Output::KeepTold(None));
        }
    }

    fn wish(&mut self, wish: Wish) {
        if self.generation.is_some() {
            self.wishes.add(wish);
            self.topic_not_before = None;
            self.keep_wishes();
        }
    }

    fn keep_wishes(&mut self) {
        self.outputs
            .push_back(Output::KeepWishes(self.wishes.all()));
    }

    fn on_token(&mut self, now: Now, number: TokenNumber, token: Secret) {
        let (Put::WantsToken, Some(generation)) = (&self.put, self.generation) else {
            return;
        };
        let opening = self.opening.untold();
        self.put = Put::Running(Running {
            version: self.version,
            token: number,
            opening,
            until: now.monotonic + patience::SERVER,
        });
        self.outputs.push_back(Output::Put {
            generation,
            version: self.version,
            report: Box::new(InstallationReport {
                state: self.state.clone(),
                opened_seconds_ago: opening.map(|at| seconds_since(at, now.monotonic)),
            }),
            token,
        });
    }

    fn on_put(
        &mut self,
        now: Now,
        generation: Generation,
        answered: u64,
        result: Result<(), CallFailure>,
    ) {
        let Put::Running(running) = self.put else {
            return;
        };
        let Running { version, token, .. } = running;
        if self.generation != Some(generation) || version != answered {
            return;
        }
        self.put = Put::Idle;
        match result {
            Ok(()) => {
                if let Some(opening) = running.opening {
                    self.opening.told(opening, now.monotonic);
                }
                self.on_told(now, version);
            }
            Err(failure) => self.on_not_told(now, token, &failure),
        }
    }

    fn on_told(&mut self, now: Now, version: u64) {
        self.backoff.reset();
        if let Some(until) = self.uncertain_until.filter(|at| *at > now.monotonic) {
            self.not_before = Some(until);
        } else if version == self.version {
            self.told = Some(Told {
                digest: digest(&self.state),
                at: now.wall,
            });
            self.outputs.push_back(Output::KeepTold(self.told.clone()));
        }
    }

    fn on_not_told(&mut self, now: Now, token: TokenNumber, failure: &CallFailure) {
        if *failure == CallFailure::NoAnswer {
            self.uncertain_until = Some(now.monotonic + SETTLED);
            if self.told.take().is_some() {
                self.outputs.push_back(Output::KeepTold(None));
            }
        }
        if failure.is_about_token() && self.backoff.is_clear() && self.connection.is_some() {
            self.backoff.at_least(1);
            self.put = Put::WantsToken;
            self.outputs.push_back(Output::WantToken {
                refused: Some(token),
            });
            return;
        }
        if failure.is_refusal() {
            self.backoff.at_least(REFUSED);
        }
        let pause = self.backoff.fail(failure.retry_after(), now.random);
        self.not_before = Some(now.monotonic + pause.max(LEAST));
    }

    fn on_topic(
        &mut self,
        now: Now,
        connection: ConnectionNumber,
        result: Result<(), CallFailure>,
    ) {
        let is_this = |telling: &mut Telling| telling.connection == connection;
        let Some(Telling { wish, .. }) = self.telling.take_if(is_this) else {
            return;
        };
        match result {
            Ok(()) => {
                self.topic_backoff.reset();
                self.settle_wish(&wish);
                let Wish { topic, joins } = wish;
                self.outputs.push_back(Output::TopicDone { topic, joins });
            }
            Err(CallFailure::Problem {
                code,
                status,
                retry_after,
            }) => {
                let failure = CallFailure::Problem {
                    code: code.clone(),
                    status,
                    retry_after,
                };
                if failure.is_refusal() {
                    self.settle_wish(&wish);
                    let topic = wish.topic;
                    self.outputs.push_back(Output::TopicRefused { topic, code });
                } else {
                    self.pause_topics(now, &wish, &failure);
                }
            }
            Err(failure @ (CallFailure::NoAnswer | CallFailure::Foreign { .. })) => {
                self.pause_topics(now, &wish, &failure);
            }
        }
    }

    fn settle_wish(&mut self, wish: &Wish) {
        self.wishes.answered(wish);
        self.keep_wishes();
    }

    /// The others go first when it goes on, so that a wish that cannot be told blocks no other.
    fn pause_topics(&mut self, now: Now, wish: &Wish, failure: &CallFailure) {
        self.wishes.put_last(wish);
        let pause = self.topic_backoff.fail(failure.retry_after(), now.random);
        self.topic_not_before = Some(now.monotonic + pause.max(LEAST));
    }

    /// Decides what to do next.
    fn advance(&mut self, now: Now) {
        let (Some(_), Some(connection)) = (self.generation, self.connection) else {
            return;
        };
        self.not_before = self.not_before.filter(|at| *at > now.monotonic);
        self.topic_not_before = self.topic_not_before.filter(|at| *at > now.monotonic);
        if self.put == Put::Idle && self.not_before.is_none() && self.is_due(now) {
            self.put = Put::WantsToken;
            self.outputs.push_back(Output::WantToken { refused: None });
        }
        if self.telling.is_none()
            && self.topic_not_before.is_none()
            && let Some(wish) = self.wishes.first()
        {
            let Wish { topic, joins } = wish.clone();
            self.telling = Some(Telling {
                connection,
                wish: wish.clone(),
                until: now.monotonic + patience::SERVER,
            });
            self.outputs.push_back(Output::Topic {
                connection,
                topic,
                joins,
            });
        }
    }

    /// Whether the state has to be told: it changed, it is long ago, or the app was opened.
    fn is_due(&self, now: Now) -> bool {
        if self.opening.is_due(now.monotonic) {
            return true;
        }
        self.told.as_ref().is_none_or(|told| {
            let age = now.wall.duration_since(told.at);
            told.digest != digest(&self.state) || age >= STALE || age.is_negative()
        })
    }
}

/// Tells states apart without their content, which has push addresses: FNV-1a of 64 bits over the
/// JSON.
#[must_use]
pub fn digest(state: &InstallationState) -> String {
    let json = serde_json::to_vec(state).unwrap_or_default();
    let hash = json.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    format!("{hash:016x}")
}
