//! The sink: one epoll loop that holds every client connection and finds markers in what they read.

mod connection;
mod log;
mod script;

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use mio::{Events, Interest, Poll, Token, net::TcpStream};

use self::connection::{Client, Step};
pub(crate) use self::{
    log::{Latency, Log, Progress},
    script::{Own, Script},
};
use crate::{
    clock,
    websocket::{self, Kind},
};

/// How many connections are on their way at the same time.
const IN_FLIGHT: usize = 128;

/// How long one turn of the loop waits at most.
const TURN: Duration = Duration::from_millis(50);

/// What a client may read at once.
const BUFFER: usize = 64 * 1024;

/// All client connections of one server.
#[derive(Debug)]
pub(crate) struct Sink {
    poll: Poll,
    events: Events,
    address: SocketAddr,
    script: Script,
    clients: Vec<Client>,
    buffer: Vec<u8>,
    log: Log,
}

impl Sink {
    pub(crate) fn new(address: SocketAddr, script: Script) -> Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            address,
            script,
            clients: Vec::new(),
            buffer: vec![0; BUFFER],
            log: Log::default(),
        })
    }

    /// Connects clients until there are `count`, all of them ready.
    pub(crate) fn connect(&mut self, count: usize, patience: Duration) -> Result<()> {
        let deadline = clock::now() + patience;
        let mut ready = self.clients.len();
        while ready < count {
            while self.clients.len() < count && self.clients.len() - ready < IN_FLIGHT {
                self.begin()?;
            }
            self.wait(TURN)?;
            ready += self.advance()?;
            let late = clock::now() > deadline;
            ensure!(
                !late,
                "{ready} of {count} clients were ready in {patience:?}"
            );
        }
        Ok(())
    }

    /// Reads until so many messages have come in all, or until the deadline.
    ///
    /// Progress is told after each turn, for whoever publishes by it.
    pub(crate) fn collect(
        &mut self,
        expected: u64,
        deadline: Instant,
        progress: &Progress,
    ) -> Result<()> {
        while self.log.delivered() < expected && !progress.is_abandoned() && clock::now() < deadline
        {
            self.wait(TURN)?;
            self.read_events();
            progress.tell(self.log.delivered());
        }
        Ok(())
    }

    /// Whether so many messages have come in all.
    pub(crate) fn has(&self, expected: u64) -> bool {
        self.log.delivered() >= expected
    }

    /// Begins to count anew, and hands out what was counted.
    pub(crate) fn take_log(&mut self) -> Log {
        std::mem::take(&mut self.log)
    }

    /// Has every client send a text.
    pub(crate) fn say_all(&mut self, text: &str) -> Result<()> {
        let frame = websocket::masked(Kind::Text, text.as_bytes());
        for client in &mut self.clients {
            client.say(&frame)?;
        }
        Ok(())
    }

    /// Reads what has come already.
    pub(crate) fn drain(&mut self) -> Result<()> {
        loop {
            self.wait(Duration::ZERO)?;
            if self.events.is_empty() {
                return Ok(());
            }
            self.read_events();
        }
    }

    /// Some clients read nothing any more.
    pub(crate) fn stall(&mut self, clients: &[usize]) {
        for index in clients {
            self.clients[*index].stalled = true;
        }
    }

    /// The stalled clients read again; says what became of them.
    pub(crate) fn resume(&mut self, patience: Duration) -> Result<Resumed> {
        let stalled: Vec<usize> = (0..self.clients.len())
            .filter(|index| self.clients[*index].stalled)
            .collect();
        let before = self.log.delivered();
        for index in &stalled {
            self.clients[*index].stalled = false;
            self.read(*index);
        }
        let deadline = clock::now() + patience;
        while clock::now() < deadline {
            self.wait(TURN)?;
            self.read_events();
        }
        let cut = stalled.iter().filter(|index| self.clients[**index].closed);
        Ok(Resumed {
            cut: cut.count(),
            received: self.log.delivered() - before,
        })
    }

    fn begin(&mut self) -> Result<()> {
        let index = self.clients.len();
        let stream = self.dial(index)?;
        self.clients.push(Client::new(stream));
        Ok(())
    }

    fn dial(&self, index: usize) -> Result<TcpStream> {
        let mut stream = TcpStream::connect(self.address)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        let registry = self.poll.registry();
        registry.register(&mut stream, Token(index), interest)?;
        Ok(stream)
    }

    fn wait(&mut self, turn: Duration) -> Result<()> {
        match self.poll.poll(&mut self.events, Some(turn)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Takes the clients of the last turn further on their way; says how many arrived.
    fn advance(&mut self) -> Result<usize> {
        let tokens: Vec<usize> = self.events.iter().map(|event| event.token().0).collect();
        let mut arrived = 0;
        for index in tokens {
            let client = &mut self.clients[index];
            if client.is_open() {
                self.read(index);
                continue;
            }
            let step = client
                .advance(index, &self.script, &mut self.buffer)
                .with_context(|| format!("client {index}"))?;
            match step {
                Step::Wait => {}
                Step::Ready => arrived += 1,
                Step::Redial(token) => {
                    let stream = self.dial(index)?;
                    self.clients[index].redial(stream, token);
                }
            }
        }
        Ok(arrived)
    }

    fn read_events(&mut self) {
        let tokens: Vec<usize> = self.events.iter().map(|event| event.token().0).collect();
        for index in tokens {
            self.read(index);
        }
    }

    /// Reads what a client has. A short read leaves nothing behind.
    fn read(&mut self, index: usize) {
        let client = &mut self.clients[index];
        if client.stalled || client.closed {
            return;
        }
        let now = clock::nanos();
        loop {
            let Some(count) = client.read(&mut self.buffer) else {
                return;
            };
            if client.closed {
                self.log.closed += 1;
                return;
            }
            let bytes = &self.buffer[..count];
            let last = &mut client.last;
            self.log.bytes += count as u64;
            client.scanner.scan(bytes, |sent| {
                self.log.receive(sent, now, *last);
                *last = sent;
            });
            if count < BUFFER {
                return;
            }
        }
    }
}

/// What became of stalled clients when they read again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resumed {
    pub(crate) cut: usize,
    pub(crate) received: u64,
}

/// Waits until a server listens.
pub(crate) fn probe(address: SocketAddr, patience: Duration) -> Result<()> {
    const PAUSE: Duration = Duration::from_millis(10);
    let deadline = clock::now() + patience;
    while std::net::TcpStream::connect(address).is_err() {
        if clock::now() > deadline {
            bail!("nothing listens at {address} after {patience:?}");
        }
        clock::settle(PAUSE);
    }
    Ok(())
}

/// Shares what has been delivered between the sink and a publisher.
pub(crate) fn progress() -> Arc<Progress> {
    Arc::default()
}

#[cfg(test)]
mod tests;
