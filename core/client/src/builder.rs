//! A device while it is being put together.

use std::{path::Path, sync::Arc};

use tokio::sync::mpsc;
use vestnik_clock::{Clock, SystemClock};
use vestnik_inbox::{FileSecrets, SecretStore};
use vestnik_sqlite::create_private_folder;

use crate::{
    config::Config,
    driver::{self, Inputs, Opened, Parts, Shared},
    error::Error,
    storage::FileOptions,
    transport::{NetworkTransport, Transport},
    vestnik::Vestnik,
};

/// How many commands wait for the engine before callers wait.
const COMMANDS: usize = 64;

/// A device while it is being put together. Everything it stands on can be replaced.
#[derive(Debug)]
pub struct Builder {
    config: Config,
    secrets: Option<Arc<dyn SecretStore>>,
    clock: Arc<dyn Clock>,
    transport: Option<Arc<dyn Transport>>,
}

impl Builder {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            secrets: None,
            clock: Arc::new(SystemClock),
            transport: None,
        }
    }

    /// Where secrets lie: the system's keystore. Without it they lie in private files beside the history,
    /// which protects them from other users of the system and from nobody else.
    #[must_use]
    pub fn secrets(self, secrets: Arc<dyn SecretStore>) -> Self {
        Self {
            secrets: Some(secrets),
            ..self
        }
    }

    /// Time and randomness.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// How to reach the server.
    #[must_use]
    pub fn transport(self, transport: Arc<dyn Transport>) -> Self {
        Self {
            transport: Some(transport),
            ..self
        }
    }

    /// Opens the device's files. It stays offline until [`Vestnik::go_online`].
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Network`].
    pub async fn open(self) -> Result<Vestnik, Error> {
        let Self {
            config,
            secrets,
            clock,
            transport,
        } = self;
        let transport = match transport {
            Some(transport) => transport,
            None => Arc::new(network(&config)?),
        };
        let secrets = match secrets {
            Some(secrets) => secrets,
            None => Arc::new(FileSecrets::new(config.data_dir.join("secrets"))),
        };
        if let Some(spool) = &config.spool_dir {
            // There is an extension: it learns from here on what the app has shown.
            make_spool(spool);
        }
        let options = FileOptions {
            folder: config.data_dir.clone(),
            spool: config
                .spool_dir
                .unwrap_or_else(|| config.data_dir.join("spool")),
            secrets,
            former: config.former_history,
            history_rows: config.tuning.history_rows,
            reader: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let opened = Opened::new(options, config.device.permission, Arc::clone(&clock)).await?;
        let mut device = config.device.installation_state();
        device.permission = opened.files.permission().into();
        device.push_addresses = opened.files.push_addresses();
        device.envelope_key = Some(opened.files.envelope_key());
        let shared = Arc::new(Shared::new(clock, device.cleaned()));
        let Opened {
            files,
            standing,
            seed,
        } = opened;
        shared.begin(&seed);
        let identity = files.device().identity().clone();
        let installation = identity.id;
        let storage = driver::Storage::start(files, Arc::clone(&shared))?;
        let (sender, commands) = mpsc::channel(COMMANDS);
        let parts = Parts {
            app: config.app,
            identity,
            tuning: config.tuning,
            transport,
            storage: storage.clone(),
            shared: Arc::clone(&shared),
        };
        driver::spawn(Arc::new(parts), Inputs::new(commands, seed));
        Ok(Vestnik::new(
            shared,
            storage,
            sender,
            (installation, standing),
        ))
    }
}

fn make_spool(folder: &Path) {
    if let Err(error) = create_private_folder(folder) {
        tracing::warn!(%error, "the spool cannot be made yet");
    }
}

fn network(config: &Config) -> Result<NetworkTransport, Error> {
    let timeout = config.tuning.request_timeout;
    Ok(NetworkTransport::new(
        &config.server,
        timeout,
        &config.network,
    )?)
}
