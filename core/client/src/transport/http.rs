//! The REST calls of a device.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response, Url, header, redirect::Policy};
use serde::Serialize;
use vestnik_model::{Problem, ProblemCode};

use super::{CallFailure, endpoint::endpoint};

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 * 1_024;

/// A server's REST interface.
#[derive(Debug, Clone)]
pub(super) struct Http {
    client: Client,
    base: Url,
}

impl Http {
    pub(super) fn new(base: Url, timeout: Duration) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .timeout(timeout)
            .redirect(Policy::none())
            .build()?;
        Ok(Self { client, base })
    }

    pub(super) async fn call<B: Serialize + Sync>(
        &self,
        (method, path): (Method, &str),
        token: Option<&str>,
        body: Option<&B>,
    ) -> Result<Vec<u8>, CallFailure> {
        let url = endpoint(&self.base, path);
        let mut request = self.client.request(method, url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        send(request).await
    }
}

async fn send(request: RequestBuilder) -> Result<Vec<u8>, CallFailure> {
    let response = request.send().await.map_err(|_| unreachable())?;
    let (status, retry_after) = (response.status(), retry_after(&response));
    let body = read(response).await?;
    if status.is_success() {
        return Ok(body);
    }
    if status.is_server_error() || status.as_u16() == 429 || status.as_u16() == 408 {
        return Err(CallFailure::Unreachable { retry_after });
    }
    let problem = serde_json::from_slice(&body).unwrap_or_else(|_| {
        Problem::new(
            ProblemCode::Internal,
            format!("status {status} without a problem document"),
        )
    });
    Err(CallFailure::Refused(problem))
}

async fn read(mut response: Response) -> Result<Vec<u8>, CallFailure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| unreachable())? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(unreachable());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn retry_after(response: &Response) -> Option<Duration> {
    let text = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    text.parse().ok().map(Duration::from_secs)
}

pub(super) const fn unreachable() -> CallFailure {
    CallFailure::Unreachable { retry_after: None }
}
