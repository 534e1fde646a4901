//! A host that several services share: what is asked below one path of it belongs to the server.
//!
//! It is a proxy in front of the server that takes the path off. Each request has a connection of its
//! own, so that the test sees every one, with its credentials, and can hold one up on its way.

mod head;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use reqwest::Url;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tokio_util::task::AbortOnDropHandle;

use self::head::Head;
use crate::{hostile::Gate, name::base, wait::eventually};

/// What the host says of everything beside the server.
const NOT_FOUND: &[u8] =
    b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\
    Connection: close\r\n\r\nnot found";

/// A request that came to the server through the host.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its method and its path below the server's, as `POST /v1/token`.
    pub line: String,
    /// Its bearer token.
    pub bearer: Option<String>,
    /// Its content; null if it is not JSON.
    pub body: Value,
    /// Whether the server has answered it; for a connection of the hub, whether that has ended.
    pub is_over: bool,
}

/// A running host. It ends, and everything that passes through it, when it is dropped.
#[derive(Debug)]
pub struct SharedHost {
    address: SocketAddr,
    host: Arc<Host>,
    _accepting: AbortOnDropHandle<()>,
}

#[derive(Debug)]
struct Host {
    upstream: SocketAddr,
    path: &'static str,
    requests: watch::Sender<Vec<Request>>,
    strays: Mutex<Vec<String>>,
    gates: Mutex<Vec<(String, Gate)>>,
}

impl SharedHost {
    /// Listens on a free loopback port; `path`, as `/push`, is the server's.
    ///
    /// # Errors
    /// When there is no port to be had.
    pub async fn start(upstream: SocketAddr, path: &'static str) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let host = Arc::new(Host {
            upstream,
            path,
            requests: watch::Sender::default(),
            strays: Mutex::default(),
            gates: Mutex::default(),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&host)));
        Ok(Self {
            address,
            host,
            _accepting: AbortOnDropHandle::new(accepting),
        })
    }

    /// The server's address.
    #[must_use]
    pub fn url(&self) -> Url {
        let mut url = base(self.address);
        url.set_path(self.host.path);
        url
    }

    /// What has come to the server so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.host.requests.borrow().clone()
    }

    /// The paths that were asked for beside the server's.
    #[must_use]
    pub fn strays(&self) -> Vec<String> {
        let strays = self.host.strays.lock();
        strays.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until there is a request as wanted, and gives the newest.
    ///
    /// # Errors
    /// When none comes.
    pub async fn request(
        &self,
        what: &str,
        is_wanted: impl Fn(&Request) -> bool,
    ) -> anyhow::Result<Request> {
        let mut requests = self.host.requests.subscribe();
        let check = |requests: &Vec<Request>| {
            let mut wanted = requests.iter().rev().filter(|request| is_wanted(request));
            wanted.next().cloned()
        };
        eventually(what, &mut requests, check).await
    }

    /// Has requests of this line wait at a gate before they come to the server, from now on at this one.
    #[must_use]
    pub fn hold(&self, line: impl Into<String>) -> Gate {
        let gate = Gate::new();
        let mut gates = self
            .host
            .gates
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        gates.push((line.into(), gate.clone()));
        gate
    }
}

async fn accept(listener: TcpListener, host: Arc<Host>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let host = Arc::clone(&host);
        // Whether a connection ends well is of interest to its ends only.
        connections.spawn(async move { host.serve(client).await.ok() });
        while connections.try_join_next().is_some() {}
    }
}

impl Host {
    async fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        let Some(head) = Head::read(&mut client).await? else {
            return Ok(());
        };
        let Some(below) = head.below(self.path) else {
            self.note_stray(head.target());
            return client.write_all(NOT_FOUND).await;
        };
        let body = head.body(&mut client).await?;
        let line = head.line(below);
        let number = self.note(Request {
            line: line.clone(),
            bearer: head.bearer(),
            body: serde_json::from_slice(&body).unwrap_or_default(),
            is_over: false,
        });
        if let Some(gate) = self.gate(&line) {
            gate.pass().await;
        }
        let mut server = TcpStream::connect(self.upstream).await?;
        server.write_all(&head.passed_on(below)).await?;
        server.write_all(&body).await?;
        let passed = pass(&mut client, &mut server, head.is_upgrade()).await;
        self.requests
            .send_modify(|requests| requests[number].is_over = true);
        passed
    }

    fn note(&self, request: Request) -> usize {
        let mut number = 0;
        self.requests.send_modify(|requests| {
            number = requests.len();
            requests.push(request);
        });
        number
    }

    fn note_stray(&self, target: &str) {
        let mut strays = self.strays.lock().unwrap_or_else(PoisonError::into_inner);
        strays.push(target.to_owned());
    }

    fn gate(&self, line: &str) -> Option<Gate> {
        let gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gates = gates.iter().rev().filter(|(held, _)| held == line);
        gates.next().map(|(_, gate)| gate.clone())
    }
}

/// Passes an answer on, or everything there and back once the protocol is another.
async fn pass(client: &mut TcpStream, server: &mut TcpStream, is_upgrade: bool) -> io::Result<()> {
    if is_upgrade {
        copy_bidirectional(client, server).await?;
        return Ok(());
    }
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await?;
    client.write_all(&answer).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers one request and gives what came.
    async fn answer_one(upstream: TcpListener) -> String {
        let (mut socket, _) = upstream.accept().await.unwrap();
        let mut read = vec![0; 4_096];
        let count = socket.read(&mut read).await.unwrap();
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
        socket.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8_lossy(&read[..count]).into_owned()
    }

    #[tokio::test]
    async fn what_lies_below_the_path_comes_to_the_server_without_it() {
        let upstream = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let host = SharedHost::start(upstream.local_addr().unwrap(), "/push");
        let host = host.await.unwrap();
        let server = tokio::spawn(answer_one(upstream));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}/v1/token?a=1", host.url());
        let asked = http.get(url).bearer_auth("secret").send().await.unwrap();
        assert_eq!(asked.text().await.unwrap(), "ok");
        let seen = server.await.unwrap().to_lowercase();
        assert!(seen.starts_with("get /v1/token?a=1 http/1.1\r\n"), "{seen}");
        assert!(seen.contains("connection: close"), "{seen}");
        let over = host.request("the answer", |request| request.is_over);
        let over = over.await.unwrap();
        assert_eq!(over.line, "GET /v1/token");
        assert_eq!(over.bearer.as_deref(), Some("secret"));
        assert_eq!(host.strays(), [] as [&str; 0]);
    }

    #[tokio::test]
    async fn what_lies_beside_the_path_is_noted() {
        let nobody = (Ipv4Addr::LOCALHOST, 9).into();
        let host = SharedHost::start(nobody, "/push").await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        for path in ["/v1/token", "/pushing", "/"] {
            let url = base(host.address).join(path).unwrap();
            assert_eq!(http.get(url).send().await.unwrap().status(), 404);
        }
        assert_eq!(host.strays(), ["/v1/token", "/pushing", "/"]);
    }
}
