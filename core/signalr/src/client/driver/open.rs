//! Opens the first transport that works, of those that the server offers and the options allow.

use tokio::time::timeout;

use super::{
    error::ConnectError,
    http::{Door, HttpTransport},
    negotiate::{Negotiated, negotiate},
    options::ConnectOptions,
    refresh::Refresher,
    reopen::Way,
    socket::{self, Target, frame_limit},
    token::TokenSource,
    transport::Transport,
    web_socket::WebSocket,
};
use crate::negotiate::Transports;

/// A transport that this client has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    WebSockets,
    ServerSentEvents,
    LongPolling,
}

impl Kind {
    /// Finds a transport by its name in negotiate.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "WebSockets" => Some(Self::WebSockets),
            "ServerSentEvents" => Some(Self::ServerSentEvents),
            "LongPolling" => Some(Self::LongPolling),
            _ => None,
        }
    }

    const fn is_in(self, transports: Transports) -> bool {
        match self {
            Self::WebSockets => transports.web_sockets,
            Self::ServerSentEvents => transports.server_sent_events,
            Self::LongPolling => transports.long_polling,
        }
    }
}

/// An open transport.
pub(crate) struct Opened {
    pub(crate) transport: Transport,
    /// The connection's public id if there was a negotiation.
    pub(crate) connection_id: Option<String>,
    /// What keeps its authentication fresh, if the server wants that.
    pub(crate) refresher: Option<Refresher>,
    /// How to open another, when the connection outlives its socket.
    pub(crate) way: Option<Way>,
}

pub(crate) async fn open(options: &ConnectOptions) -> Result<Opened, ConnectError> {
    if options.skip_negotiation {
        let attempt = Attempt {
            options,
            url: &options.url,
            source: options.token.as_ref(),
        };
        return Ok(Opened {
            transport: attempt.open(Kind::WebSockets).await?,
            connection_id: None,
            refresher: None,
            way: None,
        });
    }
    let mut tried = Vec::new();
    let mut failure = ConnectError::Transport;
    loop {
        // What failed may have used the connection up: each attempt has its own.
        let negotiated = negotiate(options).await?;
        let offers = negotiated.offers.iter().copied();
        let mut usable =
            offers.filter(|kind| kind.is_in(options.transports) && !tried.contains(kind));
        let Some(kind) = usable.next() else {
            return Err(failure);
        };
        let is_last = usable.next().is_none();
        tried.push(kind);
        match open_in_time(options, &negotiated, kind, is_last).await {
            Ok(transport) => return Ok(opened(options, negotiated, transport)),
            Err(error) if is_last || !error.may_be_the_transports() => return Err(error),
            Err(error) => {
                tracing::debug!(?kind, %error, "the next transport is tried");
                failure = error;
            }
        }
    }
}

fn opened(options: &ConnectOptions, negotiated: Negotiated, transport: Transport) -> Opened {
    let is_stateful = negotiated.is_stateful && matches!(transport, Transport::WebSocket(_));
    Opened {
        transport,
        connection_id: Some(negotiated.connection_id.clone()),
        way: is_stateful.then(|| Way {
            options: options.clone(),
            url: negotiated.url.clone(),
            source: negotiated.token.clone(),
        }),
        refresher: Refresher::new(options, negotiated),
    }
}

/// What swallows a WebSocket must not use up the time of the transports after it.
async fn open_in_time(
    options: &ConnectOptions,
    negotiated: &Negotiated,
    kind: Kind,
    is_last: bool,
) -> Result<Transport, ConnectError> {
    let attempt = Attempt {
        options,
        url: &negotiated.url,
        source: negotiated.token.as_ref(),
    };
    if is_last {
        return attempt.open(kind).await;
    }
    timeout(options.connect_timeout / 3, attempt.open(kind))
        .await
        .unwrap_or(Err(ConnectError::Timeout))
}

pub(crate) struct Attempt<'a> {
    pub(crate) options: &'a ConnectOptions,
    pub(crate) url: &'a reqwest::Url,
    pub(crate) source: Option<&'a TokenSource>,
}

impl Attempt<'_> {
    pub(crate) async fn open(&self, kind: Kind) -> Result<Transport, ConnectError> {
        let limit = frame_limit(self.options.machine.max_message_bytes);
        match kind {
            Kind::WebSockets => {
                let socket = self.open_web_socket().await?;
                Ok(Transport::WebSocket(WebSocket::new(socket)))
            }
            Kind::ServerSentEvents => {
                let http = HttpTransport::open_events(self.door().await?, limit);
                http.await.map(Transport::Http)
            }
            Kind::LongPolling => {
                let http = HttpTransport::open_polls(self.door().await?, limit);
                http.await.map(Transport::Http)
            }
        }
    }

    async fn open_web_socket(&self) -> Result<socket::Socket, ConnectError> {
        let bearer = match self.source {
            Some(source) => Some(source.token().await?),
            None => None,
        };
        let target = Target {
            url: self.url,
            bearer: bearer.as_ref(),
            headers: &self.options.headers,
            proxy: self.options.proxy.as_ref(),
            roots: &self.options.roots,
            max_message_bytes: self.options.machine.max_message_bytes,
        };
        socket::open(target).await
    }

    async fn door(&self) -> Result<Door, ConnectError> {
        Door::new(self.options, self.url, self.source).await
    }
}
