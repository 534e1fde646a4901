//! A device whose session, family or user is revoked.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use vestnik_model::{
    InstallationId, NotificationId, TokenRequest, TokenResponse, UserId, contract::server, route,
};
use vestnik_testkit::{
    Backend, RawHub,
    backend::to_user,
    clock::{self, AheadClock},
    name::{installation, user},
    raw_hub::Received,
    wait::{SILENCE, within},
};

use super::Target;
use crate::tally::Tally;

/// For longer than this after its exchange, a refresh token must not come again once its successor was
/// used.
const GRACE: Duration = Duration::from_secs(61);

/// What is revoked, and the server's clock.
pub(super) struct Revoking<'a> {
    pub(super) target: Target,
    pub(super) ahead: &'a AheadClock,
}

/// A device with a live connection.
pub(super) struct Device {
    backend: Backend,
    user: UserId,
    installation: InstallationId,
    tokens: TokenResponse,
    hub: RawHub,
}

/// When a call began, and whether it was answered with a result.
type Calls = Vec<(Instant, bool)>;

impl Device {
    pub(super) async fn open(
        backend: &Backend,
        at: SocketAddr,
        name: &str,
        number: u128,
    ) -> anyhow::Result<Self> {
        let (user, installation) = (user(name), installation(number));
        let tokens = backend.log_in(&user, installation).await?;
        let mut hub = RawHub::open(at, &tokens.access_token).await?;
        let hello = json!({ "installationId": installation });
        hub.call(server::HELLO, &hello).await?;
        Ok(Self {
            backend: backend.clone(),
            user,
            installation,
            tokens,
            hub,
        })
    }

    /// Calls over the hub and REST all the time, is revoked after `life` milliseconds, and notes what
    /// happened after the answer to the revocation.
    pub(super) async fn revoke(
        self,
        what: Revoking<'_>,
        life: u64,
        tally: &mut Tally,
    ) -> anyhow::Result<()> {
        let Self {
            backend,
            user,
            installation,
            tokens,
            hub,
        } = self;
        let stop = CancellationToken::new();
        let calling = tokio::spawn(call_until_closed(hub));
        let asking = Asking::start(&backend, &tokens, stop.clone())?;
        tokio::time::sleep(Duration::from_millis(life)).await;
        let target = what.target;
        match target {
            Target::Family => reuse(&backend, &tokens, what.ahead).await?,
            Target::User => backend.log_out(&user).await?,
            Target::Session | Target::Key => backend.delete_installation(installation).await?,
        }
        let answered = clock::instant();
        let late = backend.publish(&to_user(&user, "too late")).await?.id;
        let (calls, messages) = match within("the end", SILENCE, calling).await {
            Ok(called) => called??,
            Err(error) => {
                tally.fault("connections left open", format!("{target:?}: {error:#}"));
                return Ok(());
            }
        };
        stop.cancel();
        let asked = asking.0.await??;
        tally.count("calls", (calls.len() + asked.len()) as u64);
        for (began, _) in calls
            .into_iter()
            .chain(asked)
            .filter(|(_, is_answered)| *is_answered)
        {
            if began > answered {
                let after = began - answered;
                tally.fault("calls answered", format!("{target:?}: after {after:?}"));
            }
        }
        if messages.iter().any(|message| names(message, late)) {
            tally.fault("notifications sent", format!("{target:?}: {late}"));
        }
        Ok(())
    }
}

/// Whether a message of the hub has anything about a notification.
fn names(message: &Value, id: NotificationId) -> bool {
    message.to_string().contains(&id.to_string())
}

/// Reads the log again and again until the connection ends.
async fn call_until_closed(mut hub: RawHub) -> anyhow::Result<(Calls, Vec<Value>)> {
    let (mut calls, mut messages) = (Calls::new(), Vec::new());
    loop {
        let began = clock::instant();
        let Ok(completion) = hub.call(server::SYNC, &json!({})).await else {
            break;
        };
        let is_answered = completion["result"]["cursor"].is_string();
        calls.push((began, is_answered));
        messages.push(completion);
    }
    while let Received::Message(message) = hub.receive().await? {
        messages.push(message);
    }
    Ok((calls, messages))
}

/// Requests over REST with the device's token until it is stopped, and a few after that.
struct Asking(JoinHandle<anyhow::Result<Calls>>);

/// How many requests follow the end.
const REST_AFTER: usize = 3;

impl Asking {
    fn start(
        backend: &Backend,
        tokens: &TokenResponse,
        stop: CancellationToken,
    ) -> anyhow::Result<Self> {
        let http = Client::builder().no_proxy().build()?;
        let url = backend.url().join(route::RECEIPTS)?;
        let access = tokens.access_token.clone();
        Ok(Self(tokio::spawn(async move {
            let (mut calls, mut left) = (Calls::new(), REST_AFTER);
            while left > 0 {
                if stop.is_cancelled() {
                    left -= 1;
                }
                let began = clock::instant();
                let request = http.post(url.clone()).bearer_auth(&access);
                let answer = request.json(&json!({ "facts": [] })).send().await?;
                let status = answer.status();
                let is_known = status.is_success() || status == StatusCode::UNAUTHORIZED;
                anyhow::ensure!(is_known, "{status}: {}", answer.text().await?);
                calls.push((began, status.is_success()));
            }
            Ok(calls)
        })))
    }
}

/// Uses a refresh token a second time after its successor was used, which revokes the family.
async fn reuse(
    backend: &Backend,
    tokens: &TokenResponse,
    ahead: &AheadClock,
) -> anyhow::Result<()> {
    let refresh = async |token: &str| {
        let request = TokenRequest::RefreshToken {
            refresh_token: token.to_owned(),
            installation_secret: None,
        };
        backend.post(route::TOKEN, &request).await
    };
    let second: TokenResponse = refresh(&tokens.refresh_token).await?.json().await?;
    let third = refresh(&second.refresh_token).await?;
    anyhow::ensure!(third.status().is_success(), "{}", third.status());
    ahead.advance(GRACE);
    let reused = refresh(&tokens.refresh_token).await?;
    anyhow::ensure!(
        reused.status() == StatusCode::UNAUTHORIZED,
        "a reused token was answered with {}",
        reused.status()
    );
    Ok(())
}
