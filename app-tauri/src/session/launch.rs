//! Starts the core by the configuration.

use std::{future::pending, path::PathBuf, sync::Arc, time::Duration};

use futures_util::{StreamExt, future, stream};
use tokio::sync::watch;
use vestnik_core::{Config, Error, EventStream, Standing, StoreError, Vestnik};

use super::{Launched, Launcher};
use crate::{
    configuration::{self, Configuration},
    device,
    model::{Event, State},
    secrets,
    view::SetupProblem,
};

/// How long until it is asked again whether the server has confirmed a logout.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// Starts the real core.
#[derive(Debug, Clone)]
pub(crate) struct CoreLauncher {
    config_dir: PathBuf,
    data_dir: PathBuf,
}

impl CoreLauncher {
    /// Makes a launcher that reads the configuration in one folder and keeps the history in another.
    pub(crate) fn new(config_dir: PathBuf, data_dir: PathBuf) -> Self {
        Self {
            config_dir,
            data_dir,
        }
    }
}

impl Launcher for CoreLauncher {
    type Session = Vestnik;

    async fn launch(&self, without_keyring: bool) -> Result<Launched<Vestnik>, SetupProblem> {
        let configuration = configuration::load(&self.config_dir, &self.data_dir, |name| {
            std::env::var_os(name)
        })?;
        tracing::info!(?configuration, "the core starts");
        let secrets = secrets::open(&configuration.data_dir, without_keyring).await?;
        let server = configuration.server_view();
        let identity = configuration.identity.clone();
        let core = Vestnik::builder(core_config(configuration))
            .secrets(Arc::clone(&secrets.store))
            .open()
            .await
            .map_err(|error| problem(&error))?;
        core.go_online();
        let tickets = stream::unfold(core.clone(), |core| async {
            let ticket = core.next_show().await?;
            Some((ticket, core))
        });
        Ok(Launched {
            state: states(core.clone()),
            events: events(core.events()).boxed(),
            tickets: tickets.boxed(),
            session: core,
            identity,
            secrets: secrets.place,
            server,
        })
    }

    fn config_path(&self) -> String {
        self.config_dir
            .join(configuration::FILE_NAME)
            .display()
            .to_string()
    }
}

fn core_config(configuration: Configuration) -> Config {
    let mut config = Config::new(
        configuration.server,
        configuration.app,
        configuration.data_dir,
        device::info(),
    );
    config.network = configuration.network;
    config
}

/// The core's snapshots as states, for as long as they are looked at. Whether the server has confirmed
/// a logout is asked for: the core tells nothing when it has.
fn states(core: Vestnik) -> watch::Receiver<State> {
    let mut snapshots = core.snapshot();
    let present = snapshots.borrow_and_update().clone();
    let (told, states) = watch::channel(State::of(present, false));
    tokio::spawn(async move {
        loop {
            let present = snapshots.borrow_and_update().clone();
            let is_logout_pending = is_logout_pending(&core, &present.standing).await;
            let state = State::of(present, is_logout_pending);
            told.send_if_modified(|last| {
                let is_news = *last != state;
                *last = state;
                is_news
            });
            let ask_again = async {
                match is_logout_pending {
                    true => tokio::time::sleep(ASK_AGAIN).await,
                    false => pending().await,
                }
            };
            tokio::select! {
                changed = snapshots.changed() => if changed.is_err() { return },
                () = ask_again => {}
                () = told.closed() => return,
            }
        }
    });
    states
}

async fn is_logout_pending(core: &Vestnik, standing: &Standing) -> bool {
    match standing {
        Standing::Nobody => core
            .diagnostics()
            .await
            .is_ok_and(|diagnostics| diagnostics.logouts_pending > 0),
        Standing::LoggingIn { .. }
        | Standing::LoggedIn { .. }
        | Standing::LoggingOut
        | Standing::NeedsIdentity { .. } => false,
    }
}

fn events(events: EventStream) -> impl futures_util::Stream<Item = Event> + Send {
    let all = stream::unfold(events, |mut events| async {
        let event = events.recv().await?;
        Some((event, events))
    });
    all.filter_map(|event| future::ready(Event::read(event)))
}

/// What a person can do about a core that does not start.
fn problem(error: &Error) -> SetupProblem {
    match error {
        Error::Storage(source) => storage_problem(source, error),
        Error::Network(_)
        | Error::LoggedOut
        | Error::Refused(_)
        | Error::Overtaken
        | Error::Restarted
        | Error::Closed
        | _ => failed(error),
    }
}

fn storage_problem(source: &StoreError, error: &Error) -> SetupProblem {
    match source {
        StoreError::Full => SetupProblem::DiskFull,
        StoreError::Busy => SetupProblem::InUse,
        StoreError::TooNew { .. } => SetupProblem::TooNew,
        StoreError::Corrupt { .. } => SetupProblem::Damaged,
        StoreError::Secrets { .. } => SetupProblem::KeyringAbsent,
        StoreError::Closed | StoreError::Other { .. } | _ => failed(error),
    }
}

fn failed(error: &Error) -> SetupProblem {
    SetupProblem::Failed {
        detail: chain(error),
    }
}

/// An error with its sources in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}
