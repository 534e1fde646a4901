//! `POST {hub}/refresh`: a live connection's caller proves anew who it is.
//!
//! As ASP.NET Core 11 has it (dotnet/aspnetcore issue 67226 and pull request 67111): the request
//! is authenticated as every other, its `id` is the connection token, and each answer is JSON.

use http::{Method, Request, Response, StatusCode};
use serde_json::json;

use super::{
    Shared,
    answer::{self, Rejection},
    body::HubBody,
};
use crate::server::{
    clock,
    driver::Value,
    refresh::{Lease, TokenLifetime},
    ticket::Refusal,
};

/// Answers the request, whatever it is.
pub(super) fn refresh<S, U, B>(shared: &Shared<S, U>, request: &Request<B>) -> Response<HubBody>
where
    S: Value,
    U: Value + PartialEq,
{
    if request.method() != Method::POST {
        return answer::method_not_allowed("POST");
    }
    try_refresh(shared, request).unwrap_or_else(failed)
}

/// Why an authentication is not renewed. The connection goes on as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    Disabled,
    Unauthenticated,
    NoToken,
    Unknown,
    Rejected,
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Nowhere => Self::NoToken,
            Rejection::Refused(Refusal::OtherCaller) => Self::Rejected,
            Rejection::Refused(Refusal::Unknown | Refusal::InUse)
            | Rejection::Malformed(_)
            | Rejection::NotOffered(_)
            | Rejection::OtherTransport
            | Rejection::NotConnected
            | Rejection::SentBesideWebSocket
            | Rejection::NotPolling
            | Rejection::Unavailable
            | Rejection::ShareFull(_) => Self::Unknown,
        }
    }
}

fn try_refresh<S, U, B>(
    shared: &Shared<S, U>,
    request: &Request<B>,
) -> Result<Response<HubBody>, Failure>
where
    S: Value,
    U: Value + PartialEq,
{
    if !shared.config.refreshes_authentication {
        return Err(Failure::Disabled);
    }
    let caller = (shared.caller)(request.extensions()).ok_or(Failure::Unauthenticated)?;
    if !shared.methods.admits(&caller) {
        return Err(Failure::Rejected);
    }
    let (token, _) = shared.find(request.uri().query(), &caller)?;
    let identity = shared.identities.find(&token).ok_or(Failure::Unknown)?;
    let lifetime: Option<TokenLifetime> = request.extensions().get().copied();
    identity.renew(caller, Lease::new(clock::now(), lifetime));
    let mut body = json!({
        "connectionId": identity.id().as_str(),
        "refreshedAt": format!("{:.0}", clock::time_of_day()),
    });
    if let Some(lifetime) = lifetime {
        body["tokenLifetimeSeconds"] = lifetime.seconds().into();
    }
    Ok(answer::json(body.to_string().into()))
}

fn failed(failure: Failure) -> Response<HubBody> {
    let (status, error, description) = match failure {
        Failure::Disabled => (
            StatusCode::NOT_FOUND,
            "refresh_disabled",
            "This hub does not refresh authentication.",
        ),
        Failure::Unauthenticated => (
            StatusCode::UNAUTHORIZED,
            "invalid_token",
            "The request is not authenticated.",
        ),
        Failure::NoToken => (
            StatusCode::BAD_REQUEST,
            "missing_connection_token",
            "The connection token is missing from the query.",
        ),
        Failure::Unknown => (
            StatusCode::NOT_FOUND,
            "connection_not_found",
            "There is no live connection with that token.",
        ),
        Failure::Rejected => (
            StatusCode::FORBIDDEN,
            "permission_change_rejected",
            "The connection belongs to another user, or the user may not use this hub any more.",
        ),
    };
    let body = json!({ "error": error, "error_description": description });
    answer::json_of(status, body.to_string().into())
}
