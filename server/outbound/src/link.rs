//! A connection that takes requests.

use std::{future::Future, pin::pin, sync::Weak, time::Duration};

use http::{HeaderValue, Request, Response, Uri, Version, header, uri::PathAndQuery};
use hyper::{
    body::Incoming,
    client::conn::{TrySendError, http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::time::{sleep, timeout};

use crate::{
    body::Watched,
    dial::Line,
    error::ConnectError,
    lane::{Idle, LinkId},
    limits::Limits,
    pool::Cell,
};

/// The most bytes of an answer's head.
const MAX_HEAD_BYTES: u32 = 16 * 1_024;
/// The most headers of an answer over HTTP/1.1.
const MAX_HEADERS: usize = 100;
/// How much of one answer a peer may send ahead over HTTP/2, and of all answers of a connection.
const STREAM_WINDOW: u32 = 64 * 1_024;
const CONNECTION_WINDOW: u32 = 1_024 * 1_024;
/// How often a peer of HTTP/2 is asked whether it is there, and how long it may take to answer.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_WAIT: Duration = Duration::from_secs(10);
/// How long a connection may take to end after its last request.
const CLOSING: Duration = Duration::from_secs(5);

/// What a request is sent over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// HTTP/2, or HTTP/1.1 if the peer prefers it. Over plain text, HTTP/1.1.
    Any,
    /// HTTP/2 and nothing else.
    Http2,
}

/// What requests are given to.
pub(crate) enum Sender {
    Http1(http1::SendRequest<Watched>),
    Http2(http2::SendRequest<Watched>),
}

/// A connection that is open, and what has to be run for it.
pub(crate) struct Link<F> {
    pub(crate) sender: Sender,
    pub(crate) connection: F,
    /// How many requests it takes at a time.
    pub(crate) capacity: usize,
}

impl Sender {
    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Self::Http1(sender) => sender.is_closed(),
            Self::Http2(sender) => sender.is_closed(),
        }
    }

    /// Waits until the connection takes a request; gives whether it does.
    pub(crate) async fn is_ready(&mut self) -> bool {
        match self {
            Self::Http1(sender) => sender.ready().await.is_ok(),
            Self::Http2(sender) => sender.ready().await.is_ok(),
        }
    }

    pub(crate) async fn send(
        &mut self,
        mut request: Request<Watched>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Watched>>> {
        match self {
            Self::Http1(sender) => {
                shape(&mut request);
                sender.try_send_request(request).await
            }
            Self::Http2(sender) => {
                *request.version_mut() = Version::HTTP_2;
                sender.try_send_request(request).await
            }
        }
    }
}

/// HTTP/1.1 has the host in a header and the path alone in the first line (RFC 9112, 3.2.1).
fn shape(request: &mut Request<Watched>) {
    *request.version_mut() = Version::HTTP_11;
    let authority = request
        .uri()
        .authority()
        .map(|authority| authority.as_str());
    let host = authority.and_then(|authority| HeaderValue::from_str(authority).ok());
    let root = PathAndQuery::from_static("/");
    let path = request.uri().path_and_query().cloned().unwrap_or(root);
    if let Some(host) = host {
        request.headers_mut().insert(header::HOST, host);
    }
    *request.uri_mut() = Uri::from(path);
}

/// Speaks HTTP over a line.
pub(crate) async fn handshake(
    line: Line,
    limits: &Limits,
) -> Result<Link<impl Future<Output = hyper::Result<()>> + Send + use<>>, ConnectError> {
    let io = TokioIo::new(line.stream);
    if line.is_http2 {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(MAX_HEAD_BYTES)
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_WAIT)
            .keep_alive_while_idle(true);
        let (sender, connection) = builder.handshake(io).await.map_err(ConnectError::Http)?;
        return Ok(Link {
            sender: Sender::Http2(sender),
            connection: futures_util::future::Either::Left(connection),
            capacity: limits.streams,
        });
    }
    let mut builder = http1::Builder::new();
    builder
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES as usize);
    let (sender, connection) = builder.handshake(io).await.map_err(ConnectError::Http)?;
    Ok(Link {
        sender: Sender::Http1(sender),
        connection: futures_util::future::Either::Right(connection),
        capacity: 1,
    })
}

/// Runs a connection to its end; closes it when it is idle.
pub(crate) async fn run(
    connection: impl Future<Output = hyper::Result<()>>,
    cell: Weak<Cell>,
    id: LinkId,
    idle: Duration,
) {
    let mut connection = pin!(connection);
    let mut uses = None;
    loop {
        tokio::select! {
            ended = &mut connection => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "an outbound connection ended");
                }
                if let Some(cell) = cell.upgrade() {
                    cell.lost(id);
                }
                return;
            }
            () = sleep(idle) => {
                let asked = cell.upgrade().map_or(Idle::Close, |cell| cell.idle(id, uses));
                match asked {
                    Idle::Used(count) => uses = Some(count),
                    Idle::Close => break,
                }
            }
        }
    }
    if timeout(CLOSING, connection).await.is_err() {
        tracing::debug!("an outbound connection did not close in time");
    }
}
