//! The server's REST interface as the commands use it.

use std::{fmt, time::Duration};

use reqwest::{Client, Method, RequestBuilder, Response, Url, header};
use serde::{Serialize, de::DeserializeOwned};
use vestnik_core::transport::endpoint;
use vestnik_model::{Problem, ProblemCode};

use crate::{args::ServerArgs, exit::Failure};

const TIMEOUT: Duration = Duration::from_secs(20);

/// A server and a key to it.
pub(crate) struct Api {
    base: Url,
    key: String,
    http: Client,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

impl Api {
    pub(crate) fn new(args: &ServerArgs) -> Result<Self, Failure> {
        let key = args.key.clone().ok_or_else(|| {
            Failure::Usage("an API key is needed: give --key or set VESTNIK_KEY".to_owned())
        })?;
        Self::with_key(args.server.clone(), key)
    }

    pub(crate) fn with_key(base: Url, key: String) -> Result<Self, Failure> {
        let http = Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Failure::Other(error.into()))?;
        Ok(Self { base, key, http })
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        answer(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &impl Serialize) -> Result<(), Failure> {
        done(self.request(Method::PUT, path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<(), Failure> {
        done(self.request(Method::DELETE, path)).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let bearer = format!("Bearer {}", self.key);
        self.http
            .request(method, endpoint(&self.base, path))
            .header(header::AUTHORIZATION, bearer)
    }
}

async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Failure> {
    let response = send(request).await?;
    response.json().await.map_err(unreachable)
}

async fn done(request: RequestBuilder) -> Result<(), Failure> {
    send(request).await.map(drop)
}

async fn send(request: RequestBuilder) -> Result<Response, Failure> {
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let problem = response.json::<Problem>().await.unwrap_or_else(|_| {
        Problem::new(
            ProblemCode::Internal,
            format!("{status} without a problem document"),
        )
    });
    Err(problem.into())
}

/// Without its address, which may hold what the user would not show.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn unreachable(error: reqwest::Error) -> Failure {
    let cause =
        std::iter::successors(std::error::Error::source(&error), |cause| cause.source()).last();
    let reason = cause.map_or_else(|| "no answer in time".to_owned(), ToString::to_string);
    Failure::Unreachable(format!("the server cannot be reached: {reason}"))
}
