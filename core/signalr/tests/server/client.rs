//! A client that speaks frames by hand, and a server on a free loopback port.

use std::{fmt::Debug, net::SocketAddr, time::Duration};

use axum::Router;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::StatusCode;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest, protocol::CloseFrame},
};
use vestnik_signalr::{
    handshake::HandshakeRequest,
    protocol::{Protocol, TransferFormat},
    server::HubService,
};

use crate::wire;

/// No step of a test may take longer.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);

/// Awaits something that must happen soon.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("a step took too long")
}

/// Serves a hub at `/hub` until the test ends.
pub(crate) async fn serve<S, U>(hub: HubService<S, U>) -> SocketAddr
where
    S: Clone + Send + Sync + 'static,
    U: Clone + PartialEq + Send + Sync + 'static,
{
    serve_router(Router::new().nest_service("/hub", hub)).await
}

pub(crate) async fn serve_router(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// A whole answer to a plain HTTP request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Sends one HTTP/1.1 request without a body; `headers` are whole lines.
pub(crate) async fn request(address: SocketAddr, line: &str, headers: &[&str]) -> Answer {
    exchange(address, line, headers, "").await
}

/// Sends one HTTP/1.1 request and reads its answer to the end.
pub(crate) async fn exchange(
    address: SocketAddr,
    line: &str,
    headers: &[&str],
    body: &str,
) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    write_request(&mut stream, line, headers, body).await;
    let mut answer = String::new();
    soon(stream.read_to_string(&mut answer)).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer {
        status,
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}

/// Sends one HTTP/1.1 request.
pub(crate) async fn write_request(
    stream: &mut TcpStream,
    line: &str,
    headers: &[&str],
    body: &str,
) {
    let mut text = format!("{line} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n");
    for header in headers {
        text.push_str(&format!("{header}\r\n"));
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(text.as_bytes()).await.unwrap();
}

/// Negotiates and returns the connection's token.
pub(crate) async fn negotiate(address: SocketAddr, headers: &[&str]) -> String {
    let answer = request(address, "POST /hub/negotiate?negotiateVersion=1", headers).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["connectionToken"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// A hub connection; JSON texts stand for messages, whatever the protocol.
#[derive(Debug)]
pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
    protocol: Protocol,
    /// Messages of a WebSocket message that were not asked for yet.
    pending: Vec<String>,
}

impl Client {
    /// Connects without negotiation and shakes hands.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let mut client = Self::connect(address, "/hub", &[]).await.unwrap();
        client.shake_hands().await;
        client
    }

    /// As [`open`](Self::open), in a protocol.
    pub(crate) async fn open_in(protocol: Protocol, address: SocketAddr) -> Self {
        let mut client = Self::connect(address, "/hub", &[]).await.unwrap();
        client.protocol = protocol;
        client.shake_hands().await;
        client
    }

    /// Opens the WebSocket only.
    pub(crate) async fn connect(
        address: SocketAddr,
        path: &str,
        headers: &[(&'static str, &'static str)],
    ) -> Result<Self, StatusCode> {
        let stream = TcpStream::connect(address).await.unwrap();
        Self::over(stream, path, headers).await
    }

    /// As [`open`](Self::open), but the kernel holds little of what is not read.
    pub(crate) async fn open_with_small_buffer(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 * 1024).unwrap();
        let stream = socket.connect(address).await.unwrap();
        let mut client = Self::over(stream, "/hub", &[]).await.unwrap();
        client.shake_hands().await;
        client
    }

    async fn over(
        stream: TcpStream,
        path: &str,
        headers: &[(&'static str, &'static str)],
    ) -> Result<Self, StatusCode> {
        let mut request = format!("ws://hub{path}").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match soon(client_async(request, stream)).await {
            Ok((socket, _)) => Ok(Self {
                socket,
                protocol: Protocol::Json,
                pending: Vec::new(),
            }),
            Err(tungstenite::Error::Http(response)) => Err(response.status()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Speaks another protocol than JSON.
    pub(crate) fn speaking(self, protocol: Protocol) -> Self {
        Self { protocol, ..self }
    }

    pub(crate) async fn shake_hands(&mut self) {
        self.shake(&HandshakeRequest::new(self.protocol)).await;
    }

    /// As [`shake_hands`](Self::shake_hands), in the version with stateful reconnect.
    pub(crate) async fn shake_hands_statefully(&mut self) {
        self.shake(&HandshakeRequest::stateful(self.protocol)).await;
    }

    async fn shake(&mut self, request: &HandshakeRequest) {
        let request = request.encode();
        let request = std::str::from_utf8(&request).unwrap();
        self.send_frame(Message::text(request)).await;
        // In the kind of frame that the protocol has.
        let answer = Bytes::from_static(b"{}\x1e");
        let answer = match self.protocol.transfer_format() {
            TransferFormat::Text => Message::Text(answer.try_into().unwrap()),
            TransferFormat::Binary => Message::Binary(answer),
        };
        assert_eq!(soon(self.socket.next()).await.unwrap().unwrap(), answer);
    }

    /// Sends one message.
    pub(crate) async fn send(&mut self, text: &str) {
        self.send_frame(wire::frame(self.protocol, text)).await;
    }

    pub(crate) async fn send_frame(&mut self, frame: Message) {
        soon(self.socket.send(frame)).await.unwrap();
    }

    /// Sends a message in as many packets as it has bytes.
    pub(crate) async fn send_byte_by_byte(&mut self, text: &str) {
        let length = u8::try_from(text.len()).expect("longer headers are not written here");
        assert!(length < 126, "longer headers are not written here");
        // A mask of zeros changes nothing (RFC 6455, section 5.3).
        let header = [0x81, 0x80 | length, 0, 0, 0, 0];
        let stream = self.socket.get_mut();
        stream.set_nodelay(true).unwrap();
        for byte in header.iter().chain(text.as_bytes()) {
            soon(stream.write_all(&[*byte])).await.unwrap();
        }
    }

    /// Sends a message and expects these answers.
    pub(crate) async fn check(&mut self, text: &str, answers: &[&str]) {
        self.send(text).await;
        for answer in answers {
            assert_eq!(self.next().await, *answer, "to {text}");
        }
    }

    /// Waits for the next message.
    pub(crate) async fn next(&mut self) -> String {
        self.try_next()
            .await
            .expect("the server closed the connection")
    }

    /// Waits for the next message or for the end, and returns its Close frame if it has one.
    pub(crate) async fn try_next(&mut self) -> Result<String, Option<CloseFrame>> {
        while self.pending.is_empty() {
            let batch = match (soon(self.socket.next()).await, self.protocol) {
                (Some(Ok(Message::Text(text))), Protocol::Json) => text.into(),
                (Some(Ok(Message::Binary(bytes))), Protocol::MessagePack) => bytes,
                (Some(Ok(Message::Pong(_))), _) => continue,
                (Some(Ok(Message::Close(frame))), _) => return Err(frame),
                (Some(Ok(frame)), _) => panic!("unexpected {frame:?}"),
                (Some(Err(_)) | None, _) => return Err(None),
            };
            self.pending = wire::texts(self.protocol, &batch);
            self.pending.reverse();
        }
        Ok(self.pending.pop().expect("checked just now"))
    }

    /// Waits for the next binary WebSocket message.
    pub(crate) async fn next_binary(&mut self) -> Bytes {
        match soon(self.socket.next()).await {
            Some(Ok(Message::Binary(bytes))) => bytes,
            other => panic!("unexpected {other:?}"),
        }
    }

    /// Expects the server to close with status 1000.
    pub(crate) async fn expect_close(&mut self) {
        let frame = self.try_next().await.expect_err("a message came");
        assert_eq!(frame.map(|frame| u16::from(frame.code)), Some(1000));
        // Reading on sends our own Close and ends with the server's end.
        assert!(
            soon(self.socket.next())
                .await
                .is_none_or(|frame| frame.is_err())
        );
    }
}

/// Unwraps an error that a broken hub would not give.
pub(crate) fn expect_status<T: Debug>(outcome: Result<T, StatusCode>, expected: u16) {
    assert_eq!(outcome.unwrap_err().as_u16(), expected);
}
