//! One connection: its protocol, its requests, its end.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderValue, Method, Request, Response, Version, header},
    response::IntoResponse as _,
};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::net::TcpStream;
use tower::ServiceExt as _;
use vestnik_model::{Problem, ProblemCode, route};

use super::lease::{InFlight, Kind, Lease};
use crate::{config::LimitConfig, peer::ConnectedFrom, refusal::Refusal};

/// The windows of HTTP/2: how many bytes of bodies a client may send before they are read. A request
/// body fits the window of its stream in most cases.
const STREAM_WINDOW: u32 = 64 * 1_024;
const CONNECTION_WINDOW: u32 = 256 * 1_024;

/// After how many seconds a client that was turned away may try again.
const RETRY_SECONDS: u32 = 5;

/// Speaks HTTP on connections.
pub(super) struct Speaker {
    builder: Arc<Builder<TokioExecutor>>,
    router: Router,
}

impl Speaker {
    pub(super) fn new(router: Router, limits: LimitConfig) -> Self {
        Self {
            builder: Arc::new(builder(limits)),
            router,
        }
    }

    /// Serves the connection until its client or its deadline ends it, or the server shuts down and
    /// no request is in flight.
    pub(super) fn speak(
        &self,
        stream: TcpStream,
        from: ConnectedFrom,
        lease: Lease,
        graceful: &GracefulShutdown,
    ) -> impl Future<Output = ()> + Send + use<> {
        let over = lease.over();
        let router = self.router.clone();
        let service = tower::service_fn(move |request: Request<Incoming>| {
            let (router, lease) = (router.clone(), lease.clone());
            async move { Ok::<_, Infallible>(answer(router, lease, from, request).await) }
        });
        let service = TowerToHyperService::new(service);
        let connection = self
            .builder
            .serve_connection_with_upgrades(TokioIo::new(stream), service)
            .into_owned();
        let watched = graceful.watch(connection);
        async move {
            tokio::select! {
                ended = watched => if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended in the middle of something");
                },
                () = over => tracing::debug!("a connection without a request was closed"),
            }
        }
    }
}

fn builder(limits: LimitConfig) -> Builder<TokioExecutor> {
    let idle = Duration::from_secs(u64::from(limits.idle_seconds));
    let mut builder = Builder::new(TokioExecutor::new());
    // The deadline for headers is the lease's, which also covers what comes before the protocol is
    // known.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(limits.header_bytes);
    // A connection with a stream in flight has no deadline of the lease; pings find out whether its
    // client is still there.
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(idle)
        .keep_alive_timeout(Duration::from_secs(u64::from(limits.header_seconds)))
        .max_concurrent_streams(limits.streams_per_connection)
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .enable_connect_protocol();
    builder
}

async fn answer(
    router: Router,
    lease: Lease,
    from: ConnectedFrom,
    request: Request<Incoming>,
) -> Response<Body> {
    let version = request.version();
    let is_ordinary = lease.kind() == Kind::Ordinary;
    let admitted = lease
        .begin()
        .filter(|_| is_ordinary || is_operation(request.uri().path()));
    let Some(in_flight) = admitted.map(Arc::new) else {
        return closing(turned_away().into_response(), version);
    };
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(from);
    if may_upgrade(&request) {
        // The hub keeps the extensions of the request that opened a WebSocket as long as it is open.
        request
            .extensions_mut()
            .insert(KeepsPlace(Arc::clone(&in_flight)));
    }
    let response = match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let response = response.map(|body| {
        Body::new(Counted {
            body,
            in_flight: Some(in_flight),
        })
    });
    if is_ordinary {
        response
    } else {
        closing(response, version)
    }
}

/// Whether the connection may become a WebSocket (RFC 6455, section 4.1; RFC 8441, section 4).
fn may_upgrade(request: &Request<Body>) -> bool {
    request.method() == Method::CONNECT || request.headers().contains_key(header::UPGRADE)
}

fn is_operation(path: &str) -> bool {
    [route::HEALTHZ, route::READYZ, route::METRICS].contains(&path)
}

fn turned_away() -> Refusal {
    let detail = "every connection of the server is in use";
    Problem::new(ProblemCode::Unavailable, detail)
        .retry_after(RETRY_SECONDS)
        .into()
}

/// Ends the connection after the response. In HTTP/2 the header is not allowed (RFC 9113, section
/// 8.2.2), and the connection's deadline ends it.
fn closing(mut response: Response<Body>, version: Version) -> Response<Body> {
    if version < Version::HTTP_2 {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

/// Keeps a WebSocket's place, as an extension of its opening request.
#[derive(Debug, Clone)]
struct KeepsPlace(#[expect(dead_code, reason = "it is kept, not read")] Arc<InFlight>);

/// A response body whose request is in flight until the body was sent or given up.
struct Counted {
    body: Body,
    in_flight: Option<Arc<InFlight>>,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        // An answer that was given whole is no reason to keep a peer that does not take it.
        if matches!(frame, Poll::Ready(None)) || self.body.is_end_stream() {
            self.in_flight = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
