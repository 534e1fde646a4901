//! Identity keys: set by an administrator of an App.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use vestnik_model::{
    FieldProblem, IdentityAlgorithm, IdentityKeyRequest, Problem, problem::FieldCode,
};
use vestnik_store::{ApiKey, IdentityKey, Store};

use crate::{credential::identity, refusal::Refusal};

/// The fewest bytes of a shared secret (RFC 7518, section 3.2).
const MIN_SECRET: usize = 32;

/// Checks and stores an identity key.
pub(crate) async fn put_identity_key(
    store: &dyn Store,
    by: &ApiKey,
    kid: String,
    request: &IdentityKeyRequest,
) -> Result<(), Refusal> {
    let key = parse(kid, request)?;
    tracing::info!(kid = %key.kid, by = %by.id, "identity key set");
    store.put_identity_key(by.app.clone(), key).await?;
    Ok(())
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
