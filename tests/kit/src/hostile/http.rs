//! HTTP/1.1 by hand (RFC 9112): one request per connection, answered rightly or wrongly.

use std::{collections::BTreeMap, io};

use tokio::io::{AsyncBufRead, AsyncReadExt as _, AsyncWrite};

use super::valve::Valve;

/// The most bytes of a request's head.
const LONGEST_HEAD: usize = 64 << 10;
/// The most bytes of a request's body.
const LONGEST_BODY: usize = 1 << 20;
/// How many bytes an answer promises beyond those that it brings, when it does not bring all.
const MISSING: usize = 1_000;
/// What an endless answer consists of.
const FILLER: [u8; 4_096] = [b' '; 4_096];

/// A request.
#[derive(Debug)]
pub(super) struct HttpRequest {
    pub(super) method: String,
    pub(super) target: String,
    /// By their names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl HttpRequest {
    pub(super) async fn read(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Self> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() >= LONGEST_HEAD {
                return Err(io::Error::other("a request's head is too long"));
            }
            head.push(from.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head);
        let mut lines = head.lines();
        let mut words = lines.next().unwrap_or_default().split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (method, target) = (word(), word());
        let headers: BTreeMap<_, _> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length = headers.get("content-length");
        let length = length.map_or(Ok(0), |text| text.parse::<usize>());
        let length = length.map_err(io::Error::other)?;
        if length > LONGEST_BODY {
            return Err(io::Error::other("a request's body is too long"));
        }
        let mut body = vec![0; length];
        from.read_exact(&mut body).await?;
        Ok(Self {
            method,
            target,
            headers,
            body,
        })
    }

    /// The token that the request carries, in its header or its query.
    pub(super) fn token(&self) -> Option<String> {
        let header = self.headers.get("authorization");
        let header = header.and_then(|text| text.strip_prefix("Bearer "));
        let query = self.target.split_once("access_token=");
        let query = query.map(|(_, rest)| rest.split('&').next().unwrap_or_default());
        header.or(query).map(str::to_owned)
    }
}

/// How the body of an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With its last byte.
    Whole,
    /// The connection breaks before the last bytes.
    Cut,
    /// The last bytes never come, and the connection stands.
    Stall,
    /// There is no last byte.
    Endless,
}

/// An answer of the test's own.
#[derive(Debug, Clone)]
pub(super) struct HttpAnswer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) end: End,
}

impl HttpAnswer {
    pub(super) const fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            end: End::Whole,
        }
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes the answer, as the valve lets it pass; gives whether the connection is to be left open and
    /// silent.
    pub(super) async fn write(
        &self,
        to: &mut (impl AsyncWrite + Unpin),
        valve: &Valve,
        is_trickled: bool,
    ) -> io::Result<bool> {
        let mut answer = self.head().into_bytes();
        answer.extend_from_slice(&self.body);
        let step = if is_trickled { 1 } else { answer.len() };
        for part in answer.chunks(step) {
            valve.write(to, part).await?;
        }
        if self.end == End::Endless {
            loop {
                valve.write(to, &FILLER).await?;
            }
        }
        Ok(self.end == End::Stall)
    }

    fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {} Hostile\r\nConnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let length = match self.end {
            End::Whole => Some(self.body.len()),
            End::Cut | End::Stall => Some(self.body.len() + MISSING),
            End::Endless => None,
        };
        if let Some(length) = length {
            head.push_str(&format!("Content-Length: {length}\r\n"));
        }
        head.push_str("\r\n");
        head
    }
}
