//! How a device logs in and refreshes its tokens.

use std::fmt;

use anyhow::{Context as _, anyhow};
use reqwest::Client;
use vestnik_model::{Problem, TokenRequest, TokenResponse, route};

use super::store::DeviceStore;

/// What a device authenticates itself by.
#[derive(Clone)]
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: String,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(…)")
    }
}

pub(super) async fn log_in(store: &DeviceStore) -> anyhow::Result<()> {
    let setup = store.setup();
    let request = TokenRequest::IdentityToken {
        app: setup.app.clone(),
        installation_id: setup.installation,
        installation_secret: setup.secret.clone(),
        identity_token: setup.identity.clone(),
    };
    grant(store, &request).await
}

/// Exchanges the refresh token.
pub(super) async fn refresh(store: &DeviceStore) -> anyhow::Result<()> {
    let refresh_token = {
        let stored = store.borrow();
        let tokens = stored.tokens.as_ref();
        tokens.context("a device logs in first")?.refresh.clone()
    };
    let request = TokenRequest::RefreshToken {
        refresh_token,
        installation_secret: Some(store.setup().secret.clone()),
    };
    grant(store, &request).await?;
    store.change(|stored| stored.refreshes += 1);
    Ok(())
}

async fn grant(store: &DeviceStore, request: &TokenRequest) -> anyhow::Result<()> {
    let http = Client::builder().no_proxy().build()?;
    let url = store.setup().server.join(route::TOKEN)?;
    let answer = http.post(url).json(request).send().await?;
    let status = answer.status();
    let body = answer.bytes().await?;
    if !status.is_success() {
        return Err(match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => problem.into(),
            Err(_) => anyhow!("the server answered {status} without a problem"),
        });
    }
    let granted: TokenResponse = serde_json::from_slice(&body)?;
    store.change(|stored| {
        stored.tokens = Some(Tokens {
            access: granted.access_token,
            refresh: granted.refresh_token,
        });
    });
    Ok(())
}
