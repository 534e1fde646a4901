//! A server that does what a test tells it, on a free loopback port. It knows just enough of HTTP
//! and WebSocket to speak them wrongly when asked.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use vestnik_signalr::client::{
    CloseReason, ConnectError, ConnectOptions, HubClient, Incoming, IncomingStream, connect,
};

/// No step of a test may take longer, except in virtual time.
const PATIENCE: Duration = Duration::from_mins(5);

/// An answer to negotiate as of today: `public` is the id, `secret` the token.
pub(crate) const ANSWER: &str = r#"{"negotiateVersion":1,"connectionId":"public","connectionToken":"secret","availableTransports":[{"transport":"WebSockets","transferFormats":["Text","Binary"]}]}"#;

/// The same from a server that grants stateful reconnect.
pub(crate) const GRANT: &str = r#"{"negotiateVersion":1,"connectionId":"public","connectionToken":"secret","useStatefulReconnect":true,"availableTransports":[{"transport":"WebSockets","transferFormats":["Text","Binary"]}]}"#;

pub(crate) type Connected = Result<(HubClient, IncomingStream), ConnectError>;

/// Awaits something that must happen soon.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    within(PATIENCE, future).await
}

/// Awaits something that must happen within this time, which may be virtual.
pub(crate) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(limit, future)
        .await
        .expect("a step took too long")
}

/// Connects while the server plays its part.
pub(crate) async fn meet<T>(
    options: ConnectOptions,
    script: impl Future<Output = T>,
) -> (Connected, T) {
    soon(async { tokio::join!(connect(options), script) }).await
}

/// Reads the clock that a test may have paused.
#[expect(clippy::disallowed_methods, reason = "the tests' one clock")]
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The scripted server.
#[derive(Debug)]
pub(crate) struct Peer {
    listener: TcpListener,
    address: SocketAddr,
}

impl Peer {
    pub(crate) async fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener, address }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// For the hub at `/hub`.
    pub(crate) fn options(&self) -> ConnectOptions {
        ConnectOptions::new(self.url("/hub").parse().unwrap())
    }

    /// For the hub at `/hub`, without negotiation.
    pub(crate) fn direct(&self) -> ConnectOptions {
        ConnectOptions {
            skip_negotiation: true,
            ..self.options()
        }
    }

    /// Takes the next connection and reads one request from it.
    pub(crate) async fn request(&self) -> Request {
        let (stream, _) = soon(self.listener.accept()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Request::read(stream).await
    }

    /// Says whether nobody connects, as far as one can tell without waiting.
    pub(crate) async fn is_alone(&self) -> bool {
        tokio::select! {
            biased;
            _ = self.listener.accept() => false,
            () = tokio::task::yield_now() => true,
        }
    }

    /// Plays the usual start up to the upgrade.
    pub(crate) async fn upgrade(&self) -> Line {
        self.request().await.answer(200, &[], ANSWER).await;
        self.request().await.upgrade().await
    }

    /// Plays the start of a stateful connection up to the client's first ping.
    pub(crate) async fn welcome_stateful(&self) -> Line {
        let request = self.request().await;
        assert!(request.target.contains("useStatefulReconnect=true"));
        request.answer(200, &[], GRANT).await;
        let mut line = self.request().await.upgrade().await;
        assert_eq!(line.message().await, r#"{"protocol":"json","version":2}"#);
        line.send("{}").await;
        assert_eq!(line.message().await, r#"{"type":6}"#);
        line
    }

    /// A stateful connection that is ready for calls.
    pub(crate) async fn open_stateful(
        &self,
        options: ConnectOptions,
    ) -> (HubClient, IncomingStream, Line) {
        let (connected, line) = meet(options, self.welcome_stateful()).await;
        let (client, incoming) = connected.unwrap();
        (client, incoming, line)
    }

    /// Takes the client's next socket for the same connection; the client says where it goes on.
    pub(crate) async fn resume(&self, place: u64) -> Line {
        let request = self.request().await;
        assert_eq!(request.line(), "GET /hub?id=secret");
        let mut line = request.upgrade().await;
        let sequence = format!(r#"{{"type":9,"sequenceId":{place}}}"#);
        assert_eq!(line.message().await, sequence);
        line
    }

    /// A connection that is ready for calls; the client's first ping has been read.
    pub(crate) async fn open(&self, options: ConnectOptions) -> (HubClient, IncomingStream, Line) {
        self.open_answering(options, ANSWER).await
    }

    /// As [`open`](Self::open), with an answer of the caller's own to negotiate.
    pub(crate) async fn open_answering(
        &self,
        options: ConnectOptions,
        answer: &str,
    ) -> (HubClient, IncomingStream, Line) {
        let script = async {
            let request = self.request().await;
            let request = if request.target.contains("/negotiate") {
                request.answer(200, &[], answer).await;
                self.request().await
            } else {
                request
            };
            let mut line = request.upgrade().await;
            line.shake_hands().await;
            line
        };
        let (connected, mut line) = meet(options, script).await;
        let (client, incoming) = connected.unwrap();
        assert_eq!(line.message().await, r#"{"type":6}"#);
        (client, incoming, line)
    }
}

/// A request whose answer is the test's.
#[derive(Debug)]
pub(crate) struct Request {
    stream: TcpStream,
    pub(crate) method: String,
    pub(crate) target: String,
    head: String,
}

impl Request {
    pub(crate) async fn read(mut stream: TcpStream) -> Self {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon(stream.read_u8()).await.expect("a whole request"));
        }
        let head = String::from_utf8(head).unwrap();
        let mut words = head.split(' ').map(str::to_owned);
        Self {
            stream,
            method: words.next().unwrap(),
            target: words.next().unwrap(),
            head,
        }
    }

    /// The method and the target.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Reads the body, which has this length.
    pub(crate) async fn body(mut self, length: usize) -> (String, Self) {
        let mut body = vec![0; length];
        soon(self.stream.read_exact(&mut body)).await.unwrap();
        (String::from_utf8(body).unwrap(), self)
    }

    /// The token, when the request carries one.
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// Answers and ends the connection. `headers` are whole lines.
    pub(crate) async fn answer(mut self, status: u16, headers: &[&str], body: &str) {
        let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let length = body.len();
        let text = format!(
            "HTTP/1.1 {status} Scripted\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        );
        // A client that has read enough may be gone already.
        drop(self.stream.write_all(text.as_bytes()).await);
    }

    /// Accepts the WebSocket.
    pub(crate) async fn upgrade(mut self) -> Line {
        let key = derive_accept_key(self.header("sec-websocket-key").unwrap().as_bytes());
        let text = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {key}\r\n\r\n"
        );
        self.stream.write_all(text.as_bytes()).await.unwrap();
        Line {
            stream: self.stream,
            unread: Vec::new(),
        }
    }

    pub(crate) fn into_stream(self) -> TcpStream {
        self.stream
    }
}

/// A WebSocket, its frames written and read by hand.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) stream: TcpStream,
    /// Messages of a frame that were not asked for yet, the next one last.
    unread: Vec<String>,
}

/// What a client wrote.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Text(String),
    Binary(Vec<u8>),
    /// WebSocket's, not the hub's.
    Ping,
    Pong,
    Close,
    /// The TCP connection ended.
    End,
}

impl Line {
    /// Reads the handshake and accepts it.
    pub(crate) async fn shake_hands(&mut self) {
        assert_eq!(self.message().await, r#"{"protocol":"json","version":1}"#);
        self.send("{}").await;
    }

    /// Ends the TCP connection without a goodbye.
    pub(crate) async fn cut(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// Sends one hub message in a frame of its own.
    pub(crate) async fn send(&mut self, message: &str) {
        self.send_raw(&text_frame(&format!("{message}\x1e"))).await;
    }

    /// Sends bytes as they are.
    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) {
        soon(self.stream.write_all(bytes)).await.unwrap();
    }

    /// Waits for the client's next hub message.
    pub(crate) async fn message(&mut self) -> String {
        while self.unread.is_empty() {
            let Frame::Text(text) = self.frame().await else {
                panic!("the client ended the connection");
            };
            let whole = text.strip_suffix('\x1e').expect("messages are never split");
            self.unread = whole.split('\x1e').rev().map(str::to_owned).collect();
        }
        self.unread.pop().unwrap()
    }

    /// Waits for the client's next frame.
    pub(crate) async fn frame(&mut self) -> Frame {
        soon(self.read_frame()).await.unwrap_or(Frame::End)
    }

    pub(crate) async fn read_frame(&mut self) -> std::io::Result<Frame> {
        let first = self.stream.read_u8().await?;
        let length = match self.stream.read_u8().await? & 0x7f {
            126 => usize::from(self.stream.read_u16().await?),
            127 => usize::try_from(self.stream.read_u64().await?).unwrap(),
            short => usize::from(short),
        };
        let mut mask = [0; 4];
        self.stream.read_exact(&mut mask).await?;
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).await?;
        for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
            *byte ^= mask;
        }
        match first {
            0x81 => Ok(Frame::Text(String::from_utf8(payload).unwrap())),
            0x82 => Ok(Frame::Binary(payload)),
            0x88 => Ok(Frame::Close),
            0x89 => Ok(Frame::Ping),
            0x8a => Ok(Frame::Pong),
            other => panic!("the client sent a frame {other:#x}"),
        }
    }
}

/// A Text frame of a server: whole, without a mask.
pub(crate) fn text_frame(text: &str) -> Vec<u8> {
    let length = text.len();
    let mut frame = vec![0x81];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => frame.push(short),
        (_, Ok(medium)) => {
            frame.push(126);
            frame.extend(medium.to_be_bytes());
        }
        (_, Err(_)) => {
            frame.push(127);
            frame.extend(u64::try_from(length).unwrap().to_be_bytes());
        }
    }
    frame.extend(text.as_bytes());
    frame
}

/// Expects the connection's end and gives its reason.
pub(crate) async fn closed(incoming: &mut IncomingStream) -> CloseReason {
    match soon(incoming.recv()).await {
        Some(Incoming::Closed(reason)) => reason,
        other => panic!("{other:?} instead of the end"),
    }
}

/// Expects a call without arguments of interest and gives its target.
pub(crate) async fn called(incoming: &mut IncomingStream) -> String {
    match soon(incoming.recv()).await {
        Some(Incoming::Invocation(invocation)) => invocation.target,
        other => panic!("{other:?} instead of a call"),
    }
}
