//! The publisher's end: one connection kept alive, over which every message goes to the server.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use memchr::memmem;

use crate::{
    peer::{Channel, Echo, Publish, Text, fill},
    websocket::{self, Kind},
};

const PATIENCE: Duration = Duration::from_mins(5);

/// Publishes one message after the other; each is taken before the next.
#[derive(Debug)]
pub(crate) struct Publisher {
    stream: TcpStream,
    publish: Publish,
    buffer: Vec<u8>,
}

impl Publisher {
    pub(crate) fn connect(address: SocketAddr, publish: &Publish) -> Result<Self> {
        let mut stream = dial(address)?;
        if publish.kind == Channel::WebSocket {
            stream.write_all(&websocket::upgrade(&publish.path, ""))?;
            read_until(&mut stream, b"\r\n\r\n")?;
            stream.write_all(&Text::frames(&publish.first)?)?;
            read_until(&mut stream, publish.ready.as_bytes())?;
        }
        Ok(Self {
            stream,
            publish: publish.clone(),
            buffer: Vec::new(),
        })
    }

    /// Publishes a payload to all clients.
    pub(crate) fn publish(&mut self, payload: &str) -> Result<()> {
        let body = match &self.publish.frame {
            None => payload.as_bytes().to_vec(),
            Some(text) => {
                let text = fill(text, &[("payload", payload)]) + "\u{1e}";
                websocket::plain(Kind::Text, text.as_bytes())
            }
        };
        self.say(&body)
    }

    /// Says something else over the same connection, such as a message for some users.
    pub(crate) fn say_text(&mut self, text: &str) -> Result<()> {
        self.stream
            .write_all(&websocket::masked(Kind::Text, text.as_bytes()))?;
        self.await_reply()
    }

    fn say(&mut self, body: &[u8]) -> Result<()> {
        let publish = &self.publish;
        let length = body.len().to_string();
        let before = fill(&publish.before, &[("length", &length)]);
        self.buffer.clear();
        if publish.kind == Channel::Http {
            let head = format!(
                "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n\
                 Content-Length: {length}\r\n\r\n",
                publish.path
            );
            self.buffer.extend_from_slice(head.as_bytes());
        }
        self.buffer.extend_from_slice(before.as_bytes());
        self.buffer.extend_from_slice(body);
        self.buffer.extend_from_slice(publish.after.as_bytes());
        if publish.kind == Channel::WebSocket {
            self.buffer = websocket::masked(Kind::Text, &self.buffer);
        }
        self.stream.write_all(&self.buffer)?;
        self.await_reply()
    }

    fn await_reply(&mut self) -> Result<()> {
        if self.publish.kind != Channel::Http {
            read_until(&mut self.stream, self.publish.reply.as_bytes())?;
            return Ok(());
        }
        let answer = read_until(&mut self.stream, b"\r\n\r\n")?;
        let text = String::from_utf8_lossy(&answer).to_lowercase();
        ensure!(
            text.starts_with("http/1.1 2"),
            "publishing was answered: {text}"
        );
        let head = text.find("\r\n\r\n").map_or(text.len(), |end| end + 4);
        let length = text.split_once("content-length: ");
        let length = length.and_then(|(_, rest)| rest.lines().next()?.trim().parse().ok());
        let mut missing = length
            .unwrap_or(0_usize)
            .saturating_sub(answer.len() - head);
        let mut rest = [0; 1024];
        while missing > 0 {
            let count = self.stream.read(&mut rest)?;
            ensure!(count > 0, "the server ended the publisher's connection");
            missing = missing.saturating_sub(count);
        }
        Ok(())
    }
}

/// One client that asks for its own message back.
#[derive(Debug)]
pub(crate) struct Echoing {
    stream: TcpStream,
    request: Vec<u8>,
}

impl Echoing {
    /// Connects over a socket that a client opened by hand.
    pub(crate) fn new(stream: TcpStream, echo: &Echo, payload: &str, framed: bool) -> Result<Self> {
        let mut request = echo.before.bytes()?;
        request.extend_from_slice(payload.as_bytes());
        request.extend(echo.after.bytes()?);
        if framed {
            request = websocket::masked(echo.before.kind(), &request);
        }
        Ok(Self { stream, request })
    }

    /// One round trip.
    pub(crate) fn trip(&mut self) -> Result<()> {
        self.stream.write_all(&self.request)?;
        read_until(&mut self.stream, b"T=").map(drop)
    }
}

/// A blocking connection that never waits for ever.
pub(crate) fn dial(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Reads until a text has come, and gives everything that came.
pub(crate) fn read_until(stream: &mut TcpStream, text: &[u8]) -> Result<Vec<u8>> {
    let mut heard = Vec::new();
    let mut buffer = [0; 4096];
    while memmem::find(&heard, text).is_none() {
        let wanted = String::from_utf8_lossy(text);
        let count = stream
            .read(&mut buffer)
            .with_context(|| format!("the server did not say {wanted:?}"))?;
        ensure!(count > 0, "the server ended before it said {wanted:?}");
        heard.extend_from_slice(&buffer[..count]);
    }
    Ok(heard)
}
