//! Accepts connections and speaks HTTP on each, within limits.
//!
//! `axum::serve` bounds neither the time that a client takes for its headers nor the number of
//! connections, and hyper's own timers begin only when the protocol of a connection is known. Here one
//! rule covers every state of a connection: while it has no request in flight, it has a deadline
//! ([`lease`]). A connection that sends nothing, headers that do not end, an HTTP/2 connection without
//! streams and a kept-alive connection are all cases of it.

mod connection;
mod lease;
mod place;
#[cfg(test)]
mod tests;

use std::{io, net::IpAddr, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};

use self::{connection::Speaker, lease::Places};

use crate::{
    config::Config,
    peer::{ConnectedFrom, Peer},
};

/// How long to wait when the system has no descriptors left.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// How much of a connection's unsent bytes the kernel keeps. Too low and fast lines idle between
/// writes; too high and a device that fell behind learns it megabytes late.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT: u32 = 64 * 1_024;

/// Serves until `drained` is over, then finishes the requests in flight.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    config: &Config,
    drained: impl Future<Output = ()>,
) {
    let places = Arc::new(Places::new(config.limits));
    let speaker = Speaker::new(router, config.limits);
    let graceful = GracefulShutdown::new();
    let mut drained = pin!(drained);
    loop {
        let (stream, address) = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = &mut drained => break,
        };
        let peer = (!config.proxy.trusts(address)).then(|| Peer::of(address));
        // A newcomer is turned away only when even the places for operations are taken by requests.
        if let Some(lease) = places.admit(peer, lease::now()) {
            tokio::spawn(speaker.speak(stream, ConnectedFrom(address), lease, &graceful));
        }
    }
    drop(listener);
    let patience = Duration::from_secs(u64::from(config.limits.drain_seconds));
    if tokio::time::timeout(patience, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not end in time");
    }
}

/// Waits for a client.
async fn accept(listener: &TcpListener, places: &Places) -> (TcpStream, IpAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                if let Err(error) = tune(&stream) {
                    tracing::debug!(%error, "a connection keeps the system's settings");
                }
                return (stream, address.ip());
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted now");
                places.evict();
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

/// Whether the client went away before it was accepted, which is no fault of the server.
fn is_the_clients(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}
