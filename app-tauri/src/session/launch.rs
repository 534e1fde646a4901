//! Starts the core by the configuration.

use std::path::PathBuf;

use futures_util::{StreamExt, stream};
use vestnik_core::{Client, Config, Event, EventStream};

use super::{Launched, Launcher};
use crate::{configuration, device, view::SetupProblem};

/// Starts the real core.
#[derive(Debug, Clone)]
pub(crate) struct CoreLauncher {
    config_dir: PathBuf,
    data_dir: PathBuf,
}

impl CoreLauncher {
    /// Makes a launcher that reads the configuration in a folder and keeps the history in another.
    pub(crate) fn new(config_dir: PathBuf, data_dir: PathBuf) -> Self {
        Self {
            config_dir,
            data_dir,
        }
    }
}

impl Launcher for CoreLauncher {
    type Session = Client;

    async fn launch(&self) -> Result<Launched<Client>, SetupProblem> {
        let configuration = configuration::load(&self.config_dir, &self.data_dir, |name| {
            std::env::var_os(name)
        })?;
        tracing::info!(?configuration, "the core starts");
        let config = Config::new(
            configuration.server,
            configuration.app,
            configuration.data_dir,
            device::info(),
        );
        let (client, events) = Client::builder(config)
            .identity(configuration.identity)
            .start()
            .await
            .map_err(|error| SetupProblem::Failed {
                detail: error.to_string(),
            })?;
        Ok(Launched {
            connection: client.connection(),
            unread: client.unread(),
            session: client,
            events: stream::unfold(events, next).boxed(),
        })
    }

    fn config_path(&self) -> String {
        self.config_dir
            .join(configuration::FILE_NAME)
            .display()
            .to_string()
    }
}

async fn next(mut events: EventStream) -> Option<(Event, EventStream)> {
    let event = events.recv().await?;
    Some((event, events))
}
