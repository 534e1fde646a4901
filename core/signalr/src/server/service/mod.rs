//! The hub as a tower service.

mod answer;
mod body;
mod connect;
mod refresh;
mod send;
mod wish;

use std::{
    convert::Infallible,
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{Method, Request, Response};
use hyper::body::Body;
use tower_service::Service;

use self::answer::Rejection;
pub use self::body::{HubBody, HubFuture};
use super::{
    clock,
    config::HubConfig,
    connection_id::ConnectionId,
    driver::Value,
    hub::Methods,
    refresh::{Identities, TokenLifetime},
    registry::HubHandle,
    share::NegotiationShares,
    ticket::{ConnectionToken, Crowded, Found, Negotiated, Tickets},
};
use crate::negotiate::{self, NegotiateRequest, NegotiateResponse};

/// Serves a hub: `POST {hub}/negotiate`, `POST {hub}/refresh`, and the transports at `{hub}`
/// (`TransportProtocols.md`, with the official server's statuses and texts where they differ).
///
/// Mount it where the hub's path is, in axum by `Router::nest_service("/hub",
/// service)`, or by `route_service` for each path. The server in front must
/// allow HTTP/1.1 upgrades and should set `TCP_NODELAY`. A connection lives in
/// a task of its own; requests are answered at once, except polls that wait
/// for something to answer and sends that wait for the connection to take them.
pub struct HubService<S, U = ()> {
    shared: Arc<Shared<S, U>>,
}

/// What the service's clones and its connections share.
pub(super) struct Shared<S, U> {
    pub(super) config: HubConfig,
    pub(super) handle: HubHandle,
    pub(super) methods: Methods<S, U>,
    pub(super) tickets: Tickets<U>,
    pub(super) identities: Identities<U>,
    caller: fn(&http::Extensions) -> Option<U>,
}

impl<S, U> HubService<S, U>
where
    S: Clone + Send + Sync + 'static,
    U: Clone + PartialEq + Send + Sync + 'static,
{
    pub(super) fn new(
        config: HubConfig,
        handle: HubHandle,
        caller: fn(&http::Extensions) -> Option<U>,
        methods: Methods<S, U>,
    ) -> Self {
        let tickets = Tickets::new(config.max_unconnected, config.connect_window);
        Self {
            shared: Arc::new(Shared {
                config,
                handle,
                methods,
                tickets,
                identities: Identities::default(),
                caller,
            }),
        }
    }

    /// Returns the door to the hub's live connections.
    pub fn handle(&self) -> &HubHandle {
        &self.shared.handle
    }
}

impl<S: Value, U: Value + PartialEq> Shared<S, U> {
    async fn answer<B: Body>(self: Arc<Self>, request: Request<B>) -> Response<HubBody> {
        // Nested in a router the path is what follows the hub's own; routed, it is whole.
        let path = request.uri().path().trim_end_matches('/');
        if path.ends_with("/refresh") {
            return refresh::refresh(&self, &request);
        }
        let Some(caller) = (self.caller)(request.extensions()) else {
            return answer::unauthorized();
        };
        if !self.methods.admits(&caller) {
            return answer::forbidden();
        }
        let outcome = match (path.ends_with("/negotiate"), request.method()) {
            (true, &Method::POST) => self.negotiate(&request, caller),
            (true, _) => return answer::method_not_allowed("POST"),
            (false, &Method::GET) => return connect::connect(self, request, caller).await,
            (false, &Method::POST) => send::send(&self, request, caller).await,
            (false, &Method::DELETE) => send::leave(&self, request.uri().query(), caller).await,
            (false, _) => return answer::method_not_allowed("GET, POST, DELETE"),
        };
        outcome.unwrap_or_else(answer::rejected)
    }

    fn negotiate<B>(
        &self,
        request: &Request<B>,
        caller: U,
    ) -> Result<Response<HubBody>, Rejection> {
        if self.handle.is_draining() {
            return Err(Rejection::Unavailable);
        }
        let lifetime: Option<&TokenLifetime> = request.extensions().get();
        let lifetime = lifetime.filter(|_| self.config.refreshes_authentication);
        let shares: Option<&NegotiationShares> = request.extensions().get();
        let query = request.uri().query().unwrap_or_default();
        let request = match NegotiateRequest::parse(query) {
            Ok(request) => request,
            Err(refusal) => return Ok(answer::json(refusal.encode().into())),
        };
        let id = random_id();
        // Version 0 knows one name for both.
        let token = if request.version == 0 {
            id.clone()
        } else {
            random_id()
        };
        let transports = self.config.transports;
        let is_granted = self.config.stateful_reconnect.is_some() && transports.web_sockets;
        let negotiated = Negotiated {
            token: ConnectionToken::new(&token),
            id: ConnectionId::new(&id),
            is_stateful: request.use_stateful_reconnect && is_granted,
            shares: shares.cloned().unwrap_or_default(),
        };
        let response = NegotiateResponse::new(request.version, &id, &token, transports)
            .with_stateful_reconnect(negotiated.is_stateful)
            .with_token_lifetime(lifetime.map(|lifetime| lifetime.seconds()));
        let issued = self.tickets.issue(clock::now(), negotiated, caller);
        issued.map_err(|crowded| match crowded {
            Crowded::Hub => Rejection::Unavailable,
            Crowded::Share => Rejection::ShareFull(self.config.connect_window),
        })?;
        Ok(answer::json(response.encode().into()))
    }

    /// Finds what the query's token is good for.
    fn find(&self, query: Option<&str>, caller: &U) -> Result<(ConnectionToken, Found), Rejection> {
        let token = connection_token(query).ok_or(Rejection::Nowhere)?;
        let found = self.tickets.find(clock::now(), &token, caller)?;
        Ok((token, found))
    }
}

impl<S, U, B> Service<Request<B>> for HubService<S, U>
where
    S: Clone + Send + Sync + 'static,
    U: Clone + PartialEq + Send + Sync + 'static,
    B: Body<Data: Send, Error: Send> + Send + 'static,
{
    type Response = Response<HubBody>;
    type Error = Infallible;
    type Future = HubFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> HubFuture {
        HubFuture::new(Arc::clone(&self.shared).answer(request))
    }
}

impl<S, U> Clone for HubService<S, U> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<S, U> fmt::Debug for HubService<S, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubService")
            .field("handle", &self.shared.handle)
            .finish_non_exhaustive()
    }
}

/// Reads the `id` of a query; keys have no case, an empty value is none.
fn connection_token(query: Option<&str>) -> Option<ConnectionToken> {
    let id = negotiate::parameter(query?, "id")?;
    (!id.is_empty()).then(|| ConnectionToken::new(id))
}

fn random_id() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(clock::random_bytes())
}
