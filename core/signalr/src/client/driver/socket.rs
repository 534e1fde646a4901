//! Opens the WebSocket: TCP, TLS for `https`, the upgrade.

use std::{io, sync::Arc};

use http::{HeaderMap, Request, header};
use reqwest::Url;
#[cfg(not(target_os = "android"))]
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use rustls::{ClientConfig, crypto::CryptoProvider, pki_types::ServerName};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Error, client::IntoClientRequest as _, error::ProtocolError, protocol::WebSocketConfig,
    },
};

use super::{
    error::{ConnectError, retry_after},
    line::WatchedLine,
    proxy::Proxy,
    token::BearerToken,
};

/// Read from the kernel at a time. tungstenite zeroes the buffer at each read, and keeps one per
/// connection: its default of 128 KiB costs more than everything else together.
const READ_BUFFER: usize = 4 * 1024;

/// An open WebSocket.
pub(crate) type Socket = WebSocketStream<WatchedLine>;

/// Where to open a WebSocket, and what to send along.
pub(crate) struct Target<'a> {
    pub(crate) url: &'a Url,
    pub(crate) bearer: Option<&'a BearerToken>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) proxy: Option<&'a Proxy>,
    pub(crate) roots: &'a [Vec<u8>],
    pub(crate) max_message_bytes: usize,
}

pub(crate) async fn open(target: Target<'_>) -> Result<Socket, ConnectError> {
    let request = request(&target)?;
    let line = line(&target).await?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        // Each write is flushed before the next: what waits is one message, however large.
        .write_buffer_size(0)
        .max_message_size(Some(frame_limit(target.max_message_bytes)))
        .max_frame_size(Some(frame_limit(target.max_message_bytes)));
    match client_async_with_config(request, line, Some(config)).await {
        Ok((socket, _)) => Ok(socket),
        Err(error) => Err(refusal(error)),
    }
}

/// A server may coalesce many hub messages into one WebSocket message.
pub(crate) const fn frame_limit(max_message_bytes: usize) -> usize {
    max_message_bytes.saturating_mul(4)
}

fn request(target: &Target<'_>) -> Result<Request<()>, ConnectError> {
    let mut url = target.url.clone();
    let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
    let address = |text: &str| ConnectError::Address(text.to_owned());
    url.set_scheme(scheme)
        .map_err(|()| address("the scheme must be http or https"))?;
    let mut request = url
        .as_str()
        .into_client_request()
        .map_err(|error| address(&error.to_string()))?;
    request.headers_mut().extend(target.headers.clone());
    if let Some(bearer) = target.bearer {
        request
            .headers_mut()
            .insert(header::AUTHORIZATION, bearer.header().clone());
    }
    Ok(request)
}

async fn line(target: &Target<'_>) -> Result<WatchedLine, ConnectError> {
    let url = target.url;
    let (host, port) = place(url)?;
    let tcp = match target.proxy {
        None => dial(url).await?,
        Some(proxy) => {
            let mut tcp = dial(proxy.url()).await?;
            proxy.tunnel(&mut tcp, &format!("{host}:{port}")).await?;
            tcp
        }
    };
    if url.scheme() != "https" {
        return Ok(WatchedLine::new(tcp));
    }
    let name = ServerName::try_from(bare(host).to_owned())
        .map_err(|error| ConnectError::Address(error.to_string()))?;
    let tls = TlsConnector::from(Arc::new(tls_config(target.roots)?));
    Ok(WatchedLine::new(
        tls.connect(name, tcp)
            .await
            .map_err(ConnectError::Unreachable)?,
    ))
}

async fn dial(url: &Url) -> Result<TcpStream, ConnectError> {
    let (host, port) = place(url)?;
    let tcp = TcpStream::connect((bare(host), port))
        .await
        .map_err(ConnectError::Unreachable)?;
    tcp.set_nodelay(true).map_err(ConnectError::Unreachable)?;
    Ok(tcp)
}

/// The host as it stands in an address, and the port.
fn place(url: &Url) -> Result<(&str, u16), ConnectError> {
    let host = url
        .host_str()
        .ok_or_else(|| ConnectError::Address("there is no host".to_owned()))?;
    let port = url
        .port_or_known_default()
        .ok_or_else(|| ConnectError::Address("there is no port".to_owned()))?;
    Ok((host, port))
}

/// A host without the brackets that addresses put around IPv6.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

fn tls_config(roots: &[Vec<u8>]) -> Result<ClientConfig, ConnectError> {
    let unusable = |error: rustls::Error| ConnectError::Unreachable(io::Error::other(error));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    let verifier = verifier(roots, provider)?;
    Ok(config
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

#[cfg(not(target_os = "android"))]
fn verifier(roots: &[Vec<u8>], provider: Arc<CryptoProvider>) -> Result<Verifier, ConnectError> {
    let unreadable = |_| ConnectError::Address("a certificate is none".to_owned());
    let roots: Vec<_> = roots
        .iter()
        .map(|root| CertificateDer::from_pem_slice(root).map_err(unreadable))
        .collect::<Result<_, _>>()?;
    Verifier::new_with_extra_roots(roots, provider)
        .map_err(|error| ConnectError::Unreachable(io::Error::other(error)))
}

/// The system decides alone; see `ConnectOptions::roots`.
#[cfg(target_os = "android")]
fn verifier(_: &[Vec<u8>], provider: Arc<CryptoProvider>) -> Result<Verifier, ConnectError> {
    Verifier::new(provider).map_err(|error| ConnectError::Unreachable(io::Error::other(error)))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "tungstenite's enum grows; the rest is one thing"
)]
fn refusal(error: Error) -> ConnectError {
    match error {
        Error::Http(response) => {
            ConnectError::from_status(response.status().as_u16(), retry_after(response.headers()))
        }
        Error::Io(error) => ConnectError::Unreachable(error),
        Error::ConnectionClosed | Error::Protocol(ProtocolError::HandshakeIncomplete) => {
            ConnectError::Unreachable(io::ErrorKind::UnexpectedEof.into())
        }
        other => ConnectError::Protocol(other.to_string()),
    }
}
