//! Logouts: sessions end, and their tokens and connections with them.

use jiff::Timestamp;
use vestnik_model::{AppId, InstallationId, UserId};
use vestnik_rules::session::Session;
use vestnik_store::{Store, sessions::LogoutOutcome};

use crate::refusal::Refusal;

/// Ends a device's own session. One that has ended already stays so, and the session that came after
/// it goes on: repeating a logout is no mistake.
pub(crate) async fn log_out(
    store: &dyn Store,
    session: Session,
    now: Timestamp,
) -> Result<(), Refusal> {
    match store.logout(session, now).await? {
        LogoutOutcome::Done | LogoutOutcome::Ended => Ok(()),
    }
}

/// Ends whatever session an installation has, for the App's backend.
pub(crate) async fn end_session(
    store: &dyn Store,
    app: AppId,
    installation: InstallationId,
    now: Timestamp,
) -> Result<(), Refusal> {
    if store.end_session(app, installation, now).await? {
        Ok(())
    } else {
        Err(Refusal::not_found("installation"))
    }
}

/// Ends all sessions of a user.
pub(crate) async fn log_user_out(
    store: &dyn Store,
    app: AppId,
    user: UserId,
    now: Timestamp,
) -> Result<(), Refusal> {
    let ended = store.end_user_sessions(app, user, now).await?;
    tracing::info!(ended, "a user was logged out everywhere");
    Ok(())
}

/// Erases a user: their sessions end at once, what is theirs is deleted in parts. An unknown user is
/// answered like a known one.
pub(crate) async fn erase_user(
    store: &dyn Store,
    app: AppId,
    user: UserId,
    now: Timestamp,
) -> Result<(), Refusal> {
    let was_there = store.erase_user(app, user, now).await?;
    tracing::info!(was_there, "a user is erased");
    Ok(())
}
