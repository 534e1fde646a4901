//! Signed JSON in its compact form (RFC 7515, 7.1).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

use crate::key::SignError;

/// Why a token could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// A claim cannot be written as JSON.
    #[error("the token's claims cannot be written")]
    Json(#[from] serde_json::Error),
    /// The private key cannot sign.
    #[error("the token cannot be signed")]
    Sign(#[from] SignError),
}

/// The header of a token.
#[derive(Serialize)]
pub(crate) struct Header<'a> {
    pub(crate) alg: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) typ: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kid: Option<&'a str>,
}

/// Writes header and claims and signs both.
pub(crate) fn compact<C: Serialize>(
    header: &Header<'_>,
    claims: &C,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, SignError>,
) -> Result<String, TokenError> {
    let header = URL_SAFE_NO_PAD.encode(serde_json::to_vec(header)?);
    let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims)?);
    let signed = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(sign(signed.as_bytes())?);
    Ok(format!("{signed}.{signature}"))
}
