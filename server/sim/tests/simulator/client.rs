//! An HTTP client over TLS that trusts the simulator's certificate authority.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use vestnik_clock::ManualClock;
use vestnik_sim::{Credentials, Options, Simulator};

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// Options with keys that all tests share: making them takes long.
pub(crate) fn options(clock: &ManualClock) -> Options {
    static CREDENTIALS: OnceLock<Credentials> = OnceLock::new();
    let credentials = CREDENTIALS.get_or_init(|| Credentials::generate().unwrap());
    Options {
        clock: Arc::new(clock.clone()),
        credentials: Some(credentials.clone()),
        ..Options::default()
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A connection with HTTP/2.
pub(crate) struct Connection {
    sender: http2::SendRequest<Full<Bytes>>,
}

impl Connection {
    pub(crate) async fn open(simulator: &Simulator, to: SocketAddr) -> Result<Self, Error> {
        Self::trusting(simulator.setup().ca_certificate(), to).await
    }

    /// Opens one to whoever has a certificate of this authority.
    pub(crate) async fn trusting(ca: &str, to: SocketAddr) -> Result<Self, Error> {
        let stream = tls_of(ca, to, &["h2"]).await?;
        let (sender, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, Error> {
        self.sender.ready().await?;
        read(self.sender.send_request(request).await?).await
    }

    /// Whether the peer takes further requests.
    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}

/// Sends one request with HTTP/2 on a connection of its own.
pub(crate) async fn send(
    simulator: &Simulator,
    to: SocketAddr,
    request: Request<Full<Bytes>>,
) -> Result<Answer, Error> {
    Connection::open(simulator, to).await?.send(request).await
}

/// Sends one request with HTTP/1.1 on a connection of its own.
pub(crate) async fn send_h1(
    simulator: &Simulator,
    to: SocketAddr,
    protocols: &[&str],
    request: Request<Full<Bytes>>,
) -> Result<Answer, Error> {
    let stream = tls(simulator, to, protocols).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    read(sender.send_request(request).await?).await
}

/// Sends one request with HTTP/1.1 without TLS.
pub(crate) async fn send_plain(
    to: SocketAddr,
    request: Request<Full<Bytes>>,
) -> Result<Answer, Error> {
    let stream = TcpStream::connect(to).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    read(sender.send_request(request).await?).await
}

/// Opens TLS and offers these protocols.
pub(crate) async fn tls(
    simulator: &Simulator,
    to: SocketAddr,
    protocols: &[&str],
) -> Result<TlsStream<TcpStream>, Error> {
    tls_of(simulator.setup().ca_certificate(), to, protocols).await
}

async fn tls_of(
    ca: &str,
    to: SocketAddr,
    protocols: &[&str],
) -> Result<TlsStream<TcpStream>, Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes())?)?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let bytes = protocols.iter().map(|name| name.as_bytes().to_vec());
    config.alpn_protocols = bytes.collect();
    let stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from("localhost")?;
    Ok(TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await?)
}

async fn read(response: http::Response<hyper::body::Incoming>) -> Result<Answer, Error> {
    let (head, body) = response.into_parts();
    Ok(Answer {
        status: head.status,
        headers: head.headers,
        body: body.collect().await?.to_bytes(),
    })
}
