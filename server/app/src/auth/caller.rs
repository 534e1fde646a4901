//! The two kinds of callers, and extractors that want one of them.

use axum::{extract::FromRequestParts, http::request::Parts};
use vestnik_model::{AppId, InstallationId, ProblemCode, Scope};
use vestnik_store::{ApiKey, Session};

use crate::error::ApiError;

/// Who calls. Two are equal when they are the same, however they proved it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// An App's backend.
    Sender(Sender),
    /// A device.
    Device(Device),
}

/// An App's backend, by its API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sender(pub(crate) ApiKey);

/// A device, by its access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Device(pub(crate) Session);

impl Sender {
    pub(crate) fn app(&self) -> AppId {
        self.0.app.clone()
    }

    /// # Errors
    /// `auth.forbidden` that names the scope.
    pub(crate) fn require(&self, scope: Scope) -> Result<(), ApiError> {
        if self.0.scopes.contains(&scope) {
            return Ok(());
        }
        Err(ApiError::forbidden(&format!(
            "the key lacks the scope '{scope}'"
        )))
    }
}

impl Device {
    /// # Errors
    /// `auth.forbidden` when it is another installation than its token says.
    pub(crate) fn require(&self, installation: InstallationId) -> Result<(), ApiError> {
        if self.0.installation == installation {
            return Ok(());
        }
        Err(ApiError::forbidden("the token is for another installation"))
    }
}

impl Caller {
    /// # Errors
    /// `auth.forbidden` for a device.
    pub(crate) fn sender(self) -> Result<Sender, ApiError> {
        match self {
            Self::Sender(sender) => Ok(sender),
            Self::Device(_) => Err(ApiError::forbidden("this takes an API key")),
        }
    }

    /// # Errors
    /// `auth.forbidden` for a sender.
    pub(crate) fn device(self) -> Result<Device, ApiError> {
        match self {
            Self::Device(device) => Ok(device),
            Self::Sender(_) => Err(ApiError::forbidden(
                "this takes an installation's access token",
            )),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| ApiError::new(ProblemCode::AuthMissing, "send Authorization: Bearer"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Sender {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Caller::from_request_parts(parts, state).await?.sender()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Device {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Caller::from_request_parts(parts, state).await?.device()
    }
}
