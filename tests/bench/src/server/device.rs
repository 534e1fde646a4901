//! A device that costs little: one connection to the hub in the JSON protocol, one call at a time.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use vestnik_model::{contract::server, route};

use super::login::Login;
use crate::{
    publish::{dial, read_until},
    sink::{Own, Script},
    websocket::{self, Kind},
};

const HANDSHAKE: &str = "{\"protocol\":\"json\",\"version\":1}\u{1e}";
/// Ends each message.
const SEPARATOR: u8 = 0x1e;
/// What a client says to be heard of at all.
pub(super) const PING: &str = "{\"type\":6}\u{1e}";

/// What many devices say and then read until they are live.
pub(super) fn script(logins: &[Login]) -> Script {
    let own = logins.iter().map(|login| Own {
        headers: headers(login),
        first: first(login),
    });
    Script::each(route::HUB, "\"invocationId\":\"sync\"", own.collect())
}

/// The headers of the request that opens a connection.
fn headers(login: &Login) -> String {
    format!("Authorization: Bearer {}\r\n", login.token)
}

/// What a device sends until it is live, each message in a frame.
fn first(login: &Login) -> Vec<u8> {
    let mut bytes = websocket::masked(Kind::Text, HANDSHAKE.as_bytes());
    for (id, target, argument) in [
        ("hello", server::HELLO, greeting(login)),
        ("sync", server::SYNC, json!({})),
    ] {
        let call = call(id, target, &argument);
        bytes.extend(websocket::masked(Kind::Text, call.as_bytes()));
    }
    bytes
}

/// The argument of a greeting.
pub(super) fn greeting(login: &Login) -> Value {
    json!({ "contract": 1, "features": [], "installationId": login.installation })
}

fn call(id: &str, target: &str, argument: &Value) -> String {
    let call = json!({
        "type": 1, "invocationId": id, "target": target, "arguments": [argument],
    });
    format!("{call}\u{1e}")
}

/// A connection of a device.
#[derive(Debug)]
pub(super) struct Device {
    stream: TcpStream,
    /// What was read and is no whole frame yet.
    raw: Vec<u8>,
    /// What frames held and is no whole message yet.
    text: Vec<u8>,
    calls: u64,
}

impl Device {
    /// Opens a connection and shakes hands.
    pub(super) fn open(address: SocketAddr, login: &Login) -> Result<Self> {
        let mut stream = dial(address)?;
        stream.write_all(&websocket::upgrade(route::HUB, &headers(login)))?;
        let heard = read_until(&mut stream, b"\r\n\r\n")?;
        ensure!(
            heard.starts_with(b"HTTP/1.1 101"),
            "the upgrade was answered: {}",
            String::from_utf8_lossy(&heard)
        );
        let end = memchr::memmem::find(&heard, b"\r\n\r\n").unwrap_or_default() + 4;
        let mut device = Self {
            stream,
            raw: heard[end..].to_vec(),
            text: Vec::new(),
            calls: 0,
        };
        device.send(HANDSHAKE)?;
        let answer = device.receive()?;
        ensure!(answer == b"{}", "the handshake was refused");
        Ok(device)
    }

    /// Opens a connection that is greeted.
    pub(super) fn greeted(address: SocketAddr, login: &Login) -> Result<Self> {
        let mut device = Self::open(address, login)?;
        let answer = device.call(server::HELLO, &greeting(login))?;
        ensure!(
            !is_refusal(&answer),
            "the greeting was refused: {}",
            String::from_utf8_lossy(&answer)
        );
        Ok(device)
    }

    /// Calls a method and gives the completion as it came.
    pub(super) fn call(&mut self, target: &str, argument: &Value) -> Result<Vec<u8>> {
        self.calls += 1;
        let id = self.calls.to_string();
        self.send(&call(&id, target, argument))?;
        let answer = format!("\"invocationId\":\"{id}\"");
        loop {
            let message = self.receive()?;
            let head = &message[..message.len().min(64)];
            if memchr::memmem::find(head, answer.as_bytes()).is_some() {
                return Ok(message);
            }
        }
    }

    fn send(&mut self, text: &str) -> Result<()> {
        let frame = websocket::masked(Kind::Text, text.as_bytes());
        Ok(self.stream.write_all(&frame)?)
    }

    fn receive(&mut self) -> Result<Vec<u8>> {
        loop {
            if let Some(end) = memchr::memchr(SEPARATOR, &self.text) {
                let rest = self.text.split_off(end + 1);
                let mut message = std::mem::replace(&mut self.text, rest);
                message.pop();
                return Ok(message);
            }
            self.frame()?;
        }
    }

    /// Reads one frame.
    fn frame(&mut self) -> Result<()> {
        let mut buffer = [0; 64 * 1024];
        loop {
            if let Some((kind, start, end)) = bounds(&self.raw) {
                match kind {
                    0 | 1 => self.text.extend_from_slice(&self.raw[start..end]),
                    8 => bail!("the server closed the connection"),
                    _ => {}
                }
                self.raw.drain(..end);
                return Ok(());
            }
            let count = self.stream.read(&mut buffer).context("reading")?;
            ensure!(count > 0, "the server ended the connection");
            self.raw.extend_from_slice(&buffer[..count]);
        }
    }
}

/// Whether the result of a call is a refusal.
pub(super) fn is_refusal(completion: &[u8]) -> bool {
    memchr::memmem::find(&completion[..completion.len().min(128)], b"\"problem\"").is_some()
        || memchr::memmem::find(&completion[..completion.len().min(128)], b"\"error\"").is_some()
}

/// The kind of the first frame of a server, and where its payload begins and ends, if it is whole.
fn bounds(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let [first, second, rest @ ..] = bytes else {
        return None;
    };
    let (start, length) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(*rest.first_chunk()?))),
        127 => {
            let length = u64::from_be_bytes(*rest.first_chunk()?);
            (10, usize::try_from(length).ok()?)
        }
        short => (2, usize::from(short)),
    };
    let end = start + length;
    (bytes.len() >= end).then_some((first & 0x0f, start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_bounds_once_it_is_whole() {
        for length in [0, 125, 126, 65_535, 65_536] {
            let frame = websocket::plain(Kind::Text, &vec![b'x'; length]);
            let (kind, start, end) = bounds(&frame).unwrap();
            assert_eq!((kind, end - start, end), (1, length, frame.len()));
            assert_eq!(bounds(&frame[..frame.len() - 1]), None);
        }
    }

    #[test]
    fn a_refusal_is_told_from_an_answer() {
        let refused = br#"{"type":3,"invocationId":"1","result":{"problem":{"code":"x"}}}"#;
        let answered = br#"{"type":3,"invocationId":"1","result":{"after":"1"}}"#;
        assert!(is_refusal(refused) && !is_refusal(answered));
    }
}
