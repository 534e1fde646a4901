//! Runs the task, and begins another one if it panics.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use tokio::sync::mpsc;
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
        engine::{Greeting, Input},
        session::Exchange,
    },
    transport::Transport,
};

/// The pause before another engine begins, which doubles with each failure in a row.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause before another engine begins.
const LONGEST: Duration = Duration::from_secs(60);

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

/// What the task is told by.
pub(crate) struct Inputs {
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) outcomes: mpsc::UnboundedReceiver<Input>,
}

/// Starts the supervisor.
pub(crate) fn spawn(parts: Arc<Parts>, mut inputs: Inputs) {
    tokio::spawn(async move {
        supervise(&parts, &mut inputs).await;
        parts.shared.withdraw_offers();
        parts.storage.close().await;
        parts.shared.end();
        // What still waits is answered by the end of the channel.
        inputs.commands.close();
    });
}

async fn supervise(parts: &Arc<Parts>, inputs: &mut Inputs) {
    let mut pause = PAUSE;
    loop {
        let began = parts.shared.now().monotonic;
        match AssertUnwindSafe(run(parts, inputs)).catch_unwind().await {
            Ok(Stopped) => return,
            Err(_) => tracing::error!("the engine panicked and begins again"),
        }
        parts.shared.tell_restart();
        if parts.shared.now().monotonic.saturating_since(began) > LONGEST {
            pause = PAUSE;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
    }
}

/// Runs one engine. Everything that an earlier one asked of the storage is done before it begins.
async fn run(parts: &Arc<Parts>, inputs: &mut Inputs) -> Stopped {
    let seed = loop {
        match parts.storage.call(crate::storage::Files::seed).await {
            Ok(seed) => break seed,
            Err(crate::Error::Closed) => return Stopped,
            Err(error) => {
                tracing::error!(%error, "the storage does not say who the device is");
                parts.shared.tell_restart();
                tokio::time::sleep(PAUSE).await;
            }
        }
    };
    while inputs.outcomes.try_recv().is_ok() {}
    let task = Task::new(Arc::clone(parts), seed);
    task.run(&mut inputs.commands, &mut inputs.outcomes).await
}
