//! Opens a line: the check, the name, TCP, TLS.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::{
    error::{ConnectError, OpenError, SendError},
    link::Protocol,
    place::Place,
    reach::Reach,
    resolve::Resolve,
    trust::{Trust, TrustError},
};

/// The most addresses of a host that are tried.
const MAX_ADDRESSES: usize = 6;
/// How long one of several addresses is tried before the next.
const PER_ADDRESS: Duration = Duration::from_secs(3);

const H2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// What bytes go over.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// An open line.
pub(crate) struct Line {
    pub(crate) stream: Box<dyn Stream>,
    /// Whether HTTP/2 is spoken over it.
    pub(crate) is_http2: bool,
}

/// What lines are opened with.
#[derive(Debug)]
pub(crate) struct Dialer {
    reach: Reach,
    resolver: Box<dyn Resolve>,
    any: TlsConnectorOf,
    http2: TlsConnectorOf,
}

/// A TLS configuration; `Debug` of the library's shows more than is of use.
pub(crate) struct TlsConnectorOf(TlsConnector);

impl TlsConnectorOf {
    pub(crate) const fn connector(&self) -> &TlsConnector {
        &self.0
    }
}

impl From<TlsConnector> for TlsConnectorOf {
    fn from(connector: TlsConnector) -> Self {
        Self(connector)
    }
}

impl std::fmt::Debug for TlsConnectorOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsConnector")
    }
}

impl Dialer {
    pub(crate) fn new(
        reach: Reach,
        trust: &Trust,
        resolver: Box<dyn Resolve>,
    ) -> Result<Self, TrustError> {
        let connector = |protocols: &[&[u8]]| {
            let config = trust.tls(protocols)?;
            Ok::<_, TrustError>(TlsConnectorOf(TlsConnector::from(Arc::new(config))))
        };
        Ok(Self {
            reach,
            resolver,
            any: connector(&[H2, HTTP1])?,
            http2: connector(&[H2])?,
        })
    }

    /// Checks what can be checked before the name is resolved.
    pub(crate) fn check(&self, place: &Place) -> Result<(), SendError> {
        Ok(self.reach.check(place)?)
    }

    /// Opens a line to an address that was checked.
    pub(crate) async fn open(&self, place: &Place, protocol: Protocol) -> Result<Line, SendError> {
        let tcp = tcp((&self.reach, &*self.resolver), place).await?;
        if !place.is_secure() {
            return Ok(Line {
                stream: Box::new(tcp),
                is_http2: protocol == Protocol::Http2,
            });
        }
        Ok(self.secure(place, tcp, protocol).await?)
    }

    async fn secure(
        &self,
        place: &Place,
        tcp: TcpStream,
        protocol: Protocol,
    ) -> Result<Line, ConnectError> {
        let name = ServerName::try_from(place.host().to_owned()).map_err(|_| ConnectError::Name)?;
        let connector = match protocol {
            Protocol::Any => &self.any.0,
            Protocol::Http2 => &self.http2.0,
        };
        let tls = connector
            .connect(name, tcp)
            .await
            .map_err(ConnectError::Tls)?;
        let is_http2 = tls.get_ref().1.alpn_protocol() == Some(H2);
        if protocol == Protocol::Http2 && !is_http2 {
            return Err(ConnectError::Http2);
        }
        Ok(Line {
            stream: Box::new(tls),
            is_http2,
        })
    }
}

/// Connects to an address that was checked.
pub(crate) async fn tcp(
    (reach, resolver): (&Reach, &dyn Resolve),
    place: &Place,
) -> Result<TcpStream, OpenError> {
    let resolved = resolver.resolve(place.host(), place.port()).await;
    let resolved = resolved.map_err(ConnectError::Resolve)?;
    let addresses = reach.permitted(place, resolved)?;
    Ok(connect(&addresses).await?)
}

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, ConnectError> {
    let mut last = None;
    for address in addresses.iter().take(MAX_ADDRESSES) {
        match timeout(PER_ADDRESS, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => {
                tcp.set_nodelay(true).map_err(ConnectError::Tcp)?;
                return Ok(tcp);
            }
            Ok(Err(error)) => last = Some(error),
            Err(_) => last = Some(io::ErrorKind::TimedOut.into()),
        }
    }
    Err(last.map_or(ConnectError::NoAddress, ConnectError::Tcp))
}
