//! Runs the task, and begins another one if it panics.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use futures_util::FutureExt as _;
use tokio::sync::mpsc;
use vestnik_clock::Monotonic;
use vestnik_inbox::Identity;
use vestnik_model::{
    AppId, Feature, TokenRequest,
    contract::{CONTRACT, Hello},
};

use super::{
    Shared, Storage,
    task::{Command, Stopped, Task},
};
use crate::{
    config::Tuning,
    machine::{
        Trouble,
        engine::Greeting,
        session::{Exchange, Seed},
    },
    storage::Files,
    transport::Transport,
};

/// The pause before another engine begins, which doubles with each failure in a row.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause before another engine begins.
const LONGEST: Duration = Duration::from_secs(60);
/// How many calls wait for another engine. The oldest beyond them are answered by that there is none.
const KEPT: usize = 64;

/// What the task stands on. It outlives an engine that fails.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) app: AppId,
    pub(crate) identity: Identity,
    pub(crate) tuning: Tuning,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) storage: Storage,
    pub(crate) shared: Arc<Shared>,
}

impl Parts {
    /// The request by which tokens are asked for. The server may need the secret to recognise the
    /// installation's family of tokens.
    pub(super) fn request(&self, exchange: Exchange) -> TokenRequest {
        match exchange {
            Exchange::Identity(identity) => TokenRequest::IdentityToken {
                app: self.app.clone(),
                installation_id: self.identity.id,
                installation_secret: self.identity.secret.clone(),
                identity_token: identity.expose().to_owned(),
            },
            Exchange::Refresh(refresh) => TokenRequest::RefreshToken {
                refresh_token: refresh.expose().to_owned(),
                installation_secret: Some(self.identity.secret.clone()),
            },
            Exchange::Former(refresh) => TokenRequest::RefreshToken {
                refresh_token: refresh.expose().to_owned(),
                installation_secret: None,
            },
        }
    }

    pub(super) fn hello(&self, greeting: Greeting) -> Hello {
        let Greeting {
            cursor,
            locale,
            time_zone,
            permission,
            app_version,
        } = greeting;
        Hello {
            contract: CONTRACT,
            features: Feature::all(),
            installation_id: self.identity.id,
            cursor,
            locale,
            time_zone,
            permission: Some(permission),
            app_version,
        }
    }
}

impl Parts {
    /// Ends what does not need the task. What was asked of the storage is finished.
    fn finish(&self) {
        let shared = Arc::clone(&self.shared);
        self.storage.finish(move |files| {
            for ticket in shared.withdraw_offers() {
                ticket.give_back(files);
            }
        });
    }
}

/// The parts end with the supervisor, also if it ends because the runtime does.
struct Ending(Arc<Parts>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.finish();
        self.0.shared.end();
    }
}

/// What the app asks for.
pub(crate) struct Inputs {
    commands: mpsc::Receiver<Command>,
    /// What it asked for while there was no engine, oldest first.
    kept: VecDeque<Command>,
    /// What the storage said when it was opened, for the first engine.
    seed: Option<Seed>,
}

impl Inputs {
    pub(crate) const fn new(commands: mpsc::Receiver<Command>, seed: Seed) -> Self {
        Self {
            commands,
            kept: VecDeque::new(),
            seed: Some(seed),
        }
    }

    /// The next thing that the app asks for; `None` if that is the end.
    pub(super) async fn next(&mut self) -> Option<Command> {
        match self.kept.pop_front() {
            Some(command) => Some(command),
            None => ended(self.commands.recv().await),
        }
    }

    /// Waits for something while there is no engine; `None` if the app asks for the end meanwhile.
    async fn wait<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Some(done),
                command = self.commands.recv() => self.keep(ended(command)?),
            }
        }
    }

    fn keep(&mut self, command: Command) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(command);
    }
}

/// The app asks for the end by a command, or by dropping all its handles.
fn ended(command: Option<Command>) -> Option<Command> {
    command.filter(|command| !matches!(command, Command::Stop))
}

/// Starts the supervisor.
pub(crate) fn spawn(parts: Arc<Parts>, mut inputs: Inputs) {
    let ending = Ending(Arc::clone(&parts));
    tokio::spawn(async move {
        let _ending = ending;
        supervise(&parts, &mut inputs).await;
        parts.finish();
        parts.storage.closed().await;
        parts.shared.end();
        // What still waits is answered by the end of the channel.
        inputs.commands.close();
    });
}

async fn supervise(parts: &Arc<Parts>, inputs: &mut Inputs) {
    let mut pause = PAUSE;
    loop {
        let began = monotonic(parts);
        match AssertUnwindSafe(run(parts, inputs)).catch_unwind().await {
            Ok(Stopped) => return,
            Err(_) => tracing::error!("the engine panicked and begins again"),
        }
        let lived = monotonic(parts).zip(began).map(|(now, began)| now - began);
        if lived.is_some_and(|lived| lived > LONGEST) {
            pause = PAUSE;
        }
        parts.shared.tell_trouble(Trouble::Internal);
        if inputs.wait(tokio::time::sleep(pause)).await.is_none() {
            return;
        }
        pause = (pause * 2).min(LONGEST);
    }
}

/// The time, unless it is the clock that panics.
fn monotonic(parts: &Parts) -> Option<Monotonic> {
    catch_unwind(AssertUnwindSafe(|| parts.shared.clock.monotonic())).ok()
}

/// Runs one engine. Everything that an earlier one asked of the storage is done before it begins.
async fn run(parts: &Arc<Parts>, inputs: &mut Inputs) -> Stopped {
    let Some(seed) = seed(parts, inputs).await else {
        return Stopped;
    };
    parts.shared.outcomes.clear();
    Task::new(Arc::clone(parts), seed).run(inputs).await
}

/// What the storage says the device is; `None` if the device ends before it says it. Calls that wait are
/// answered by each failure, so that nobody waits until a person unlocks the secret store.
async fn seed(parts: &Arc<Parts>, inputs: &mut Inputs) -> Option<Seed> {
    if let Some(seed) = inputs.seed.take() {
        return Some(seed);
    }
    let mut pause = PAUSE;
    loop {
        match inputs.wait(parts.storage.call(Files::seed)).await? {
            Ok(seed) => return Some(seed),
            Err(crate::Error::Closed) => return None,
            Err(error) => tracing::error!(%error, "the storage does not say who the device is"),
        }
        parts.shared.tell_trouble(Trouble::Storage);
        inputs.kept.clear();
        inputs.wait(tokio::time::sleep(pause)).await?;
        pause = (pause * 2).min(LONGEST);
    }
}
