//! Logs installations in over REST, as the backend of an App and its devices do.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use anyhow::{Context as _, Result};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;
use vestnik_model::{
    AppId, InstallationId, InstallationSecret, TokenRequest, TokenResponse, route,
};

use super::{
    load::{Target, joined},
    rest::Rest,
    seed,
    site::{APP, Keys},
};

/// Connections over which installations log in.
const CONNECTIONS: usize = 32;
/// The first installation that logs in: below are those that were seeded.
const FIRST: u128 = 1 << 64;

/// An installation with its access token.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Login {
    pub(super) installation: InstallationId,
    pub(super) token: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("installation", &self.installation)
            .finish_non_exhaustive()
    }
}

/// Logs in one installation of each of these users, who may be named more than once.
pub(super) fn log_in(target: Target<'_>, keys: &Keys, users: &[usize]) -> Result<Vec<Login>> {
    let next = AtomicUsize::new(0);
    let mut all = thread::scope(|scope| {
        let exchange = || -> Result<Vec<(usize, Login)>> {
            let mut rest = Rest::connect(target.address, target.key)?;
            let mut logins = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(user) = users.get(index) else {
                    return Ok(logins);
                };
                logins.push((index, one(&mut rest, keys, *user, index)?));
            }
        };
        let threads: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(exchange)).collect();
        let parts: Result<Vec<_>> = threads.into_iter().map(joined).collect();
        Ok::<_, anyhow::Error>(parts?.into_iter().flatten().collect::<Vec<_>>())
    })?;
    all.sort_by_key(|(index, _)| *index);
    Ok(all.into_iter().map(|(_, login)| login).collect())
}

fn one(rest: &mut Rest, keys: &Keys, user: usize, index: usize) -> Result<Login> {
    let installation = InstallationId::from_uuid(Uuid::from_u128(FIRST + index as u128));
    let request = TokenRequest::IdentityToken {
        app: AppId::parse(APP)?,
        installation_id: installation,
        installation_secret: InstallationSecret::from_bytes([7; 32]),
        identity_token: identity(keys, &seed::user(user))?,
    };
    let body = serde_json::to_string(&request)?;
    let answer = rest.request("POST", route::TOKEN, &body)?.expect(200)?;
    let tokens: TokenResponse =
        serde_json::from_value(answer).context("an answer without tokens")?;
    Ok(Login {
        installation,
        token: tokens.access_token,
    })
}

/// Vouches for a user.
pub(crate) fn identity(keys: &Keys, user: &str) -> Result<String> {
    let claims = json!({
        "sub": user,
        "aud": APP,
        "exp": seed::millis() / 1_000 + 3_600,
    });
    let header = Header {
        kid: Some(keys.identity_id.clone()),
        ..Header::new(Algorithm::HS256)
    };
    let secret = BASE64_URL_SAFE_NO_PAD.decode(&keys.identity_secret)?;
    Ok(jsonwebtoken::encode(
        &header,
        &claims,
        &EncodingKey::from_secret(&secret),
    )?)
}
