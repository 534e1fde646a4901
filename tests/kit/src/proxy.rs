//! A TCP proxy on loopback that breaks what passes through it: a bad network in one process.
//!
//! Each connection gets a [`Script`] drawn from the seed and its number. Cuts are counted by kind,
//! and once the proxy is healed everything passes untouched, so that a test can ask whether what
//! was sent meanwhile has arrived after all.

mod request;
mod script;

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

pub use script::{Fault, Script};

/// How long a half-open connection is held at most unless one of its ends closes it.
const HELD_AT_MOST: Duration = Duration::from_secs(5);
const BUFFER: usize = 4_096;

/// Cuts so far, by kind.
pub type Cuts = BTreeMap<Fault, u64>;

/// A running proxy. It ends, and everything that passes through it, when it is dropped.
#[derive(Debug)]
pub struct CuttableProxy {
    address: SocketAddr,
    cuts: watch::Receiver<Cuts>,
    healed: CancellationToken,
    severed: watch::Sender<()>,
    _accepting: AbortOnDropHandle<()>,
}

impl CuttableProxy {
    /// Listens on a free loopback port and passes every connection on to `upstream`, harmed by the
    /// seed's scripts.
    ///
    /// # Errors
    /// When there is no port to be had.
    pub async fn start(upstream: SocketAddr, seed: u64) -> io::Result<Self> {
        Self::scripted(upstream, move |index| Script::draw(seed, index)).await
    }

    /// As [`CuttableProxy::start`], with scripts of the caller's own for each connection by number.
    ///
    /// # Errors
    /// When there is no port to be had.
    pub async fn scripted(
        upstream: SocketAddr,
        script: impl Fn(u64) -> Script + Send + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (counter, cuts) = watch::channel(Cuts::new());
        let healed = CancellationToken::new();
        let severed = watch::Sender::new(());
        let proxy = Proxy {
            upstream,
            counter: Arc::new(counter),
            healed: healed.clone(),
            severed: severed.subscribe(),
        };
        let accepting = tokio::spawn(proxy.accept(listener, script));
        Ok(Self {
            address,
            cuts,
            healed,
            severed,
            _accepting: AbortOnDropHandle::new(accepting),
        })
    }

    /// Where to connect instead of the server.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts so far; changes with each.
    #[must_use]
    pub fn cuts(&self) -> watch::Receiver<Cuts> {
        self.cuts.clone()
    }

    /// Does no more harm: half-open connections end, the others and new ones pass untouched.
    pub fn heal(&self) {
        self.healed.cancel();
    }

    /// Breaks every connection there is, healed or not; new ones are taken as before.
    pub fn sever(&self) {
        self.severed.send_replace(());
    }
}

#[derive(Clone)]
struct Proxy {
    upstream: SocketAddr,
    counter: Arc<watch::Sender<Cuts>>,
    healed: CancellationToken,
    severed: watch::Receiver<()>,
}

impl Proxy {
    async fn accept(self, listener: TcpListener, script: impl Fn(u64) -> Script) {
        let mut connections = JoinSet::new();
        let mut index = 0;
        while let Ok((client, _)) = listener.accept().await {
            // The clone is as current as its origin, so an earlier severing must not count.
            let mut proxy = self.clone();
            proxy.severed.mark_unchanged();
            connections.spawn(proxy.pass(client, script(index)));
            index += 1;
            while connections.try_join_next().is_some() {}
        }
    }

    async fn pass(mut self, client: TcpStream, script: Script) {
        let Ok(server) = TcpStream::connect(self.upstream).await else {
            return;
        };
        // Without this, bytes sent alone would be put together again by the kernel.
        let nodelay = [&client, &server].map(|socket| socket.set_nodelay(true));
        if nodelay.iter().any(Result::is_err) {
            return;
        }
        let mut link = Link {
            client,
            server,
            script,
            passed: 0,
            request: Vec::new(),
            has_stalled: false,
            healed: self.healed.clone(),
        };
        let ended = tokio::select! {
            ended = link.pump() => ended.unwrap_or(Ended::ByItself),
            _ = self.severed.changed() => Ended::Severed,
        };
        match ended {
            Ended::ByItself => {}
            Ended::Severed => link.cut(),
            Ended::Cut => {
                self.counter
                    .send_modify(|cuts| *cuts.entry(script.fault).or_default() += 1);
                link.cut();
            }
        }
    }
}

/// How a connection ended.
enum Ended {
    /// By its script.
    Cut,
    /// With all the others.
    Severed,
    /// By one of its ends.
    ByItself,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

/// One connection through the proxy.
struct Link {
    client: TcpStream,
    server: TcpStream,
    script: Script,
    passed: usize,
    /// The first request, as far as it has passed; filled only for a [`Fault::AfterRequest`].
    request: Vec<u8>,
    has_stalled: bool,
    healed: CancellationToken,
}

impl Link {
    async fn pump(&mut self) -> io::Result<Ended> {
        let mut up = [0; BUFFER];
        let mut down = [0; BUFFER];
        loop {
            let (direction, chunk) = tokio::select! {
                read = self.client.read(&mut up) => (Direction::Up, &up[..read?]),
                read = self.server.read(&mut down) => (Direction::Down, &down[..read?]),
            };
            if chunk.is_empty() {
                return Ok(Ended::ByItself);
            }
            if self.healed.is_cancelled() {
                self.write(direction, chunk).await?;
            } else if let Some(ended) = self.harm(direction, chunk).await? {
                return Ok(ended);
            }
        }
    }

    /// Passes a chunk on as the script has it, and returns how the connection ended, if that ended it.
    async fn harm(&mut self, direction: Direction, chunk: &[u8]) -> io::Result<Option<Ended>> {
        let left = self.script.budget.saturating_sub(self.passed);
        let strikes = chunk.len() >= left;
        self.passed += chunk.len();
        match self.script.fault {
            Fault::CutAtByte if strikes => {
                self.write(direction, &chunk[..left]).await?;
                Ok(Some(Ended::Cut))
            }
            Fault::MidFrame if strikes && direction == Direction::Down => {
                let kept = chunk.len().saturating_sub(self.script.kept_back);
                self.write(direction, &chunk[..kept]).await?;
                Ok(Some(Ended::Cut))
            }
            Fault::HalfOpen if strikes => {
                self.hold().await;
                Ok(Some(Ended::Cut))
            }
            Fault::OneByteWrites => self.trickle(direction, chunk, left).await,
            Fault::Stall if strikes => self.stall(direction, chunk).await,
            Fault::AfterRequest => self.watch_request(direction, chunk).await,
            Fault::CutAtByte | Fault::MidFrame | Fault::HalfOpen | Fault::Stall => {
                self.write(direction, chunk).await?;
                Ok(None)
            }
        }
    }

    /// Swallows everything until an end gives the connection up, as it should by its timeouts.
    async fn hold(&mut self) {
        let mut up = [0; BUFFER];
        let given_up =
            async { while !matches!(self.client.read(&mut up).await, Ok(0) | Err(_)) {} };
        tokio::select! {
            () = given_up => {}
            () = self.healed.cancelled() => {}
            () = tokio::time::sleep(HELD_AT_MOST) => {}
        }
    }

    async fn trickle(
        &mut self,
        direction: Direction,
        chunk: &[u8],
        left: usize,
    ) -> io::Result<Option<Ended>> {
        for byte in chunk.iter().take(left) {
            self.write(direction, &[*byte]).await?;
            tokio::task::yield_now().await;
        }
        Ok((chunk.len() >= left).then_some(Ended::Cut))
    }

    async fn stall(&mut self, direction: Direction, chunk: &[u8]) -> io::Result<Option<Ended>> {
        if self.has_stalled {
            return Ok(Some(Ended::Cut));
        }
        self.has_stalled = true;
        self.passed = 0;
        tokio::select! {
            () = tokio::time::sleep(self.script.stall) => {}
            () = self.healed.cancelled() => {}
        }
        self.write(direction, chunk).await?;
        Ok(None)
    }

    /// Passes the first request on; once it is whole, drops what the server answers until the cut.
    async fn watch_request(
        &mut self,
        direction: Direction,
        chunk: &[u8],
    ) -> io::Result<Option<Ended>> {
        self.write(direction, chunk).await?;
        if direction == Direction::Up {
            self.request.extend_from_slice(chunk);
        }
        if !request::is_whole(&self.request) {
            return Ok(None);
        }
        tokio::time::sleep(self.script.stall).await;
        Ok(Some(Ended::Cut))
    }

    async fn write(&mut self, direction: Direction, bytes: &[u8]) -> io::Result<()> {
        match direction {
            Direction::Up => self.server.write_all(bytes).await,
            Direction::Down => self.client.write_all(bytes).await,
        }
    }

    /// Breaks both sides; with a reset, what is on its way is lost too.
    fn cut(self) {
        if self.script.reset {
            for socket in [&self.client, &self.server] {
                // The socket may be gone already, which is what is wanted.
                drop(socket.set_zero_linger());
            }
        }
    }
}

#[cfg(test)]
mod tests;
