//! Logging in and staying logged in.

use std::sync::Arc;

use tokio::sync::Mutex;
use vestnik_model::{AppId, TokenRequest, TokenResponse};

use super::Shared;
use crate::{
    credentials::{Access, Plan, plan},
    engine::TokenFailure,
    identity::IdentitySource,
    store::{InstallationIdentity, StoredSession},
    transport::{CallFailure, Transport},
};

/// Holds the tokens. All callers that need one wait for the same renewal.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) app: AppId,
    pub(super) installation: InstallationIdentity,
    pub(super) identity: Arc<dyn IdentitySource>,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) shared: Arc<Shared>,
    access: Mutex<Option<Access>>,
}

impl Session {
    pub(super) fn new(
        (app, installation): (AppId, InstallationIdentity),
        identity: Arc<dyn IdentitySource>,
        transport: Arc<dyn Transport>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            app,
            installation,
            identity,
            transport,
            shared,
            access: Mutex::default(),
        }
    }

    /// A token that will do; `fresh` when the server refused the one at hand.
    pub(super) async fn token(&self, fresh: bool) -> Result<String, TokenFailure> {
        let mut access = self.access.lock().await;
        if fresh {
            *access = None;
        }
        let stored = self
            .shared
            .store
            .session()
            .await
            .map_err(|_| TokenFailure::Storage)?;
        let now = self.shared.clock.instant();
        let response = match (plan(access.as_ref(), stored.is_some(), now), stored) {
            (Plan::Use, _) => {
                let token = access.as_ref().map(|access| access.token().to_owned());
                return token.ok_or(TokenFailure::NeedsIdentity);
            }
            (Plan::Refresh, Some(stored)) => self.refresh(stored).await?,
            (Plan::Refresh | Plan::Identify, _) => self.identify().await?,
        };
        let granted = Access::new(&response, self.shared.clock.instant());
        let token = granted.token().to_owned();
        *access = Some(granted);
        Ok(token)
    }

    /// Forgets the access token; the next caller gets another.
    pub(super) async fn forget(&self) {
        *self.access.lock().await = None;
    }

    /// Asks for tokens by a refresh token; the server may need the secret to recognise its family.
    pub(super) async fn exchange(
        &self,
        refresh_token: String,
    ) -> Result<TokenResponse, CallFailure> {
        let request = TokenRequest::RefreshToken {
            refresh_token,
            installation_secret: Some(self.installation.secret.clone()),
        };
        self.transport.token(request).await
    }

    /// A problem with the credentials ends the session: the App's backend has to vouch for the user
    /// again. Any other failure is trouble on the way.
    async fn refresh(&self, stored: StoredSession) -> Result<TokenResponse, TokenFailure> {
        match self.exchange(stored.refresh_token).await {
            Ok(response) => self.keep(response).await,
            Err(failure) if !failure.is_about_credentials() => {
                Err(TokenFailure::Unreachable(failure.retry_after()))
            }
            Err(failure) => {
                tracing::info!(%failure, "the refresh token is refused");
                self.shared
                    .store
                    .clear_session()
                    .await
                    .map_err(|_| TokenFailure::Storage)?;
                self.identify().await
            }
        }
    }

    async fn identify(&self) -> Result<TokenResponse, TokenFailure> {
        let identity = self.identity.identity_token().await;
        let identity = identity.map_err(|_| TokenFailure::NeedsIdentity)?;
        let request = TokenRequest::IdentityToken {
            app: self.app.clone(),
            installation_id: self.installation.id,
            installation_secret: self.installation.secret.clone(),
            identity_token: identity.into_inner(),
        };
        match self.transport.token(request).await {
            Ok(response) => self.keep(response).await,
            Err(failure) if !failure.is_about_credentials() => {
                tracing::debug!(%failure, "no token could be had");
                Err(TokenFailure::Unreachable(failure.retry_after()))
            }
            Err(failure) => {
                tracing::warn!(%failure, "the identity token is refused");
                Err(TokenFailure::NeedsIdentity)
            }
        }
    }

    /// The next refresh token is durable before the access token beside it is used: the server
    /// takes the former one back only as long as this one was never used.
    async fn keep(&self, response: TokenResponse) -> Result<TokenResponse, TokenFailure> {
        let (user, refresh_token) = (response.user.clone(), response.refresh_token.clone());
        let kept = self.shared.store.put_session(user, refresh_token).await;
        kept.map_err(|_| TokenFailure::Storage)?;
        Ok(response)
    }
}
