//! Asks the server for a connection, following its redirects.

use std::{io, time::Duration};

use reqwest::{Client, Response, Url, header};
use serde::Deserialize;

use super::{
    error::{ConnectError, retry_after},
    open::Kind,
    options::ConnectOptions,
    proxy::Proxy,
    token::{BearerToken, TokenSource},
};
use crate::{
    client::{clock, refresh::Schedule},
    protocol::TransferFormat,
};

/// How often a client asks until a server stops sending it on, as in the official clients.
const MAX_NEGOTIATIONS: usize = 100;
/// Asks for a version of negotiate.
const VERSION: &str = "negotiateVersion";
/// Asks for stateful reconnect, and grants it.
const STATEFUL: &str = "useStatefulReconnect";
/// The official text for what is granted unasked.
const UNASKED: &str = "Client didn't negotiate Stateful Reconnect but the server did.";
/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// Where to open the transport.
#[derive(Debug)]
pub(crate) struct Negotiated {
    pub(crate) url: Url,
    /// The options' own, or what a redirect put in its place.
    pub(crate) token: Option<TokenSource>,
    pub(crate) connection_id: String,
    /// When to refresh the application's own token, if the server asks for it. The token of a
    /// redirect is another's, who alone could renew it.
    pub(crate) refresh: Option<Schedule>,
    /// Those that carry the protocol, in the order in which they are to be tried.
    pub(crate) offers: Vec<Kind>,
    /// Whether the connection may outlive its WebSocket.
    pub(crate) is_stateful: bool,
}

/// What a server may answer. Unknown fields are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    negotiate_version: u32,
    connection_id: Option<String>,
    connection_token: Option<String>,
    #[serde(default)]
    use_stateful_reconnect: bool,
    #[serde(default)]
    available_transports: Vec<Offer>,
    url: Option<String>,
    access_token: Option<String>,
    token_lifetime_seconds: Option<serde_json::Value>,
    error: Option<String>,
    /// Only the ASP.NET SignalR of old sends it.
    #[serde(rename = "ProtocolVersion")]
    protocol_version: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Offer {
    transport: String,
    /// What it carries; a server that does not say so is taken to carry anything.
    transfer_formats: Option<Vec<String>>,
}

impl Offer {
    /// Says which transport it is, if we have it and it carries the format.
    fn kind_for(&self, format: TransferFormat) -> Option<Kind> {
        let carries = |formats: &Vec<String>| formats.iter().any(|name| name == format.name());
        let kind = Kind::named(&self.transport)?;
        self.transfer_formats
            .as_ref()
            .is_none_or(carries)
            .then_some(kind)
    }
}

enum Step {
    Ready {
        connection_id: String,
        token: String,
        lifetime: Option<Duration>,
        offers: Vec<Kind>,
        is_stateful: bool,
    },
    Redirect {
        url: String,
        access_token: Option<String>,
    },
}

pub(crate) async fn negotiate(options: &ConnectOptions) -> Result<Negotiated, ConnectError> {
    let mut url = options.url.clone();
    let http = client(options, Duration::ZERO)?;
    let mut source = options.token.clone();
    let mut is_own_token = true;
    let format = options.machine.protocol.transfer_format();
    let wants_stateful = options.stateful.is_some();
    for _ in 0..MAX_NEGOTIATIONS {
        let bearer = match &source {
            Some(source) => Some(source.token().await?),
            None => None,
        };
        let address = negotiate_url(&url, wants_stateful);
        match read(&ask(&http, address, bearer.as_ref()).await?, format)? {
            Step::Ready {
                connection_id,
                token,
                lifetime,
                offers,
                is_stateful,
            } => {
                if is_stateful && !wants_stateful {
                    return Err(ConnectError::Protocol(UNASKED.to_owned()));
                }
                let lifetime = lifetime.filter(|_| is_own_token);
                url.query_pairs_mut().append_pair("id", &token);
                return Ok(Negotiated {
                    url,
                    token: source,
                    connection_id,
                    refresh: lifetime.map(|lifetime| Schedule::new(clock::now(), lifetime)),
                    offers,
                    is_stateful,
                });
            }
            Step::Redirect {
                url: next,
                access_token,
            } => {
                url = redirected(&url, &next)?;
                if let Some(token) = access_token {
                    source = Some(replaced(&token)?);
                    is_own_token = false;
                }
            }
        }
    }
    Err(ConnectError::Redirects)
}

/// Whether an address is one of the two kinds that hubs have.
pub(crate) fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

fn redirected(from: &Url, to: &str) -> Result<Url, ConnectError> {
    let url = from.join(to).ok().filter(is_web);
    url.ok_or_else(|| ConnectError::Protocol("the address of a redirect is none".to_owned()))
}

fn replaced(token: &str) -> Result<TokenSource, ConnectError> {
    let token = BearerToken::new(token).ok_or_else(|| {
        ConnectError::Protocol("the token of a redirect cannot stand in a header".to_owned())
    })?;
    Ok(token.into())
}

/// Makes a client for the options' requests, whose connections stay open for so long when idle.
pub(crate) fn client(options: &ConnectOptions, idle: Duration) -> Result<Client, ConnectError> {
    let builder = Client::builder().no_proxy();
    let builder = match &options.proxy {
        Some(proxy) => builder.proxy(through(proxy)?),
        None => builder,
    };
    let mut builder = builder;
    for root in &options.roots {
        builder = builder.add_root_certificate(trusted(root)?);
    }
    builder
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(options.connect_timeout)
        .pool_idle_timeout(idle)
        .default_headers(options.headers.clone())
        .build()
        .map_err(|error| ConnectError::Address(error.to_string()))
}

fn trusted(root: &[u8]) -> Result<reqwest::Certificate, ConnectError> {
    reqwest::Certificate::from_pem(root)
        .map_err(|_| ConnectError::Address("a certificate is none".to_owned()))
}

fn through(proxy: &Proxy) -> Result<reqwest::Proxy, ConnectError> {
    reqwest::Proxy::all(proxy.url().clone())
        .map_err(|_| ConnectError::Address("the proxy's is none".to_owned()))
}

async fn ask(
    http: &Client,
    address: Url,
    bearer: Option<&BearerToken>,
) -> Result<Vec<u8>, ConnectError> {
    let mut request = http.post(address).header(header::CONTENT_LENGTH, 0);
    if let Some(bearer) = bearer {
        request = request.header(header::AUTHORIZATION, bearer.header());
    }
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status().as_u16();
    if status == 407 {
        return Err(ConnectError::Proxy { status });
    }
    if status != 200 {
        return Err(ConnectError::from_status(
            status,
            retry_after(response.headers()),
        ));
    }
    body(response).await
}

/// Reads a whole answer that must not be long.
pub(crate) async fn body(mut response: Response) -> Result<Vec<u8>, ConnectError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(ConnectError::Protocol("the answer is too long".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Appends `negotiate` after exactly one slash and keeps the caller's query, which may ask for a
/// version of its own.
fn negotiate_url(hub: &Url, wants_stateful: bool) -> Url {
    let mut url = hub.clone();
    let path = format!("{}/negotiate", hub.path().trim_end_matches('/'));
    url.set_path(&path);
    let asks = |wanted: &str| hub.query_pairs().any(|(name, _)| name == wanted);
    if !asks(VERSION) {
        url.query_pairs_mut().append_pair(VERSION, "1");
    }
    if wants_stateful && !asks(STATEFUL) {
        url.query_pairs_mut().append_pair(STATEFUL, "true");
    }
    url
}

fn read(body: &[u8], format: TransferFormat) -> Result<Step, ConnectError> {
    let answer: Answer =
        serde_json::from_slice(body).map_err(|error| ConnectError::Protocol(error.to_string()))?;
    if let Some(error) = answer.error {
        return Err(ConnectError::Refused(error));
    }
    if answer.protocol_version.is_some() {
        let text = "it is an ASP.NET SignalR server, not an ASP.NET Core one";
        return Err(ConnectError::Protocol(text.to_owned()));
    }
    if let Some(url) = answer.url {
        return Ok(Step::Redirect {
            url,
            access_token: answer.access_token,
        });
    }
    let offers = answer.available_transports.iter();
    let offers: Vec<Kind> = offers.filter_map(|offer| offer.kind_for(format)).collect();
    if offers.is_empty() {
        return Err(ConnectError::Transport);
    }
    let missing = |name: &str| ConnectError::Protocol(format!("negotiate gave no {name}"));
    let connection_id = answer
        .connection_id
        .ok_or_else(|| missing("connectionId"))?;
    let token = match answer.negotiate_version {
        0 => connection_id.clone(),
        _ => answer
            .connection_token
            .ok_or_else(|| missing("connectionToken"))?,
    };
    Ok(Step::Ready {
        connection_id,
        token,
        lifetime: lifetime(answer.token_lifetime_seconds.as_ref()),
        offers,
        is_stateful: answer.use_stateful_reconnect,
    })
}

/// Reads for how long a token is good; what is no number of seconds is as good as nothing.
pub(crate) fn lifetime(seconds: Option<&serde_json::Value>) -> Option<Duration> {
    Some(Duration::from_secs(seconds?.as_u64()?))
}

/// Without its address, which may hold a token.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
pub(crate) fn unreachable(error: reqwest::Error) -> ConnectError {
    if error.is_timeout() {
        return ConnectError::Timeout;
    }
    let cause =
        std::iter::successors(std::error::Error::source(&error), |cause| cause.source()).last();
    let reason = cause.map_or_else(|| "no answer".to_owned(), ToString::to_string);
    ConnectError::Unreachable(io::Error::other(reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> String {
        read(body.as_bytes(), TransferFormat::Text)
            .err()
            .unwrap()
            .to_string()
    }

    #[test]
    fn negotiate_stands_after_exactly_one_slash() {
        let url = |text: &str| negotiate_url(&Url::parse(text).unwrap(), false).to_string();
        assert_eq!(
            url("http://a/hub"),
            "http://a/hub/negotiate?negotiateVersion=1"
        );
        assert_eq!(
            url("http://a/hub?negotiateVersion=0"),
            "http://a/hub/negotiate?negotiateVersion=0"
        );
        assert_eq!(
            url("http://a/hub/?x=y"),
            "http://a/hub/negotiate?x=y&negotiateVersion=1"
        );
        let stateful = negotiate_url(&Url::parse("http://a/hub").unwrap(), true);
        assert_eq!(
            stateful.as_str(),
            "http://a/hub/negotiate?negotiateVersion=1&useStatefulReconnect=true"
        );
    }

    #[test]
    fn an_old_answer_has_one_id_for_both() {
        let body = br#"{"connectionId":"c","availableTransports":[{"transport":"WebSockets"}]}"#;
        assert!(
            matches!(read(body, TransferFormat::Text), Ok(Step::Ready { token, .. }) if token == "c")
        );
    }

    #[test]
    fn a_new_answer_has_a_secret_token() {
        let body = br#"{"negotiateVersion":1,"connectionId":"c","connectionToken":"t","new":1,
            "availableTransports":[{"transport":"WebSockets","transferFormats":["Text"]}]}"#;
        assert!(
            matches!(read(body, TransferFormat::Text), Ok(Step::Ready { token, .. }) if token == "t")
        );
    }

    #[test]
    fn a_transport_must_carry_what_the_protocol_writes() {
        let body = br#"{"negotiateVersion":1,"connectionId":"c","connectionToken":"t",
            "availableTransports":[{"transport":"WebSockets","transferFormats":["Text"]}]}"#;
        assert!(read(body, TransferFormat::Text).is_ok());
        let refusal = read(body, TransferFormat::Binary).err();
        assert!(matches!(refusal, Some(ConnectError::Transport)));
    }

    #[test]
    fn refusals_say_what_is_wrong() {
        assert_eq!(
            refused(r#"{"error":"too many"}"#),
            "the server refused the connection: too many"
        );
        assert!(refused(r#"{"ProtocolVersion":"2.1"}"#).contains("ASP.NET SignalR server"));
        assert!(refused("<html>").starts_with("the server does not speak the protocol"));
        assert!(refused(r#"{"negotiateVersion":1,"connectionId":"c"}"#).contains("no transport"));
        let no_token = r#"{"negotiateVersion":1,"connectionId":"c","availableTransports":[{"transport":"WebSockets"}]}"#;
        assert!(refused(no_token).contains("connectionToken"));
    }
}
