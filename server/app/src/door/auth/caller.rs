//! The two kinds of callers, and extractors that want one of them.

use axum::{extract::FromRequestParts, http::request::Parts};
use vestnik_model::{AppId, InstallationId, ProblemCode, Scope};
use vestnik_rules::session::Session;
use vestnik_store::tenants::ApiKey;

use crate::{rate::Principal, refusal::Refusal};

/// Who calls. Two are equal when they are the same key or session, however they proved it: a
/// connection goes on with a newer access token of its session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// An App's backend.
    Sender(Sender),
    /// A device.
    Device(Device),
}

/// An App's backend, by its API key.
#[derive(Debug, Clone)]
pub(crate) struct Sender(pub(crate) ApiKey);

impl PartialEq for Sender {
    fn eq(&self, other: &Self) -> bool {
        (&self.0.app, &self.0.id) == (&other.0.app, &other.0.id)
    }
}

impl Eq for Sender {}

/// A device, by its access token: the session that the token names. It was the present one when the
/// request came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Device(pub(crate) Session);

impl Device {
    /// Whose budgets its requests are counted against.
    pub(crate) fn principal(&self) -> Principal {
        let Session {
            app,
            user,
            installation,
            ..
        } = &self.0;
        Principal::Device(app.clone(), user.clone(), *installation)
    }
}

impl Sender {
    pub(crate) fn app(&self) -> AppId {
        self.0.app.clone()
    }

    /// # Errors
    /// `auth.forbidden` that names the scope.
    pub(crate) fn require(&self, scope: Scope) -> Result<(), Refusal> {
        if self.0.scopes.contains(&scope) {
            return Ok(());
        }
        Err(Refusal::forbidden(&format!(
            "the key lacks the scope '{scope}'"
        )))
    }
}

impl Device {
    /// # Errors
    /// `auth.forbidden` when it is another installation than its token says.
    pub(crate) fn require(&self, installation: InstallationId) -> Result<(), Refusal> {
        if self.0.installation == installation {
            return Ok(());
        }
        Err(Refusal::forbidden("the token is for another installation"))
    }
}

impl Caller {
    /// # Errors
    /// `auth.forbidden` for a device.
    pub(crate) fn sender(self) -> Result<Sender, Refusal> {
        match self {
            Self::Sender(sender) => Ok(sender),
            Self::Device(_) => Err(Refusal::forbidden("this takes an API key")),
        }
    }

    /// # Errors
    /// `auth.forbidden` for a sender.
    pub(crate) fn device(self) -> Result<Device, Refusal> {
        match self {
            Self::Device(device) => Ok(device),
            Self::Sender(_) => Err(Refusal::forbidden(
                "this takes an installation's access token",
            )),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Refusal::new(ProblemCode::AuthMissing, "send Authorization: Bearer"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Sender {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        Caller::from_request_parts(parts, state).await?.sender()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Device {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        Caller::from_request_parts(parts, state).await?.device()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(id: &str, scopes: &[Scope]) -> Caller {
        Caller::Sender(Sender(ApiKey {
            app: AppId::parse("shop").unwrap(),
            id: id.to_owned(),
            scopes: scopes.to_vec(),
        }))
    }

    #[test]
    fn a_key_is_the_same_caller_whatever_it_may_do_now() {
        assert_eq!(sender("a", &[Scope::Read]), sender("a", &[]));
        assert_ne!(sender("a", &[]), sender("b", &[]));
    }
}
