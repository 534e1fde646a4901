//! Goes through an HTTP proxy: `CONNECT` asks it for a tunnel to the server.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use reqwest::Url;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::error::ConnectError;

/// The longest answer to `CONNECT` that is read, in bytes.
const MAX_ANSWER: usize = 8 * 1024;

/// An HTTP proxy. What it is told in its address, a user and a password, stays out of logs.
#[derive(Clone)]
pub struct Proxy(Url);

impl Proxy {
    /// Takes an address like `http://user:password@proxy:3128`; `None` when it is not one.
    #[must_use]
    pub fn new(url: Url) -> Option<Self> {
        (url.scheme() == "http" && url.host_str().is_some()).then_some(Self(url))
    }

    pub(crate) const fn url(&self) -> &Url {
        &self.0
    }

    /// Asks for a tunnel to `host:port` over a connection to the proxy.
    pub(crate) async fn tunnel(
        &self,
        tcp: &mut TcpStream,
        authority: &str,
    ) -> Result<(), ConnectError> {
        let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
        if let Some(credentials) = self.credentials() {
            request.push_str(&format!("Proxy-Authorization: Basic {credentials}\r\n"));
        }
        request.push_str("\r\n");
        tcp.write_all(request.as_bytes())
            .await
            .map_err(ConnectError::Unreachable)?;
        match status(&read_head(tcp).await?) {
            Some(200..=299) => Ok(()),
            Some(status) => Err(ConnectError::Proxy { status }),
            None => Err(foreign()),
        }
    }

    /// User and password as the Basic scheme writes them.
    fn credentials(&self) -> Option<String> {
        let user = self.0.username();
        let password = self.0.password().unwrap_or_default();
        if user.is_empty() && password.is_empty() {
            return None;
        }
        let mut pair = decoded(user);
        pair.push(b':');
        pair.extend(decoded(password));
        Some(BASE64_STANDARD.encode(pair))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({:?})", self.0.host_str())
    }
}

/// Reads up to the blank line; a refusal's body behind it is dropped. Nothing of a tunnel is lost,
/// as its server speaks only after us.
async fn read_head(tcp: &mut TcpStream) -> Result<Vec<u8>, ConnectError> {
    let mut head = Vec::new();
    let mut chunk = [0; 512];
    while !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        let read = tcp
            .read(&mut chunk)
            .await
            .map_err(ConnectError::Unreachable)?;
        if read == 0 {
            let end = std::io::ErrorKind::UnexpectedEof;
            return Err(ConnectError::Unreachable(end.into()));
        }
        head.extend_from_slice(&chunk[..read]);
        if head.len() > MAX_ANSWER {
            return Err(foreign());
        }
    }
    Ok(head)
}

fn foreign() -> ConnectError {
    ConnectError::Protocol("the proxy does not speak HTTP".to_owned())
}

/// The status of an HTTP/1 answer.
fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let (version, rest) = line.split_once(' ')?;
    if !version.starts_with("HTTP/1.") {
        return None;
    }
    rest.get(..3)?.parse().ok()
}

/// Undoes the percent-encoding of an address.
fn decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = 0;
    while let Some(byte) = bytes.get(rest) {
        let escaped = text
            .get(rest + 1..rest + 3)
            .filter(|_| *byte == b'%')
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(escaped.unwrap_or(*byte));
        rest += if escaped.is_some() { 3 } else { 1 };
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(url: &str) -> Option<Proxy> {
        Proxy::new(url.parse().unwrap())
    }

    #[test]
    fn credentials_are_those_of_the_address() {
        for (url, expected) in [
            ("http://proxy:3128", None),
            ("http://user:pass@proxy", Some("dXNlcjpwYXNz")),
            ("http://us%3Aer:p%40%20s%@proxy", Some("dXM6ZXI6cEAgcyU=")),
            ("http://user@proxy", Some("dXNlcjo=")),
        ] {
            let credentials = proxy(url).unwrap().credentials();
            assert_eq!(credentials.as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn only_plain_http_proxies_are_known() {
        assert!(proxy("https://proxy").is_none());
        assert!(proxy("socks5://proxy").is_none());
        assert!(!format!("{:?}", proxy("http://user:hush@proxy")).contains("hush"));
    }

    #[test]
    fn the_status_is_read_from_the_first_line() {
        assert_eq!(
            status(b"HTTP/1.1 200 Connection established\r\n\r\n"),
            Some(200)
        );
        assert_eq!(status(b"HTTP/1.0 407\r\nA: b\r\n\r\n"), Some(407));
        assert_eq!(status(b"SSH-2.0\r\n\r\n"), None);
        assert_eq!(status(b"HTTP/1.1 no\r\n\r\n"), None);
    }
}
