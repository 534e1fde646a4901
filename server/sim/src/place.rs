//! What the handlers of the admin API and of the page share.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::{setup::Setup, shared::Shared};

/// What the handlers share.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) shared: Arc<Shared>,
    pub(crate) setup: Arc<Setup>,
    /// Cancelled when the simulator stops: whoever waits for a change answers then.
    pub(crate) shutdown: CancellationToken,
}
