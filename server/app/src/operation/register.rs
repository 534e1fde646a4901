//! Registration: the state of an installation is stored.

use jiff::Timestamp;
use vestnik_model::{AppId, InstallationId, InstallationState};
use vestnik_store::Store;

use crate::refusal::Refusal;

/// Replaces the state of an installation.
pub(crate) async fn register(
    store: &dyn Store,
    now: Timestamp,
    app: AppId,
    installation: InstallationId,
    state: InstallationState,
) -> Result<(), Refusal> {
    state.check()?;
    if store
        .put_installation(app, installation, state, now)
        .await?
    {
        Ok(())
    } else {
        Err(Refusal::not_found("installation"))
    }
}
