//! `/v1/providers`: the credentials of an App at push services and at an SMTP server.

use axum::{Json, extract::State, http::StatusCode};
use vestnik_model::{
    Problem, Scope,
    view::{List, ProviderCheck, ProviderFinding, ProviderView},
};
use vestnik_push::driver::{Finding, Health};

use super::{
    path::Segments,
    submission::{BY_GET, Submission},
};
use crate::{
    door::auth::Sender,
    operation::{self, Account},
    refusal::Refusal,
    state::ServerState,
};

/// Sets the credentials of the App at a push service, or at the SMTP server of its letters (`email`), whole. The body is one JSON object; its fields
/// depend on the service.
#[utoipa::path(
    put, path = "/v1/providers/{channel}", tag = "providers", params(("channel" = String, Path)),
    request_body = Object,
    responses(
        (status = 204, description = "Stored"),
        (status = 404, description = "There is no such service", body = Problem),
        (status = 422, description = "The credentials cannot be used", body = Problem),
    )
)]
pub(crate) async fn put(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments(channel): Segments<String>,
    account: String,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Admin)?;
    submission.begin(BY_GET);
    let now = state.clock.now();
    operation::put_provider(&*state.store, &sender.0, &channel, account, now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The services at which the App has credentials, never the credentials.
#[utoipa::path(
    get, path = "/v1/providers", tag = "providers",
    responses((status = 200, body = List<ProviderView>))
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    sender: Sender,
) -> Result<Json<List<ProviderView>>, Refusal> {
    sender.require(Scope::Admin)?;
    let data = operation::providers(&*state.store, &sender.0).await?;
    Ok(Json(List {
        data,
        next_cursor: None,
    }))
}

/// Asks the service whether it takes the App's credentials: a push service with a push that nobody gets,
/// an SMTP server by a login.
#[utoipa::path(
    post, path = "/v1/providers/{channel}", tag = "providers", params(("channel" = String, Path)),
    responses(
        (status = 200, body = ProviderCheck),
        (status = 404, description = "There are no such credentials", body = Problem),
    )
)]
pub(crate) async fn check(
    State(state): State<ServerState>,
    sender: Sender,
    Segments(channel): Segments<String>,
) -> Result<Json<ProviderCheck>, Refusal> {
    sender.require(Scope::Admin)?;
    let channel = channel
        .strip_suffix(":check")
        .ok_or_else(|| Refusal::not_found("provider"))?;
    let account = operation::account(&*state.store, &sender.0, channel).await?;
    let account = match account {
        Account::Push(account) => account,
        Account::Email(account) => {
            let finding = state.letters.check(&account).await;
            return Ok(Json(ProviderCheck {
                is_good: finding.is_good,
                findings: vec![finding],
            }));
        }
    };
    let found = state.pushes.check(&account).await;
    Ok(Json(ProviderCheck {
        is_good: found.is_good(),
        findings: found.findings.into_iter().map(finding).collect(),
    }))
}

fn finding(found: Finding) -> ProviderFinding {
    let Finding {
        place,
        health,
        said,
    } = found;
    let (is_good, reason) = match health {
        Health::Good => (true, None),
        Health::Refused(reason) | Health::Unknown(reason) => (false, Some(reason.into())),
    };
    ProviderFinding {
        place,
        is_good,
        reason,
        said: said.map(|said| said.to_string()),
    }
}

/// Deletes the credentials of the App at a service: nothing passes it any more.
#[utoipa::path(
    delete, path = "/v1/providers/{channel}", tag = "providers", params(("channel" = String, Path)),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "There are no such credentials", body = Problem),
    )
)]
pub(crate) async fn delete(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments(channel): Segments<String>,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Admin)?;
    submission.begin(BY_GET);
    operation::delete_provider(&*state.store, &sender.0, &channel).await?;
    Ok(StatusCode::NO_CONTENT)
}
