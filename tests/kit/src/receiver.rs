//! A receiver of webhooks over HTTP/1.1 that does to each request what the test says.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
};
use tokio_util::task::AbortOnDropHandle;

/// The largest request that is read.
const MAX_BYTES: usize = 1_024 * 1_024;

/// What is done to a request that was read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reaction {
    /// It is answered by a status.
    Status(u16),
    /// It is answered by a status and a body of JSON.
    Json(u16, String),
    /// It is answered 429, with `Retry-After` in seconds.
    Slow(u32),
    /// It is answered by a redirect to an address.
    Redirect(String),
    /// It is answered 200 with a body that does not end.
    Endless,
    /// The connection is closed without an answer.
    Cut,
    /// Nothing is answered until [`Receiver::release`], then 200.
    Hold,
}

/// A request that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// By their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl Received {
    /// The id of the event.
    #[must_use]
    pub fn id(&self) -> &str {
        self.headers.get("webhook-id").map_or("", String::as_str)
    }
}

/// A receiver on a free port of loopback. What no reaction was planned for is answered 200.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    _task: AbortOnDropHandle<()>,
}

#[derive(Debug)]
struct Shared {
    plan: Mutex<Plan>,
    received: watch::Sender<Vec<Received>>,
    released: Notify,
}

#[derive(Debug)]
struct Plan {
    next: VecDeque<Reaction>,
    otherwise: Reaction,
}

impl Receiver {
    /// Starts to listen.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            plan: Mutex::new(Plan {
                next: VecDeque::new(),
                otherwise: Reaction::Status(200),
            }),
            received: watch::Sender::new(Vec::new()),
            released: Notify::new(),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self {
            address,
            shared,
            _task: AbortOnDropHandle::new(task),
        })
    }

    /// Host and port, as an operator lists them.
    #[must_use]
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The address to send to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Plans what is done to the next requests.
    pub fn plan(&self, reactions: impl IntoIterator<Item = Reaction>) {
        lock(&self.shared.plan).next.extend(reactions);
    }

    /// Sets what is done to requests without a plan.
    pub fn otherwise(&self, reaction: Reaction) {
        lock(&self.shared.plan).otherwise = reaction;
    }

    /// Answers one request that is held, or the next one that will be.
    pub fn release(&self) {
        self.shared.released.notify_one();
    }

    /// What was received so far, in order.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.borrow().clone()
    }

    /// Tells of each request that was read.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Vec<Received>> {
        self.shared.received.subscribe()
    }
}

fn lock(plan: &Mutex<Plan>) -> std::sync::MutexGuard<'_, Plan> {
    plan.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        // A connection that breaks is the peer's affair.
        connections.spawn(async move { drop(serve(stream, &shared).await) });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(mut stream: TcpStream, shared: &Shared) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    loop {
        let Some(received) = read(&mut stream, &mut bytes).await? else {
            return Ok(());
        };
        let reaction = {
            let mut plan = lock(&shared.plan);
            let next = plan.next.pop_front();
            next.unwrap_or_else(|| plan.otherwise.clone())
        };
        shared.received.send_modify(|all| all.push(received));
        react(&mut stream, shared, reaction).await?;
    }
}

async fn react(stream: &mut TcpStream, shared: &Shared, reaction: Reaction) -> anyhow::Result<()> {
    let head = match reaction {
        Reaction::Status(status) => format!("HTTP/1.1 {status} So\r\ncontent-length: 0\r\n\r\n"),
        Reaction::Json(status, body) => {
            let length = body.len();
            format!("HTTP/1.1 {status} So\r\ncontent-length: {length}\r\n\r\n{body}")
        }
        Reaction::Slow(seconds) => {
            format!("HTTP/1.1 429 So\r\nretry-after: {seconds}\r\ncontent-length: 0\r\n\r\n")
        }
        Reaction::Redirect(to) => {
            format!("HTTP/1.1 307 So\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
        }
        Reaction::Hold => {
            shared.released.notified().await;
            "HTTP/1.1 200 So\r\ncontent-length: 0\r\n\r\n".to_owned()
        }
        Reaction::Cut => anyhow::bail!("cut"),
        Reaction::Endless => {
            let head = "HTTP/1.1 200 So\r\ntransfer-encoding: chunked\r\n\r\n";
            stream.write_all(head.as_bytes()).await?;
            let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
            loop {
                stream.write_all(chunk.as_bytes()).await?;
            }
        }
    };
    stream.write_all(head.as_bytes()).await?;
    Ok(())
}

/// The next request; none when the peer closes between two.
async fn read(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> anyhow::Result<Option<Received>> {
    let end = loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            break end;
        }
        if fill(stream, bytes).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec())?;
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let headers: BTreeMap<_, _> = lines
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers
        .get("content-length")
        .context("a webhook has a length")?
        .parse()?;
    let whole = end + 4 + length;
    while bytes.len() < whole {
        anyhow::ensure!(fill(stream, bytes).await? > 0, "a request was cut");
    }
    let body = String::from_utf8(bytes[end + 4..whole].to_vec())?;
    bytes.drain(..whole);
    Ok(Some(Received { headers, body }))
}

async fn fill(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> anyhow::Result<usize> {
    anyhow::ensure!(bytes.len() < MAX_BYTES, "a request is too large");
    Ok(stream.read_buf(bytes).await?)
}
