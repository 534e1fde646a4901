//! The REST calls of a device.

use std::time::Duration;

use reqwest::{Certificate, Client, Method, Proxy, Response, Url, redirect::Policy};
use serde::Serialize;

use super::{NetworkOptions, classify::HttpAnswer, endpoint::endpoint};
use crate::machine::{CallFailure, Secret};

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 * 1_024;

/// How long a connection is kept that no call uses: long enough for the calls of one login. The network
/// may be another one by the next call, and a call over a dead connection waits for its whole time.
const IDLE: Duration = Duration::from_secs(5);

/// A server's REST interface.
#[derive(Debug, Clone)]
pub(super) struct Http {
    client: Client,
    base: Url,
}

/// A call.
pub(super) struct Call<'a, B> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) token: Option<&'a Secret>,
    pub(super) body: Option<&'a B>,
}

impl Http {
    pub(super) fn new(
        base: Url,
        timeout: Duration,
        options: &NetworkOptions,
    ) -> Result<Self, reqwest::Error> {
        let mut client = Client::builder()
            .timeout(timeout)
            .pool_idle_timeout(IDLE)
            .redirect(Policy::none())
            .no_proxy();
        if let Some(proxy) = &options.proxy {
            client = client.proxy(Proxy::all(proxy.clone())?);
        }
        for root in &options.roots {
            client = client.add_root_certificate(Certificate::from_pem(root)?);
        }
        let client = client.build()?;
        Ok(Self { client, base })
    }

    /// The address of a route.
    pub(super) fn address(&self, path: &str) -> Url {
        endpoint(&self.base, path)
    }

    /// Sends a call and reads the answer, whatever it is.
    pub(super) async fn call<B: Serialize + Sync>(
        &self,
        call: Call<'_, B>,
    ) -> Result<HttpAnswer, CallFailure> {
        let Call {
            method,
            path,
            token,
            body,
        } = call;
        let mut request = self.client.request(method, self.address(path));
        if let Some(token) = token {
            request = request.bearer_auth(token.expose());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|_| CallFailure::NoAnswer)?;
        read(response).await
    }
}

/// Reads an answer. Of one that is too large only the status counts.
async fn read(mut response: Response) -> Result<HttpAnswer, CallFailure> {
    let mut answer = HttpAnswer {
        status: response.status(),
        headers: response.headers().clone(),
        body: Vec::new(),
    };
    while let Some(chunk) = response.chunk().await.map_err(|_| CallFailure::NoAnswer)? {
        if answer.body.len() + chunk.len() > MAX_ANSWER {
            answer.body.clear();
            return Ok(answer);
        }
        answer.body.extend_from_slice(&chunk);
    }
    Ok(answer)
}
