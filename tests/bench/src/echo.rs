//! One client's round trips.

use std::net::TcpStream;

use anyhow::{Context as _, Result};

use crate::{
    clock, marker,
    peer::{Peer, Text, Transport, fill},
    publish::{Echoing, dial, read_until},
    running::Running,
    setting::{Cores, Setting},
    stat::percentile,
    websocket,
};

/// Round trips in microseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RoundTrip {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// Starts a peer and makes round trips, one after the other.
pub(crate) fn visit(peer: &Peer, setting: &Setting, cores: Cores) -> Result<RoundTrip> {
    let echo = peer.echo.as_ref().context("the peer knows no echo")?;
    let running = Running::start(peer, cores)?;
    let framed = peer.connect.kind == Transport::WebSocket;
    let stream = dial(running.address(echo.port))?;
    let stream = if framed { join(stream, peer)? } else { stream };
    let payload = marker::payload(clock::nanos(), setting.payload);
    let mut echoing = Echoing::new(stream, echo, &payload, framed)?;
    for _ in 0..setting.echoes / 10 {
        echoing.trip()?;
    }
    let mut nanos = Vec::with_capacity(setting.echoes);
    for _ in 0..setting.echoes {
        let started = clock::nanos();
        echoing.trip()?;
        nanos.push(u32::try_from(clock::nanos() - started).unwrap_or(u32::MAX));
    }
    nanos.sort_unstable();
    Ok(RoundTrip {
        p50: percentile(&nanos, 0.5) / 1_000.0,
        p99: percentile(&nanos, 0.99) / 1_000.0,
    })
}

/// Opens a WebSocket without negotiation.
fn join(mut stream: TcpStream, peer: &Peer) -> Result<TcpStream> {
    use std::io::Write as _;

    let path = fill(&peer.connect.path, &[("i", "0"), ("token", "")]);
    stream.write_all(&websocket::upgrade(&path, ""))?;
    read_until(&mut stream, b"\r\n\r\n")?;
    stream.write_all(&Text::frames(&peer.connect.first)?)?;
    read_until(&mut stream, peer.connect.ready.as_bytes())?;
    Ok(stream)
}
