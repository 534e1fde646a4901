//! A hub connection by hand: the test writes every byte that is sent, and reads everything that comes.

use std::{collections::VecDeque, net::SocketAddr};

use anyhow::{Context as _, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest as _,
        http::{HeaderValue, StatusCode, header::AUTHORIZATION},
    },
};
use vestnik_model::route;

use crate::wait::{SILENCE, within};

/// Ends each message of the JSON protocol.
pub const SEPARATOR: char = '\u{1e}';
/// The request that opens a connection in the JSON protocol.
pub const HANDSHAKE: &str = "{\"protocol\":\"json\",\"version\":1}\u{1e}";

/// What comes from the hub.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// A message other than a ping.
    Message(Value),
    /// The connection has ended, with the WebSocket's close code if it had one.
    Ended(Option<u16>),
}

/// A connection to the hub.
#[derive(Debug)]
pub struct RawHub {
    socket: WebSocketStream<TcpStream>,
    pending: VecDeque<Value>,
    calls: u32,
}

impl RawHub {
    /// Opens a WebSocket at the hub without negotiating, and sends nothing yet.
    ///
    /// # Errors
    /// When the hub refuses it; see [`RawHub::refusal`].
    pub async fn connect(at: SocketAddr, token: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(at).await?;
        Self::upgrade(stream, &format!("ws://{at}{}", route::HUB), token).await
    }

    /// Opens a WebSocket for a connection that was negotiated before.
    ///
    /// # Errors
    /// When the hub refuses it.
    pub async fn connect_to(at: SocketAddr, token: &str, id: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(at).await?;
        Self::upgrade(stream, &format!("ws://{at}{}?id={id}", route::HUB), token).await
    }

    /// As [`RawHub::connect`], with a receive buffer so small that the hub notices soon when
    /// nothing is read.
    ///
    /// # Errors
    /// When the hub refuses it.
    pub async fn connect_narrow(at: SocketAddr, token: &str) -> anyhow::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4_096)?;
        let stream = socket.connect(at).await?;
        Self::upgrade(stream, &format!("ws://{at}{}", route::HUB), token).await
    }

    async fn upgrade(stream: TcpStream, url: &str, token: &str) -> anyhow::Result<Self> {
        let mut request = url.into_client_request()?;
        let bearer = HeaderValue::from_str(&format!("Bearer {token}"))?;
        request.headers_mut().insert(AUTHORIZATION, bearer);
        let (socket, _) = within("the upgrade", SILENCE, client_async(request, stream)).await??;
        Ok(Self {
            socket,
            pending: VecDeque::new(),
            calls: 0,
        })
    }

    /// The status and body with which the hub refused a connection, if that is what the error is.
    #[must_use]
    pub fn refusal(error: &anyhow::Error) -> Option<(StatusCode, String)> {
        let Some(Error::Http(answer)) = error.downcast_ref::<Error>() else {
            return None;
        };
        let body = answer.body().as_deref().unwrap_or_default();
        Some((answer.status(), String::from_utf8_lossy(body).into_owned()))
    }

    /// Opens a connection and shakes hands.
    ///
    /// # Errors
    /// When the hub does not.
    pub async fn open(at: SocketAddr, token: &str) -> anyhow::Result<Self> {
        Self::connect(at, token).await?.shake_hands().await
    }

    /// Shakes hands.
    ///
    /// # Errors
    /// When the hub does not.
    pub async fn shake_hands(mut self) -> anyhow::Result<Self> {
        self.send_text(HANDSHAKE).await?;
        let answer = self.receive().await?;
        ensure!(
            answer == Received::Message(json!({})),
            "the handshake was answered with {answer:?}"
        );
        Ok(self)
    }

    /// Sends a text as it is.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send_text(&mut self, text: &str) -> anyhow::Result<()> {
        self.send(Message::text(text)).await
    }

    /// Sends any WebSocket message.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send(&mut self, message: Message) -> anyhow::Result<()> {
        Ok(self.socket.send(message).await?)
    }

    /// Calls a method and waits for its completion; what else comes is kept for [`RawHub::receive`].
    ///
    /// # Errors
    /// When the connection ends before.
    pub async fn call(&mut self, target: &str, argument: &Value) -> anyhow::Result<Value> {
        self.calls += 1;
        let id = format!("call-{}", self.calls);
        let call = json!({
            "type": 1, "invocationId": id, "target": target, "arguments": [argument],
        });
        self.send_text(&format!("{call}{SEPARATOR}")).await?;
        let mut passed = Vec::new();
        loop {
            let Received::Message(message) = self.receive().await? else {
                self.pending.extend(passed);
                bail!("the connection ended during a call of {target}");
            };
            if message["type"] == 3 && message["invocationId"] == id.as_str() {
                self.pending.extend(passed);
                return Ok(message);
            }
            passed.push(message);
        }
    }

    /// Receives the next message that is no ping, or the end.
    ///
    /// # Errors
    /// When neither comes, or what comes is not of the JSON protocol.
    pub async fn receive(&mut self) -> anyhow::Result<Received> {
        within("a message from the hub", SILENCE, async {
            loop {
                if let Some(message) = self.pending.pop_front() {
                    return Ok(Received::Message(message));
                }
                match self.socket.next().await {
                    Some(Ok(Message::Text(text))) => self.take(&text)?,
                    Some(Ok(Message::Close(frame))) => {
                        return Ok(Received::Ended(frame.map(|frame| frame.code.into())));
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Binary(_) | Message::Frame(_))) => {
                        bail!("the JSON protocol is sent in text frames")
                    }
                    Some(Err(_)) | None => return Ok(Received::Ended(None)),
                }
            }
        })
        .await?
    }

    /// Receives everything up to the end.
    ///
    /// # Errors
    /// When the end does not come.
    pub async fn receive_all(&mut self) -> anyhow::Result<(Vec<Value>, Option<u16>)> {
        let mut messages = Vec::new();
        loop {
            match self.receive().await? {
                Received::Message(message) => messages.push(message),
                Received::Ended(code) => return Ok((messages, code)),
            }
        }
    }

    fn take(&mut self, text: &str) -> anyhow::Result<()> {
        let messages = text
            .strip_suffix(SEPARATOR)
            .context("a message must not be cut by its frame")?;
        for message in messages.split(SEPARATOR) {
            let message: Value = serde_json::from_str(message)?;
            if message["type"] != 6 {
                self.pending.push_back(message);
            }
        }
        Ok(())
    }
}
