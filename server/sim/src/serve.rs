//! The driver: accepts connections, speaks TLS and HTTP, and carries requests to the world.

use std::{convert::Infallible, io, pin::pin, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming as Body, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{incoming::Incoming, reply::Reply, service::Door, shared::Shared, world::Verdict};

/// The most bytes of a body that are read. The services refuse much smaller ones.
const LARGEST_BODY: usize = 64 * 1024;
/// How long a peer may take for TLS, for the head of a request, and for its body.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a listener waits after it could not accept: the process has too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// A listener of one door.
#[derive(Clone)]
pub(crate) struct Entrance {
    pub(crate) door: Door,
    pub(crate) tls: TlsAcceptor,
    pub(crate) shared: Arc<Shared>,
    pub(crate) numbers: Arc<std::sync::atomic::AtomicU64>,
    pub(crate) places: Arc<Semaphore>,
    pub(crate) tasks: TaskTracker,
    pub(crate) shutdown: CancellationToken,
}

impl Entrance {
    /// Accepts until the simulator is shut down.
    pub(crate) async fn listen(self, listener: TcpListener) {
        let shutdown = self.shutdown.clone();
        shutdown.run_until_cancelled(self.accept(listener)).await;
    }

    async fn accept(&self, listener: TcpListener) {
        // The semaphore is never closed.
        while let Ok(place) = Arc::clone(&self.places).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let entrance = self.clone();
                    self.tasks.spawn(entrance.connection(stream, place));
                }
                Err(error) => self.pause(&error).await,
            }
        }
    }

    async fn pause(&self, error: &io::Error) {
        tracing::warn!(%error, "a connection could not be accepted");
        tokio::time::sleep(PAUSE).await;
    }

    async fn connection(self, stream: TcpStream, _place: OwnedSemaphorePermit) {
        let number = self
            .numbers
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let shutdown = self.shutdown.clone();
        shutdown
            .run_until_cancelled(self.speak(stream, number))
            .await;
        self.shared.closed(number);
    }

    async fn speak(&self, stream: TcpStream, number: u64) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
        let accepted = tokio::time::timeout(PATIENCE, self.tls.accept(stream)).await;
        let Ok(Ok(stream)) = accepted else {
            tracing::debug!(number, "TLS failed");
            return;
        };
        let connection = Arc::new(Connection {
            number,
            door: self.door,
            shared: Arc::clone(&self.shared),
            cut: CancellationToken::new(),
            last: CancellationToken::new(),
        });
        let service = service_fn(|request| Arc::clone(&connection).answer(request));
        let builder = self.http();
        let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let ended = tokio::select! {
            ended = served.as_mut() => ended,
            () = connection.cut.cancelled() => return,
            () = connection.last.cancelled() => {
                served.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = served.as_mut() => ended,
                    () = connection.cut.cancelled() => return,
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(number, %error, "a connection failed");
        }
    }

    fn http(&self) -> auto::Builder<TokioExecutor> {
        let builder = auto::Builder::new(TokioExecutor::new());
        let mut builder = match self.door {
            // Apple: "APNs requires HTTP/2".
            Door::Apns(_) => builder.http2_only(),
            Door::Fcm | Door::WebPush | Door::Hms | Door::Rustore => builder,
        };
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(PATIENCE);
        builder
            .http2()
            .timer(TokioTimer::new())
            // What APNs announces.
            .max_concurrent_streams(1_000)
            .max_header_list_size(16 * 1024);
        builder
    }
}

/// A connection, as its requests see it.
struct Connection {
    number: u64,
    door: Door,
    shared: Arc<Shared>,
    /// The connection ends at once, without an answer.
    cut: CancellationToken,
    /// The connection takes no further requests.
    last: CancellationToken,
}

impl Connection {
    async fn answer(
        self: Arc<Self>,
        request: Request<Body>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let (head, body) = request.into_parts();
        let Ok(body) = tokio::time::timeout(PATIENCE, read(body)).await else {
            self.cut.cancel();
            return std::future::pending().await;
        };
        let Ok((body, is_cut_short)) = body else {
            // A request that breaks off is none; nobody waits for this answer.
            let nothing = Reply::empty(StatusCode::BAD_REQUEST);
            return Ok(response(nothing));
        };
        let path = head.uri.path_and_query();
        let incoming = Incoming {
            door: self.door,
            connection: self.number,
            method: head.method,
            path: path.map_or_else(String::new, ToString::to_string),
            headers: head.headers,
            body,
            is_cut_short,
        };
        let verdict = self.shared.handle(&incoming);
        self.perform(verdict).await
    }

    async fn perform(&self, verdict: Verdict) -> Result<Response<Full<Bytes>>, Infallible> {
        let Some(reply) = verdict.reply else {
            self.cut.cancel();
            return std::future::pending().await;
        };
        if verdict.delay > 0 {
            tokio::time::sleep(Duration::from_millis(verdict.delay)).await;
        }
        if verdict.is_last {
            self.last.cancel();
        }
        Ok(response(reply))
    }
}

/// The body, as far as it fits, and whether there was more.
async fn read(mut body: Body) -> Result<(Bytes, bool), hyper::Error> {
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            let fits = data.len().min(LARGEST_BODY - read.len());
            read.extend_from_slice(&data[..fits]);
            if fits < data.len() {
                return Ok((read.freeze(), true));
            }
        }
    }
    Ok((read.freeze(), false))
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(reply.body.into()));
    *response.status_mut() = reply.status;
    response.headers_mut().extend(reply.headers);
    response
}
