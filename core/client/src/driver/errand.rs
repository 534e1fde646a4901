//! What the task sends to the server until the server has it: facts, the device's state, a logout.

use std::time::Duration;

use vestnik_model::{InstallationState, ProblemCode};

use super::{Shared, session::Session};
use crate::{
    registration::{self, Told},
    reporting,
    transport::{CallFailure, HubCalls},
};

/// How large a report may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReportBounds {
    pub(super) facts: u32,
    pub(super) bytes: usize,
}

/// Reports the oldest facts and deletes those that the server answered. Fails, with the pause that
/// the server asked for, if nothing was settled.
pub(super) async fn report(
    shared: &Shared,
    hub: &dyn HubCalls,
    bounds: ReportBounds,
) -> Result<(), Option<Duration>> {
    let mut batch = shared.store.outbox(bounds.facts).await.map_err(|_| None)?;
    if batch.facts.is_empty() {
        return Ok(());
    }
    reporting::cut(&mut batch, bounds.bytes);
    let answer = hub.report(reporting::report(&batch)).await;
    let answer = answer.map_err(|failure| note(failure).retry_after())?;
    let settled = reporting::settle(&batch, &answer);
    if settled.refused > 0 {
        tracing::warn!(count = settled.refused, "the server refused facts");
    }
    if settled.rows.is_empty() {
        return Err(None);
    }
    shared.store.confirm(settled.rows).await.map_err(|_| None)?;
    Ok(())
}

/// Sends the device's state to the server if it changed; a failure is repeated at the next connection.
pub(super) async fn register(session: &Session, state: InstallationState) {
    let store = &session.shared.store;
    let now = session.shared.clock.now();
    let told = store.registered().await.ok().flatten();
    if !registration::is_due(told.as_ref(), &state, now) {
        return;
    }
    let Ok(token) = session.token(false).await else {
        return;
    };
    let text = registration::text(&state);
    match session
        .transport
        .put_installation(token, session.installation.id, state)
        .await
    {
        Ok(()) => {
            if let Err(error) = store
                .put_registered(Told {
                    state: text,
                    at: now,
                })
                .await
            {
                tracing::warn!(%error, "the registration will be told again");
            }
        }
        Err(failure) => drop(note(failure)),
    }
}

/// Logs the installation out at the server, by the refresh token kept for that.
pub(super) async fn tell_logout(session: &Session) {
    let store = &session.shared.store;
    let Ok(Some(refresh_token)) = store.pending_logout().await else {
        return;
    };
    let outcome = match session.exchange(refresh_token).await {
        Ok(response) => {
            // The answer is the only way back in: should the next call fail, it is needed again.
            if store
                .put_pending_logout(Some(response.refresh_token))
                .await
                .is_err()
            {
                return;
            }
            session
                .transport
                .delete_installation(response.access_token, session.installation.id)
                .await
        }
        Err(failure) => Err(failure),
    };
    let is_over = outcome.as_ref().err().is_none_or(is_logged_out);
    if is_over && let Err(error) = store.put_pending_logout(None).await {
        tracing::warn!(%error, "the logout will be told again");
    }
}

/// Whether a failed logout means that the server has no session to end.
fn is_logged_out(failure: &CallFailure) -> bool {
    match failure {
        CallFailure::Unreachable { .. } => false,
        CallFailure::Refused(problem) => {
            problem.is_about_credentials() || problem.code == ProblemCode::NotFound
        }
    }
}

/// Logs a failure and passes it on.
pub(super) fn note(failure: CallFailure) -> CallFailure {
    tracing::debug!(%failure, "a call failed");
    failure
}
