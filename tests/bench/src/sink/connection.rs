use std::io::{self, Read as _, Write as _};

use anyhow::{Context as _, Result, bail, ensure};
use memchr::memmem;
use mio::net::TcpStream;

use super::script::Script;
use crate::marker::Scanner;

/// One client's end of a connection.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) stream: TcpStream,
    phase: Phase,
    /// The time in the last message.
    pub(super) last: u64,
    pub(super) scanner: Scanner,
    pub(super) stalled: bool,
    pub(super) closed: bool,
}

/// How far a client is on its way.
#[derive(Debug)]
enum Phase {
    /// Not connected yet; with the token that negotiation gave.
    Dialling(Option<String>),
    Negotiating(Vec<u8>),
    Upgrading(Vec<u8>),
    Joining(Vec<u8>),
    Open,
}

/// What a client needs next.
#[derive(Debug)]
pub(super) enum Step {
    Wait,
    Ready,
    /// Negotiated: a new connection with this token.
    Redial(String),
}

impl Client {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            phase: Phase::Dialling(None),
            last: 0,
            scanner: Scanner::default(),
            stalled: false,
            closed: false,
        }
    }

    pub(super) fn redial(&mut self, stream: TcpStream, token: String) {
        self.stream = stream;
        self.phase = Phase::Dialling(Some(token));
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open)
    }

    /// Reads once: how much came, nothing when there is nothing, or the end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Option<usize> {
        match self.stream.read(buffer) {
            Ok(0) => {
                self.closed = true;
                Some(0)
            }
            Ok(count) => Some(count),
            Err(error) if is_harmless(&error) => None,
            Err(_) => {
                self.closed = true;
                Some(0)
            }
        }
    }

    /// Goes as far on its way as it can now.
    pub(super) fn advance(
        &mut self,
        index: usize,
        script: &Script,
        buffer: &mut [u8],
    ) -> Result<Step> {
        if let Phase::Dialling(token) = &mut self.phase {
            let token = token.take();
            let step = self.dialled(index, script, token)?;
            if !matches!((&step, &self.phase), (Step::Wait, Phase::Joining(_))) {
                return Ok(step);
            }
            // A server that speaks first may have spoken already: no other event would tell.
        }
        let count = match self.stream.read(buffer) {
            Err(error) if is_harmless(&error) => return Ok(Step::Wait),
            outcome => outcome?,
        };
        self.hear(index, script, &buffer[..count])
    }

    fn dialled(&mut self, index: usize, script: &Script, token: Option<String>) -> Result<Step> {
        if let Some(error) = self.stream.take_error()? {
            return Err(error.into());
        }
        if self.stream.peer_addr().is_err() {
            self.phase = Phase::Dialling(token);
            return Ok(Step::Wait);
        }
        if token.is_none()
            && let Some(request) = script.negotiate(index)
        {
            self.phase = Phase::Negotiating(Vec::new());
            return self.say(&request);
        }
        let token = token.unwrap_or_default();
        let Some(request) = script.upgrade(index, &token) else {
            self.phase = Phase::Joining(Vec::new());
            return Ok(self.join(script));
        };
        self.stream.set_nodelay(true)?;
        self.phase = Phase::Upgrading(Vec::new());
        self.say(&request)
    }

    /// Takes what was read; nothing means the end.
    fn hear(&mut self, index: usize, script: &Script, bytes: &[u8]) -> Result<Step> {
        let ended = bytes.is_empty();
        match &mut self.phase {
            Phase::Negotiating(heard) => {
                heard.extend_from_slice(bytes);
                let answer = String::from_utf8_lossy(heard);
                if let Some(token) = script.token(&answer) {
                    return Ok(Step::Redial(token));
                }
                ensure!(!ended, "negotiation was answered: {answer}");
            }
            Phase::Upgrading(heard) => {
                heard.extend_from_slice(bytes);
                let Some(end) = memmem::find(heard, b"\r\n\r\n") else {
                    ensure!(!ended, "the server ended the connection");
                    return Ok(Step::Wait);
                };
                let answer = String::from_utf8_lossy(&heard[..end]);
                ensure!(
                    answer.contains(" 101 "),
                    "the upgrade was answered: {answer}"
                );
                self.phase = Phase::Joining(heard.split_off(end + 4));
                let first = script.first(index);
                if !first.is_empty() {
                    self.say(first)?;
                }
                return Ok(self.join(script));
            }
            Phase::Joining(heard) => {
                heard.extend_from_slice(bytes);
                if ended {
                    let heard = String::from_utf8_lossy(heard).into_owned();
                    bail!("the server ended the connection: {heard}");
                }
                return Ok(self.join(script));
            }
            Phase::Dialling(_) | Phase::Open => {}
        }
        Ok(Step::Wait)
    }

    fn join(&mut self, script: &Script) -> Step {
        let Phase::Joining(heard) = &self.phase else {
            return Step::Wait;
        };
        if memmem::find(heard, &script.ready).is_none() {
            return Step::Wait;
        }
        self.phase = Phase::Open;
        Step::Ready
    }

    pub(super) fn say(&mut self, bytes: &[u8]) -> Result<Step> {
        // A fresh socket takes a few hundred bytes at once.
        let count = self
            .stream
            .write(bytes)
            .context("the server does not take what it is told")?;
        ensure!(count == bytes.len(), "the server took a part only");
        Ok(Step::Wait)
    }
}

fn is_harmless(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}
