//! The server's REST interface as the commands use it.

use std::{fmt, time::Duration};

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url, header};
use serde::{Serialize, de::DeserializeOwned};
use vestnik_core::transport::endpoint;
use vestnik_model::{Problem, ProblemCode, view::List};

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
        Self::with_key(args.server.clone(), key(args)?)
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

    /// A resource by its path and a query.
    pub(crate) async fn get_by<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Failure> {
        let mut url = endpoint(&self.base, path);
        url.query_pairs_mut().extend_pairs(query);
        answer(self.request_at(Method::GET, url)).await
    }

    /// Every item of a list, page by page.
    pub(crate) async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<List<T>, Failure> {
        let (mut data, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let mut url = endpoint(&self.base, path);
            url.query_pairs_mut().append_pair("limit", "200");
            if let Some(cursor) = &cursor {
                url.query_pairs_mut().append_pair("cursor", cursor);
            }
            let page: List<T> = answer(self.request_at(Method::GET, url)).await?;
            data.extend(page.data);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(List {
                    data,
                    next_cursor: None,
                });
            }
        }
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        answer(self.request(Method::POST, path).json(body)).await
    }

    /// Posts an e-mail message.
    pub(crate) async fn post_message<T: DeserializeOwned>(
        &self,
        path: &str,
        message: Vec<u8>,
    ) -> Result<T, Failure> {
        let request = self.request(Method::POST, path);
        let request = request.header(header::CONTENT_TYPE, "message/rfc822");
        answer(request.body(message)).await
    }

    /// Appends bytes to a file from an offset on; the file may end with them.
    pub(crate) async fn append<T: DeserializeOwned>(
        &self,
        path: &str,
        (from, is_complete): (u64, bool),
        bytes: Vec<u8>,
    ) -> Result<T, Failure> {
        let complete = if is_complete { "?1" } else { "?0" };
        let request = self
            .request(Method::PATCH, path)
            .header(header::CONTENT_TYPE, "application/partial-upload")
            .header("upload-offset", from)
            .header("upload-complete", complete);
        answer(request.body(bytes)).await
    }

    /// Does what the path's verb says, and reads the answer.
    pub(crate) async fn act<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        answer(self.request(Method::POST, path)).await
    }

    /// The same; nothing if there is nothing to show.
    pub(crate) async fn act_and_show<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<Option<T>, Failure> {
        let response = send(self.request(Method::POST, path)).await?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        response.json().await.map(Some).map_err(unreachable)
    }

    pub(crate) async fn patch<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        answer(self.request(Method::PATCH, path).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &impl Serialize) -> Result<(), Failure> {
        done(self.request(Method::PUT, path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<(), Failure> {
        done(self.request(Method::DELETE, path)).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.request_at(method, endpoint(&self.base, path))
    }

    fn request_at(&self, method: Method, url: Url) -> RequestBuilder {
        let bearer = format!("Bearer {}", self.key);
        self.http
            .request(method, url)
            .header(header::AUTHORIZATION, bearer)
    }
}

/// The key of the arguments, without the line break that files and shells leave at its end.
pub(crate) fn key(args: &ServerArgs) -> Result<String, Failure> {
    let key = args.key.as_deref().map(str::trim).unwrap_or_default();
    if key.is_empty() {
        let text = "an API key is needed: give --key or set VESTNIK_KEY";
        return Err(Failure::Usage(text.to_owned()));
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let text = "the API key has a space, a line break or another character that no key has";
        return Err(Failure::Usage(text.to_owned()));
    }
    Ok(key.to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn args(key: Option<&str>) -> ServerArgs {
        ServerArgs {
            server: Url::parse("http://127.0.0.1:4000/").unwrap(),
            key: key.map(str::to_owned),
        }
    }

    #[test]
    fn a_line_break_behind_a_key_is_not_part_of_it() {
        for given in ["vk_a_b", "vk_a_b\r", "vk_a_b\r\n", " vk_a_b "] {
            assert_eq!(key(&args(Some(given))).unwrap(), "vk_a_b", "{given:?}");
        }
    }

    #[test]
    fn what_cannot_be_a_key_is_wrong_usage() {
        for given in [
            None,
            Some(""),
            Some("\n"),
            Some("vk a"),
            Some("vk\na"),
            Some("ключ"),
        ] {
            let refused = key(&args(given)).unwrap_err();
            assert!(matches!(refused, Failure::Usage(_)), "{given:?}");
        }
    }
}
