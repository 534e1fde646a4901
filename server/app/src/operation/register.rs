//! Registration: the state of an installation is stored, whole or in parts.

use jiff::Timestamp;
use vestnik_model::{InstallationReport, contract::UpdateState};
use vestnik_rules::{device::opened_at, session::Session};
use vestnik_store::Store;

use crate::refusal::Refusal;

/// Replaces the state of a session's installation, and notes when the app was opened on it if it tells.
pub(crate) async fn register(
    store: &dyn Store,
    session: Session,
    report: InstallationReport,
    now: Timestamp,
) -> Result<(), Refusal> {
    let InstallationReport {
        state,
        opened_seconds_ago,
    } = report;
    state.check()?;
    let put = store.put_state(session.clone(), state.cleaned(), now);
    present(put.await?)?;
    note_opened(store, session, opened_seconds_ago, now).await
}

/// Changes parts of the state of a session's installation.
pub(crate) async fn update_device(
    store: &dyn Store,
    session: Session,
    update: UpdateState,
    now: Timestamp,
) -> Result<(), Refusal> {
    let opened_seconds_ago = update.opened_seconds_ago;
    let updated = store.update_state(session.clone(), update, now);
    present(updated.await?)?;
    note_opened(store, session, opened_seconds_ago, now).await
}

async fn note_opened(
    store: &dyn Store,
    session: Session,
    seconds_ago: Option<u32>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let Some(seconds_ago) = seconds_ago else {
        return Ok(());
    };
    let noted = store.note_opened(session, opened_at(seconds_ago, now), now);
    present(noted.await?)
}

fn present(is_present: bool) -> Result<(), Refusal> {
    is_present.then_some(()).ok_or_else(Refusal::session_ended)
}
