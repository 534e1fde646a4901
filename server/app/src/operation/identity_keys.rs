//! Identity keys: set by an administrator of an App.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use vestnik_model::{
    FieldProblem, IdentityAlgorithm, IdentityKeyRequest, Problem, problem::FieldCode,
};
use vestnik_store::{
    Store,
    tenants::{ApiKey, IdentityKey},
};

use crate::{credential::identity, refusal::Refusal};

/// The fewest bytes of a shared secret (RFC 7518, section 3.2).
const MIN_SECRET: usize = 32;
/// The most characters of a key's id.
const MAX_KID: usize = 64;

/// Checks and stores an identity key.
pub(crate) async fn put_identity_key(
    store: &dyn Store,
    by: &ApiKey,
    kid: String,
    request: &IdentityKeyRequest,
) -> Result<(), Refusal> {
    if !is_kid(&kid) {
        let detail = format!("the kid must be 1 to {MAX_KID} of A-Z a-z 0-9 . _ -");
        let problem = FieldProblem::new("", FieldCode::Malformed, detail);
        return Err(Problem::invalid(vec![problem]).into());
    }
    let key = parse(kid, request)?;
    let kid = key.kid.clone();
    store.put_identity_key(by.app.clone(), key).await?;
    tracing::info!(kid, by = %by.id, "identity key set");
    Ok(())
}

/// Deletes an identity key: what it signed is accepted no longer.
pub(crate) async fn delete_identity_key(
    store: &dyn Store,
    by: &ApiKey,
    kid: String,
) -> Result<(), Refusal> {
    let was_there = is_kid(&kid)
        && store
            .delete_identity_key(by.app.clone(), kid.clone())
            .await?;
    if was_there {
        tracing::info!(kid, by = %by.id, "identity key deleted");
        Ok(())
    } else {
        Err(Refusal::not_found("identity key"))
    }
}

/// What can stand in a log line and in a path as it is.
fn is_kid(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=MAX_KID).contains(&text.len()) && text.bytes().all(is_allowed)
}

fn parse(kid: String, request: &IdentityKeyRequest) -> Result<IdentityKey, Refusal> {
    let wrong = |detail: &str| {
        Refusal::from(Problem::invalid(vec![FieldProblem::new(
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
