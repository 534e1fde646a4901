//! A client of the REST interface that costs little: one connection, one request at a time.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

use anyhow::{Context as _, Result, bail, ensure};
use memchr::memmem;
use serde_json::Value;
use vestnik_model::route;

use crate::publish::dial;

/// A connection to the REST interface.
#[derive(Debug)]
pub(crate) struct Rest {
    stream: TcpStream,
    key: String,
    buffer: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Answer {
    /// The body, if the status is the wanted one.
    pub(crate) fn expect(self, status: u16) -> Result<Value> {
        ensure!(
            self.status == status,
            "answered {}: {}",
            self.status,
            String::from_utf8_lossy(&self.body)
        );
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        Ok(serde_json::from_slice(&self.body)?)
    }
}

impl Rest {
    pub(crate) fn connect(address: SocketAddr, key: &str) -> Result<Self> {
        Ok(Self {
            stream: dial(address)?,
            key: key.to_owned(),
            buffer: vec![0; 16 * 1024],
        })
    }

    /// Publishes and gives the notification's id.
    pub(crate) fn publish(&mut self, body: &str) -> Result<String> {
        let answer = self
            .request("POST", route::NOTIFICATIONS, body)?
            .expect(202)?;
        let id = answer["id"].as_str().context("an answer without an id")?;
        Ok(id.to_owned())
    }

    /// Stops a notification.
    pub(super) fn cancel(&mut self, id: &str) -> Result<()> {
        let path = format!("{}:cancel", route::with(route::NOTIFICATION, id));
        let answer = self.request("POST", &path, "")?;
        ensure!(
            answer.status < 300,
            "cancelling was answered {}",
            answer.status
        );
        Ok(())
    }

    /// How many deliveries of a notification stand at a status, or at any.
    pub(crate) fn count(&mut self, id: &str, status: Option<&str>) -> Result<usize> {
        let path = route::with(route::NOTIFICATION, id);
        let view = self.request("GET", &path, "")?.expect(200)?;
        let counts = view["counts"]
            .as_object()
            .context("a view without counts")?;
        let wanted = counts
            .iter()
            .filter(|(name, _)| status.is_none_or(|status| *name == status));
        let sum: u64 = wanted.filter_map(|(_, count)| count.as_u64()).sum();
        Ok(usize::try_from(sum)?)
    }

    pub(crate) fn request(&mut self, method: &str, path: &str, body: &str) -> Result<Answer> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.key,
            body.len()
        );
        self.stream.write_all(request.as_bytes())?;
        let mut filled = 0;
        let end = loop {
            filled += self.more(filled)?;
            if let Some(end) = memmem::find(&self.buffer[..filled], b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = std::str::from_utf8(&self.buffer[..end])?.to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        let status: u16 = status.context("an answer without a status")?;
        let length = match head.split_once("content-length: ") {
            Some((_, rest)) => rest.lines().next().unwrap_or_default().trim().parse()?,
            None if head.contains("transfer-encoding") => bail!("an answer in chunks"),
            None => 0_usize,
        };
        while filled < end + length {
            filled += self.more(filled)?;
        }
        let body = self.buffer[end..end + length].to_vec();
        Ok(Answer { status, body })
    }

    fn more(&mut self, filled: usize) -> Result<usize> {
        if filled == self.buffer.len() {
            self.buffer.resize(filled * 2, 0);
        }
        let count = self.stream.read(&mut self.buffer[filled..])?;
        ensure!(count > 0, "the server ended the connection");
        Ok(count)
    }
}
