//! `/v1/identity-keys`: the keys by which an App's backend vouches for its users.

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use vestnik_model::{
    FieldProblem, IdentityAlgorithm, IdentityKeyRequest, Problem, Scope, problem::FieldCode,
};
use vestnik_store::IdentityKey;

use super::body::JsonBody;
use crate::{
    app::App,
    auth::{Sender, identity},
    error::ApiError,
};

/// The fewest bytes of a shared secret (RFC 7518, section 3.2).
const MIN_SECRET: usize = 32;

/// Sets an identity key, whole.
#[utoipa::path(
    put, path = "/v1/identity-keys/{kid}", tag = "keys", params(("kid" = String, Path)),
    request_body = IdentityKeyRequest,
    responses(
        (status = 204, description = "Stored"),
        (status = 422, description = "The key cannot be used", body = Problem),
    )
)]
pub(crate) async fn put(
    State(app): State<App>,
    sender: Sender,
    Path(kid): Path<String>,
    JsonBody(request): JsonBody<IdentityKeyRequest>,
) -> Result<StatusCode, ApiError> {
    sender.require(Scope::Admin)?;
    let key = parse(kid, &request)?;
    tracing::info!(kid = %key.kid, by = %sender.0.id, "identity key set");
    app.store.put_identity_key(sender.app(), key).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes an identity key: what it signed holds no longer.
#[utoipa::path(
    delete, path = "/v1/identity-keys/{kid}", tag = "keys", params(("kid" = String, Path)),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "There is no such key", body = Problem),
    )
)]
pub(crate) async fn delete(
    State(app): State<App>,
    sender: Sender,
    Path(kid): Path<String>,
) -> Result<StatusCode, ApiError> {
    sender.require(Scope::Admin)?;
    if app.store.delete_identity_key(sender.app(), kid).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found("identity key"))
    }
}

fn parse(kid: String, request: &IdentityKeyRequest) -> Result<IdentityKey, ApiError> {
    let wrong = |detail: &str| {
        ApiError::from(Problem::invalid(vec![FieldProblem::new(
            "/key",
            FieldCode::Malformed,
            detail,
        )]))
    };
    let bytes = match request.algorithm {
        IdentityAlgorithm::Hs256 => {
            let text = request.key.trim_end_matches('=');
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(text);
            bytes
                .ok()
                .filter(|bytes| bytes.len() >= MIN_SECRET)
                .ok_or_else(|| wrong("must be base64url of at least 32 bytes"))?
        }
        IdentityAlgorithm::Rs256 | IdentityAlgorithm::Es256 => request.key.clone().into_bytes(),
    };
    let key = IdentityKey {
        kid,
        algorithm: request.algorithm,
        key: bytes,
    };
    identity::decoding_key(&key)
        .map_err(|_| wrong("must be a public key of the algorithm, as PEM"))?;
    Ok(key)
}
