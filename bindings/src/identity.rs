//! Identity tokens that the host pushes into the core.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use vestnik_core::{
    IdentitySource,
    identity::{IdentityToken, IdentityUnavailable},
};

use crate::listener::{Listeners, PushEvent};

/// Holds the token the host gave last. Each token is handed out once: when the core asks again, the
/// last one did not do, and the host is told by an event that another is needed.
#[derive(Debug)]
pub(crate) struct PushedIdentity {
    token: Mutex<Option<String>>,
    given: Notify,
    listeners: Arc<Listeners>,
}

impl PushedIdentity {
    pub(crate) fn new(listeners: Arc<Listeners>) -> Self {
        Self {
            token: Mutex::default(),
            given: Notify::new(),
            listeners,
        }
    }

    /// Takes a fresh token from the host.
    pub(crate) fn give(&self, token: String) {
        *self.lock() = Some(token);
        self.given.notify_one();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.token
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl IdentitySource for PushedIdentity {
    fn identity_token(&self) -> BoxFuture<'_, Result<IdentityToken, IdentityUnavailable>> {
        Box::pin(async {
            loop {
                let given = self.given.notified();
                if let Some(token) = self.lock().take() {
                    return Ok(IdentityToken::new(token));
                }
                self.listeners.tell(&PushEvent::NeedsIdentity);
                given.await;
            }
        })
    }
}
