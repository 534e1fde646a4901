//! Accepts connections and speaks HTTP on each, within limits.
//!
//! `axum::serve` has no limit to the time a client takes over its headers nor to the number of
//! connections, so a handful of idle clients could hold every descriptor.

use std::{io, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tower::ServiceExt as _;

use crate::config::LimitConfig;

/// How long to wait when the system has no descriptors left.
const EXHAUSTED: Duration = Duration::from_millis(500);

/// How much of a connection's unsent bytes the kernel keeps. Too low and fast lines idle between
/// writes; too high and a device that fell behind is told so megabytes late.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT: u32 = 64 * 1_024;

/// Serves until `drained` is over, then finishes the requests in hand.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: LimitConfig,
    drained: impl Future<Output = ()>,
) {
    let builder = builder(limits);
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(limits.connections));
    let mut drained = pin!(drained);
    loop {
        let (stream, place) = tokio::select! {
            accepted = accept(&listener, &room) => accepted,
            () = &mut drained => break,
        };
        let router = router.clone();
        let service =
            router.map_request(|request: hyper::Request<Incoming>| request.map(Body::new));
        let connection = builder
            .serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service))
            .into_owned();
        let watched = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = watched.await {
                tracing::debug!(%error, "a connection ended in the middle of something");
            }
            // An upgraded connection is the hub's from here on, and counted there.
            drop(place);
        });
    }
    drop(listener);
    let patience = Duration::from_secs(u64::from(limits.drain_seconds));
    if tokio::time::timeout(patience, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not end in time");
    }
}

fn builder(limits: LimitConfig) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(u64::from(limits.header_seconds)));
    builder
        .http2()
        .timer(TokioTimer::new())
        .enable_connect_protocol();
    builder
}

/// Waits for room, then for a client.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> (TcpStream, Option<tokio::sync::OwnedSemaphorePermit>) {
    let place = room.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if let Err(error) = tune(&stream) {
                    tracing::debug!(%error, "a connection keeps the system's settings");
                }
                return (stream, place);
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted now");
                tokio::time::sleep(EXHAUSTED).await;
            }
        }
    }
}

/// Small frames do not wait for the acknowledgement of those before, and what a slow client has
/// not taken waits here, where it is counted, and not in the kernel (Linux: tcp(7)).
fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT)?;
    Ok(())
}

/// The client went away before it was accepted: nothing is wrong with us.
fn is_the_clients(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}
