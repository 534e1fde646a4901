//! Clients of the transports without a socket, by hand.

use std::{collections::VecDeque, net::SocketAddr};

use tokio::{
    io::AsyncReadExt,
    net::{TcpSocket, TcpStream},
};

use crate::client::{Answer, exchange, negotiate, request, soon, write_request};

/// By what a client gets what the hub sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Events,
    Polls,
}

/// A hub connection; texts stand for messages, separators are added and taken off.
#[derive(Debug)]
pub(crate) struct HttpClient {
    address: SocketAddr,
    /// The hub's, with the token.
    path: String,
    /// There with Server-Sent Events only.
    events: Option<EventReader>,
    /// Messages that were not asked for yet.
    pending: VecDeque<String>,
}

impl HttpClient {
    /// Connects and shakes hands.
    pub(crate) async fn open(address: SocketAddr, by: By) -> Self {
        let mut client = Self::connect(address, by).await;
        client
            .check(r#"{"protocol":"json","version":1}"#, &["{}"])
            .await;
        client
    }

    /// As [`open`](Self::open), but the kernel holds little of what is not read.
    pub(crate) async fn open_with_small_buffer(address: SocketAddr, by: By) -> Self {
        let mut client = Self::connect(address, by).await;
        if by == By::Events {
            let path = format!("/hub?id={}", negotiate(address, &[]).await);
            client.events = Some(EventReader::open_with_small_buffer(address, &path).await);
            client.path = path;
        }
        client
            .check(r#"{"protocol":"json","version":1}"#, &["{}"])
            .await;
        client
    }

    /// Connects.
    pub(crate) async fn connect(address: SocketAddr, by: By) -> Self {
        let path = format!("/hub?id={}", negotiate(address, &[]).await);
        let events = match by {
            By::Events => Some(EventReader::open(address, &path).await),
            By::Polls => {
                let first = request(address, &format!("GET {path}"), &[]).await;
                assert_eq!((first.status, first.body.as_str()), (200, ""));
                None
            }
        };
        Self {
            address,
            path,
            events,
            pending: VecDeque::new(),
        }
    }

    /// Whether it gets what the hub sends by Server-Sent Events.
    pub(crate) fn has_events(&self) -> bool {
        self.events.is_some()
    }

    /// The path of its requests, with the token.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The request of this method for this connection.
    pub(crate) async fn request(&self, method: &str) -> Answer {
        request(self.address, &format!("{method} {}", self.path), &[]).await
    }

    /// Sends one message.
    pub(crate) async fn send(&self, text: &str) {
        self.post(&format!("{text}\x1e")).await;
    }

    /// Sends a body.
    pub(crate) async fn post(&self, body: &str) {
        let answer = exchange(self.address, &format!("POST {}", self.path), &[], body).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
        assert!(
            answer.head.contains("content-type: text/plain"),
            "{answer:?}"
        );
    }

    /// Sends a message and expects these answers.
    pub(crate) async fn check(&mut self, text: &str, answers: &[&str]) {
        self.send(text).await;
        for answer in answers {
            assert_eq!(self.next().await.as_deref(), Some(*answer), "to {text}");
        }
    }

    /// Waits for the next message or for the end.
    pub(crate) async fn next(&mut self) -> Option<String> {
        while self.pending.is_empty() {
            let whole = self.receive().await?;
            let messages = whole.strip_suffix('\x1e').expect("no message is split");
            self.pending = messages.split('\x1e').map(str::to_owned).collect();
        }
        self.pending.pop_front()
    }

    async fn receive(&mut self) -> Option<String> {
        if let Some(events) = &mut self.events {
            return events.next().await;
        }
        loop {
            let answer = self.request("GET").await;
            match answer.status {
                200 if answer.body.is_empty() => {}
                200 => return Some(answer.body),
                204 => return None,
                _ => panic!("{answer:?}"),
            }
        }
    }
}

/// The body of a stream of events, with the chunks of HTTP/1.1 undone.
#[derive(Debug)]
pub(crate) struct EventReader {
    stream: TcpStream,
    pub(crate) head: String,
    /// What came after the head and was not read yet, with the chunks' frames.
    raw: Vec<u8>,
    body: String,
}

impl EventReader {
    pub(crate) async fn open(address: SocketAddr, path: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        Self::over(stream, path).await
    }

    /// As [`open`](Self::open), but the kernel holds little of what is not read.
    pub(crate) async fn open_with_small_buffer(address: SocketAddr, path: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 * 1024).unwrap();
        Self::over(socket.connect(address).await.unwrap(), path).await
    }

    async fn over(mut stream: TcpStream, path: &str) -> Self {
        let line = format!("GET {path}");
        write_request(&mut stream, &line, &["Accept: text/event-stream"], "").await;
        let mut reader = Self {
            stream,
            head: String::new(),
            raw: Vec::new(),
            body: String::new(),
        };
        reader.head = String::from_utf8(reader.take_until(b"\r\n\r\n").await.unwrap()).unwrap();
        assert!(reader.head.starts_with("HTTP/1.1 200 "), "{}", reader.head);
        while reader.body.len() < 3 {
            reader.chunk().await.unwrap();
        }
        assert_eq!(reader.body, ":\r\n", "comes at once");
        reader.body.clear();
        reader
    }

    /// Waits for the next event and returns its data, or for the end.
    pub(crate) async fn next(&mut self) -> Option<String> {
        let end = loop {
            if let Some(end) = self.body.find("\r\n\r\n") {
                break end;
            }
            self.chunk().await?;
        };
        let event: String = self.body.drain(..end + 4).collect();
        let lines = event.trim_end().split("\r\n");
        let data: Vec<&str> = lines
            .map(|line| line.strip_prefix("data: ").unwrap())
            .collect();
        Some(data.join("\n"))
    }

    /// Appends the next chunk to the body; nothing at the end.
    async fn chunk(&mut self) -> Option<()> {
        let line = self.take_until(b"\r\n").await?;
        let length = std::str::from_utf8(&line).unwrap().trim();
        let length = usize::from_str_radix(length, 16).unwrap();
        while self.raw.len() < length + 2 {
            self.fill().await?;
        }
        let chunk: Vec<u8> = self.raw.drain(..length + 2).collect();
        self.body
            .push_str(std::str::from_utf8(&chunk[..length]).unwrap());
        (length > 0).then_some(())
    }

    async fn take_until(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        loop {
            let found = self.raw.windows(end.len()).position(|window| window == end);
            if let Some(at) = found {
                return Some(self.raw.drain(..at + end.len()).collect());
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Option<()> {
        let mut buffer = [0; 8 * 1024];
        let count = soon(self.stream.read(&mut buffer)).await.unwrap_or(0);
        self.raw.extend_from_slice(&buffer[..count]);
        (count > 0).then_some(())
    }
}
