//! Registration: the state of an installation is stored, whole.

use jiff::Timestamp;
use vestnik_model::InstallationState;
use vestnik_rules::session::Session;
use vestnik_store::Store;

use crate::refusal::Refusal;

/// Replaces the state of a session's installation.
pub(crate) async fn register(
    store: &dyn Store,
    session: Session,
    state: InstallationState,
    now: Timestamp,
) -> Result<(), Refusal> {
    state.check()?;
    if store.put_state(session, state.cleaned(), now).await? {
        Ok(())
    } else {
        Err(Refusal::session_ended())
    }
}
