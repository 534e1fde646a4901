//! A device for the terminal: the core, told about this machine.

use std::path::PathBuf;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Url;
use serde::Serialize;
use vestnik_core::{Config, DeviceInfo};
use vestnik_model::{AppId, Permission, Platform, UserId};

use crate::{clock, exit::Failure};

/// How long an identity token made here holds, in seconds.
const IDENTITY_TOKEN_SECONDS: i64 = 60 * 60;

/// Settings of a core on this machine.
pub(crate) fn config(server: Url, app: AppId, data_dir: PathBuf, model: &str) -> Config {
    let device = DeviceInfo {
        platform: Platform::current(),
        model: Some(model.to_owned()),
        os_version: None,
        app_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        locale: None,
        time_zone: None,
        permission: Permission::Granted,
    };
    Config::new(server, app, data_dir, device)
}

#[derive(Serialize)]
struct IdentityClaims<'a> {
    sub: &'a str,
    aud: &'a str,
    exp: i64,
}

/// The user whom an identity token vouches for, as it says itself. Whether that is true is for the
/// server to say.
pub(crate) fn subject(token: &str) -> Option<UserId> {
    let claims = token.split('.').nth(1)?;
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&claims).ok()?;
    UserId::parse(claims.get("sub")?.as_str()?).ok()
}

/// Vouches for a user as the App's backend would.
pub(crate) fn identity_token(
    app: &AppId,
    user: &UserId,
    key_id: &str,
    secret: &str,
) -> Result<String, Failure> {
    let exp = clock::now().as_second() + IDENTITY_TOKEN_SECONDS;
    let claims = IdentityClaims {
        sub: user.as_str(),
        aud: app.as_str(),
        exp,
    };
    let header = Header {
        kid: Some(key_id.to_owned()),
        ..Header::new(Algorithm::HS256)
    };
    let secret = BASE64_URL_SAFE_NO_PAD
        .decode(secret)
        .map_err(|_| Failure::Usage("the identity secret is not base64url".to_owned()))?;
    let key = EncodingKey::from_secret(&secret);
    jsonwebtoken::encode(&header, &claims, &key).map_err(|error| Failure::Other(error.into()))
}
