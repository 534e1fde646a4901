//! A server for tests: as polite or as hostile as the test wants. It uses nothing of this crate, so
//! other crates' tests take it, too.

use std::{
    convert::Infallible,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

const SERVER: &[u8] = include_bytes!("../../tests/certificate/server.pem");
const KEY: &[u8] = include_bytes!("../../tests/certificate/server.key");

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// What a peer speaks over.
pub(crate) type Io = Box<dyn Stream>;

/// A server on this machine; it ends when dropped.
pub(crate) struct Peer {
    pub(crate) port: u16,
    is_secure: bool,
    accepted: Arc<AtomicUsize>,
    listening: JoinHandle<()>,
}

impl Peer {
    /// Does with each connection what `serve` does, over TLS if there are protocols to offer.
    pub(crate) async fn raw<F, S>(protocols: Option<&[&str]>, serve: F) -> Self
    where
        F: Fn(usize, Io) -> S + Clone + Send + Sync + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let tls = protocols.map(acceptor);
        let is_secure = tls.is_some();
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&accepted);
        let listening = tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let number = count.fetch_add(1, Ordering::SeqCst);
                let (tls, serve) = (tls.clone(), serve.clone());
                tokio::spawn(async move {
                    let io: Io = match tls {
                        None => Box::new(tcp),
                        Some(tls) => match tls.accept(tcp).await {
                            Ok(io) => Box::new(io),
                            Err(_) => return,
                        },
                    };
                    serve(number, io).await;
                });
            }
        });
        Self {
            port,
            is_secure,
            accepted,
            listening,
        }
    }

    /// Answers each request, over HTTP/1.1 or HTTP/2.
    pub(crate) async fn http<F, A>(protocols: Option<&[&str]>, answer: F) -> Self
    where
        F: Fn(Request<Bytes>) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Response<Full<Bytes>>> + Send + 'static,
    {
        Self::raw(protocols, move |_, io| {
            let answer = answer.clone();
            async move {
                let service = service_fn(move |request: Request<Incoming>| {
                    let answer = answer.clone();
                    async move {
                        let (parts, body) = request.into_parts();
                        let body = body
                            .collect()
                            .await
                            .map(http_body_util::Collected::to_bytes);
                        let request = Request::from_parts(parts, body.unwrap_or_default());
                        Ok::<_, Infallible>(answer(request).await)
                    }
                });
                let builder = auto::Builder::new(TokioExecutor::new());
                // It ends when the other side goes, one way or another.
                builder
                    .serve_connection(TokioIo::new(io), service)
                    .await
                    .ok();
            }
        })
        .await
    }

    /// How many connections there were.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    pub(crate) fn origin(&self) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://localhost:{}", self.port)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

fn acceptor(protocols: &[&str]) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let chain = vec![CertificateDer::from_pem_slice(SERVER).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let mut config = builder
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    TlsAcceptor::from(Arc::new(config))
}

/// An answer.
pub(crate) fn answer(status: u16, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
    response
}
