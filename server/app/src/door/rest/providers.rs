//! `/v1/providers`: the credentials of an App at push services, at an SMTP server and for its own backend.

use axum::{Json, extract::State, http::StatusCode};
use vestnik_model::{
    AppId, Problem, Scope,
    view::{List, ProviderCheck, ProviderFinding, ProviderView},
};
use vestnik_push::driver::{Finding, Health};

use super::{
    path::{self, Segments},
    submission::{BY_GET, Submission},
};
use crate::{
    door::auth::Sender,
    operation::{self, Account},
    refusal::Refusal,
    state::ServerState,
};

/// Sets the credentials of the App at a push service, at the SMTP server of its letters (`email`), or for its own backend (`webhook`), whole. The body is one JSON object; its fields
/// depend on the service. Credentials in the place of others must be for the same addresses (`project_id` of FCM, `topic` of APNs): for another
/// project or app, the present ones are deleted first.
#[utoipa::path(
    put, path = "/v1/providers/{channel}", tag = "providers", params(("channel" = String, Path)),
    request_body = Object,
    responses(
        (status = 204, description = "Stored"),
        (status = 404, description = "There is no such service", body = Problem),
        (status = 409, description = "Others were set meanwhile", body = Problem),
        (status = 422, description = "The credentials cannot be used, or are for other addresses than the present ones", body = Problem),
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
    operation::put_provider(state.setting(), &sender.0, &channel, account).await?;
    state.gateways.forget(&sender.0.app, &channel);
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

/// `:check` asks the service whether it takes the App's credentials: a push service with a push that nobody
/// gets, an SMTP server by a login, a backend with a signed `webhook.test`. `:rotate` asks it about other credentials, which are the body as of `PUT`,
/// and puts them in the place of the present ones if it takes them; otherwise nothing changes.
#[utoipa::path(
    post, path = "/v1/providers/{channel}", tag = "providers", params(("channel" = String, Path)),
    responses(
        (status = 200, description = "What was found; after `:rotate`, the new credentials are in use", body = ProviderCheck),
        (status = 404, description = "There are no such credentials", body = Problem),
        (status = 409, description = "Others were set meanwhile, or those that are stored cannot be read", body = Problem),
        (status = 422, description = "The new credentials cannot be used, or the service refuses them", body = Problem),
        (status = 429, description = "The App asks about too many accounts of a backend at a time", body = Problem),
        (status = 503, description = "The service cannot be asked now", body = Problem),
    )
)]
pub(crate) async fn act(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments(text): Segments<String>,
    account: String,
) -> Result<Json<ProviderCheck>, Refusal> {
    sender.require(Scope::Admin)?;
    let (channel, verb) = path::verb(&text)?;
    match verb {
        "check" => {
            let account = operation::account(&*state.store, &sender.0, channel).await?;
            Ok(Json(asked(&state, &sender.0.app, &account).await?))
        }
        "rotate" => {
            let rotation =
                operation::rotation(state.setting(), &sender.0, channel, account).await?;
            let check = asked(&state, &sender.0.app, &rotation.account).await?;
            submission.begin(BY_GET);
            let now = state.clock.now();
            operation::rotate(&*state.store, &sender.0, rotation, &check, now).await?;
            state.gateways.forget(&sender.0.app, channel);
            Ok(Json(check))
        }
        _ => Err(path::unknown_verb()),
    }
}

/// What a service says of credentials.
///
/// # Errors
/// [`Refusal`] if the App asks about too many at a time.
async fn asked(
    state: &ServerState,
    app: &AppId,
    account: &Account,
) -> Result<ProviderCheck, Refusal> {
    Ok(match account {
        Account::Push(account) => {
            let found = state.pushes.check(account).await;
            ProviderCheck {
                is_good: found.is_good(),
                findings: found.findings.into_iter().map(finding).collect(),
            }
        }
        Account::Email(account) => {
            let finding = state.letters.check(account).await;
            ProviderCheck {
                is_good: finding.is_good,
                findings: vec![finding],
            }
        }
        Account::Gateway(account) => {
            let findings = state.gateways.check(app, account).await;
            let findings = findings.map_err(|_| Refusal::internal())?;
            ProviderCheck {
                is_good: findings.iter().all(|finding| finding.is_good),
                findings,
            }
        }
        Account::Webhook(target) => {
            let finding = state.backends.check(app, target).await?;
            ProviderCheck {
                is_good: finding.is_good,
                findings: vec![finding],
            }
        }
    })
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
    let now = state.clock.now();
    operation::delete_provider(&*state.store, &sender.0, &channel, now).await?;
    Ok(StatusCode::NO_CONTENT)
}
