//! Proves anew who we are while a connection lives: `POST {hub}/refresh?id=<connection token>`
//! (ASP.NET Core 11, dotnet/aspnetcore pull request 67111).

use std::time::Duration;

use http::header;
use reqwest::{Response, Url};
use serde::Deserialize;
use tokio::time::timeout;

use super::{
    error::{ConnectError, retry_after},
    negotiate::{Negotiated, body, client, lifetime},
    options::ConnectOptions,
};
use crate::client::{
    clock::{self, Alarm},
    refresh::{Attempted, Schedule},
};

/// Keeps the authentication of one connection fresh.
pub(crate) struct Refresher {
    options: ConnectOptions,
    url: Url,
    schedule: Schedule,
}

/// What the server answers. The rest is of no interest.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    token_lifetime_seconds: Option<serde_json::Value>,
}

impl Refresher {
    /// Nothing when the server does not ask for it, or when there is nobody to ask for a token.
    pub(crate) fn new(options: &ConnectOptions, negotiated: Negotiated) -> Option<Self> {
        options.token.as_ref()?;
        let mut url = negotiated.url;
        let path = format!("{}/refresh", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Some(Self {
            options: options.clone(),
            url,
            schedule: negotiated.refresh?,
        })
    }

    /// Refreshes in time, again and again, until there is no more use in it.
    pub(crate) async fn run(mut self) {
        let mut alarm = Alarm::default();
        loop {
            alarm.ring(self.schedule.next()).await;
            let attempt = self.attempt().await;
            match attempt {
                Attempted::Refreshed(_) => tracing::debug!("the authentication was refreshed"),
                Attempted::Refused => tracing::warn!("the server refuses the refreshed token"),
                Attempted::Unsupported => {
                    tracing::debug!("the server refreshes no authentication here");
                }
                Attempted::Failed(_) => tracing::debug!("the authentication was not refreshed"),
            }
            let now = clock::now();
            match self.schedule.after(now, attempt, rand::random()) {
                Some(schedule) => self.schedule = schedule,
                None => return,
            }
        }
    }

    async fn attempt(&self) -> Attempted {
        let left = self
            .schedule
            .expires()
            .saturating_duration_since(clock::now());
        let limit = left.min(self.options.connect_timeout);
        match timeout(limit, self.post()).await {
            Ok(Ok(attempted)) => attempted,
            Ok(Err(error)) => {
                tracing::debug!(%error, "the authentication could not be refreshed");
                Attempted::Failed(None)
            }
            Err(_) => Attempted::Failed(None),
        }
    }

    async fn post(&self) -> Result<Attempted, ConnectError> {
        // It is not needed for minutes or hours: nothing of it is kept meanwhile.
        let http = client(&self.options, Duration::ZERO)?;
        let mut request = http
            .post(self.url.clone())
            .header(header::CONTENT_LENGTH, 0);
        if let Some(source) = &self.options.token {
            let bearer = source.token().await?;
            request = request.header(header::AUTHORIZATION, bearer.header());
        }
        let response = request
            .send()
            .await
            .map_err(super::negotiate::unreachable)?;
        let status = response.status().as_u16();
        if status == 200 {
            return read(response).await;
        }
        let retry_after = retry_after(response.headers());
        Ok(Attempted::from_status(status, retry_after))
    }
}

async fn read(response: Response) -> Result<Attempted, ConnectError> {
    let answer: Answer = serde_json::from_slice(&body(response).await?)
        .map_err(|error| ConnectError::Protocol(error.to_string()))?;
    let seconds = answer.token_lifetime_seconds;
    Ok(Attempted::Refreshed(lifetime(seconds.as_ref())))
}
