//! One WebSocket, read by its connection's task alone, and written by it and, while it rests, past it.

use std::{
    sync::Arc,
    task::{Context, Poll, Waker, ready},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::{rt::TokioIo, server::conn::auto::upgrade};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error as WsError, Message,
        protocol::{
            CloseFrame, Role, WebSocketConfig,
            frame::{
                Frame, Utf8Bytes,
                coding::{CloseCode, Data, OpCode},
            },
        },
    },
};
use tokio_util::either::Either;

use super::socket::Event;
use crate::{
    protocol::TransferFormat,
    server::{
        config::HubConfig,
        transport::Broken,
        wire::{Offered, Wire, WireEnd},
    },
};

/// A whole Close frame with status 1000.
const NORMAL_CLOSE: [u8; 4] = [0x88, 0x02, 0x03, 0xE8];

/// Plain TCP if it is, and anything else (TLS, a stream of HTTP/2) as hyper gives it.
type Io = Either<WireEnd, TokioIo<Upgraded>>;

pub(super) struct WebSocket {
    inner: WebSocketStream<Io>,
    /// When the write began that is not known to be done.
    write_began: Option<Instant>,
    /// Reading failed half-way through a message and cannot go on.
    deaf: bool,
    write_stall: Duration,
}

/// Waits until a request has become a WebSocket; nothing when it never does.
pub(super) async fn upgraded(upgrade: OnUpgrade, config: &HubConfig) -> Option<WebSocket> {
    let patience = config.protocol.handshake_timeout;
    let upgraded = tokio::time::timeout(patience, upgrade).await.ok()?.ok()?;
    Some(WebSocket::new(upgraded, config).await)
}

impl WebSocket {
    async fn new(upgraded: Upgraded, config: &HubConfig) -> Self {
        // Messages may come several in one; beyond that nothing good is on its way.
        let largest = (2 * config.protocol.max_message).max(64 * 1024);
        let write_stall = config.write_stall;
        let config = WebSocketConfig::default()
            .read_buffer_size(config.read_buffer)
            .write_buffer_size(0)
            .max_write_buffer_size(config.max_write_buffer.max(1))
            .max_message_size(Some(largest))
            .max_frame_size(Some(largest));
        let (io, early) = io(upgraded);
        let inner =
            WebSocketStream::from_partially_read(io, early, Role::Server, Some(config)).await;
        Self {
            inner,
            write_began: None,
            deaf: false,
            write_stall,
        }
    }

    pub(super) fn wire(&self) -> Option<&Arc<Wire>> {
        match self.inner.get_ref() {
            Either::Left(end) => Some(end.wire()),
            Either::Right(_) => None,
        }
    }

    pub(super) fn take_on_rest(&mut self, now: Instant) {
        if self.wire().is_some_and(|wire| wire.has_rest()) {
            self.write_began.get_or_insert(now);
        }
    }

    pub(super) fn is_writing(&self) -> bool {
        self.write_began.is_some()
    }

    /// When to give the client up if nothing happens.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.write_began.map(|began| began + self.write_stall)
    }

    /// Writes a message as far as the socket takes it now; [`poll_event`](Self::poll_event) carries
    /// the rest through.
    pub(super) fn write(
        &mut self,
        now: Instant,
        batch: Bytes,
        format: TransferFormat,
    ) -> Result<(), Broken> {
        match self.wire().map(|wire| wire.put(format, &batch)) {
            Some(Offered::Whole) => return Ok(()),
            Some(Offered::Begun) => {
                self.write_began = Some(now);
                return Ok(());
            }
            // A pong is half written, or the socket is broken: both are tungstenite's to end.
            Some(Offered::Refused) | None => {}
        }
        // JSON that we wrote ourselves is not searched for bad UTF-8 once more.
        let kind = match format {
            TransferFormat::Text => Data::Text,
            TransferFormat::Binary => Data::Binary,
        };
        let frame = Frame::message(batch, OpCode::Data(kind), true);
        self.write_began = Some(now);
        let begun = self.inner.start_send_unpin(Message::Frame(frame));
        // Most sockets take a small message at once, and then nobody has to be woken for it.
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(outcome) = self.inner.poll_flush_unpin(&mut context) {
            self.write_began = None;
            return outcome.map_err(|_| Broken);
        }
        begun.map_err(|_| Broken)
    }

    pub(super) fn poll_event(&mut self, context: &mut Context<'_>, read: bool) -> Poll<Event> {
        if self.is_writing()
            && let Poll::Ready(outcome) = self.inner.poll_flush_unpin(context)
        {
            self.write_began = None;
            return Poll::Ready(outcome.map_or(Event::Lost, |()| Event::Ready));
        }
        if read && !self.deaf {
            self.poll_read(context)
        } else {
            Poll::Pending
        }
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        loop {
            let event = match ready!(self.inner.poll_next_unpin(context)) {
                Some(Ok(Message::Text(text))) => Event::Received(text.into()),
                Some(Ok(Message::Binary(bytes))) => Event::Received(bytes),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Ok(Message::Close(_))) => Event::Closed,
                Some(Err(WsError::Capacity(_))) => {
                    self.deaf = true;
                    Event::Oversized
                }
                Some(Err(_)) | None => Event::Lost,
            };
            return Poll::Ready(event);
        }
    }

    /// Says goodbye first and waits for the client's answer.
    pub(super) async fn close(mut self) {
        let goodbye = CloseFrame {
            code: CloseCode::Normal,
            reason: Utf8Bytes::default(),
        };
        if self.inner.close(Some(goodbye)).await.is_err() {
            return;
        }
        while let Some(Ok(_)) = self.inner.next().await {}
        if self.deaf {
            // Closing with unread bytes would reset the connection, and take our last words back.
            let mut io = self.inner.into_inner();
            if io.shutdown().await.is_err() {
                return;
            }
            let mut discarded = [0; 1024];
            while matches!(io.read(&mut discarded).await, Ok(1..)) {}
        }
    }

    /// Answers the client's Close.
    ///
    /// The official server answers with status 1000 whatever the client sent,
    /// and official clients insist; tungstenite would repeat the client's status.
    pub(super) async fn answer_close(mut self) -> std::io::Result<()> {
        if self.is_writing() {
            // Its answer has to wait behind a message that is half written.
            return self.inner.flush().await.map_err(std::io::Error::other);
        }
        let mut io = self.inner.into_inner();
        io.write_all(&NORMAL_CLOSE).await?;
        io.shutdown().await
    }
}

/// Takes the connection apart, and gives what hyper read of it already.
fn io(upgraded: Upgraded) -> (Io, Vec<u8>) {
    let upgraded = match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => return (plain(parts.io), parts.read_buf.to_vec()),
        Err(upgraded) => upgraded,
    };
    match upgrade::downcast::<TokioIo<TcpStream>>(upgraded) {
        Ok(parts) => (plain(parts.io), parts.read_buf.to_vec()),
        Err(upgraded) => (Either::Right(TokioIo::new(upgraded)), Vec::new()),
    }
}

fn plain(io: TokioIo<TcpStream>) -> Io {
    Either::Left(WireEnd::new(Wire::new(io.into_inner())))
}
