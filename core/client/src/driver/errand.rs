//! What the task has to tell the server: receipts, the device's state, a logout. Each is told again
//! until the server has it.

use super::{Shared, session::Session};
use crate::{
    registration::{self, Told},
    transport::{CallFailure, HubCalls},
};

/// Reports what waits and deletes what the server has; `None` when it could not be told.
pub(super) async fn report(shared: &Shared, hub: &dyn HubCalls, batch: u32) -> Option<()> {
    let waiting = shared.store.outbox(batch).await.ok()?;
    if waiting.is_empty() {
        return Some(());
    }
    let receipts = waiting.iter().map(|waiting| waiting.receipt).collect();
    // Receipts that the server does not know what to do with are final too.
    hub.report(receipts).await.map_err(note).ok()?;
    let rows = waiting.iter().map(|waiting| waiting.row).collect();
    shared.store.confirm(rows).await.map(drop).ok()
}

/// Tells the server of the device, when there is news; next time when it fails.
pub(super) async fn register(session: &Session, state: vestnik_model::InstallationState) {
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
        .put_installation(token, session.installation, state)
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

/// Tells the server of a logout that it does not know of yet, by the refresh token kept for that.
pub(super) async fn tell_logout(session: &Session) {
    let store = &session.shared.store;
    let Ok(Some(refresh_token)) = store.pending_logout().await else {
        return;
    };
    let request = vestnik_model::TokenRequest::RefreshToken { refresh_token };
    let outcome = match session.transport.token(request).await {
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
                .delete_installation(response.access_token, session.installation)
                .await
        }
        Err(failure) => Err(failure),
    };
    let is_over = match outcome {
        Ok(()) | Err(CallFailure::Refused(_)) => true,
        Err(CallFailure::Unreachable { .. }) => false,
    };
    if is_over && let Err(error) = store.put_pending_logout(None).await {
        tracing::warn!(%error, "the logout will be told again");
    }
}

/// Passes a failure on, and leaves a trace of it.
pub(super) fn note(failure: CallFailure) -> CallFailure {
    tracing::debug!(%failure, "a call failed");
    failure
}
