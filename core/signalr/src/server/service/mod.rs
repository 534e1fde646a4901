//! The hub as a tower service.

mod answer;
mod upgrade;

use std::{
    convert::Infallible,
    fmt,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use tower_service::Service;

use self::answer::Body;
use super::{
    clock,
    config::HubConfig,
    connection::ConnectionId,
    driver,
    hub::Methods,
    registry::HubHandle,
    ticket::{ConnectionToken, Crowded, Refusal, Tickets},
};
use crate::negotiate::{self, NegotiateRequest, NegotiateResponse};

/// Serves a hub: `POST {hub}/negotiate` and the WebSocket at `GET {hub}`.
///
/// Mount it where the hub's path is, in axum by `Router::nest_service("/hub",
/// service)`, or by `route_service` for both paths. The server in front must
/// allow HTTP/1.1 upgrades and should set `TCP_NODELAY`. Calls are answered at
/// once; a connection then lives in a task of its own.
pub struct HubService<S, U = ()> {
    shared: Arc<Shared<S, U>>,
}

/// What the service's clones and its connections share.
pub(super) struct Shared<S, U> {
    pub(super) config: HubConfig,
    pub(super) handle: HubHandle,
    pub(super) methods: Methods<S, U>,
    pub(super) tickets: Tickets<U>,
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
                caller,
            }),
        }
    }

    /// Returns the door to the hub's live connections.
    pub fn handle(&self) -> &HubHandle {
        &self.shared.handle
    }

    fn answer<B>(&self, request: &mut Request<B>) -> Response<Body> {
        let Some(caller) = (self.shared.caller)(request.extensions()) else {
            return answer::unauthorized();
        };
        // Nested in a router the path is what follows the hub's own; routed, it is whole.
        let negotiates = request
            .uri()
            .path()
            .trim_end_matches('/')
            .ends_with("/negotiate");
        match (negotiates, request.method()) {
            (true, &Method::POST) => self.negotiate(request.uri().query(), caller),
            (true, _) => answer::method_not_allowed("POST"),
            (false, &Method::GET) => self.connect(request, caller),
            (false, &Method::POST) => self.refuse_http_send(request.uri().query()),
            (false, &Method::DELETE) => self.refuse_delete(request.uri().query()),
            (false, _) => answer::method_not_allowed("GET, POST, DELETE"),
        }
    }

    fn negotiate(&self, query: Option<&str>, caller: U) -> Response<Body> {
        if self.shared.handle.is_draining() {
            return answer::unavailable();
        }
        let request = match NegotiateRequest::parse(query.unwrap_or_default()) {
            Ok(request) => request,
            Err(refusal) => return answer::json(refusal.encode().into()),
        };
        let id = random_id();
        // Version 0 knows one name for both.
        let token = if request.version == 0 {
            id.clone()
        } else {
            random_id()
        };
        let ticket = (ConnectionToken::new(&token), ConnectionId::new(&id));
        match self.shared.tickets.issue(clock::now(), ticket, caller) {
            Ok(()) => {
                let response = NegotiateResponse::new(request.version, &id, &token);
                answer::json(response.encode().into())
            }
            Err(Crowded) => answer::unavailable(),
        }
    }

    fn connect<B>(&self, request: &mut Request<B>, caller: U) -> Response<Body> {
        let accept = match upgrade::accept_key(request.headers()) {
            Ok(accept) => accept,
            Err(other) => return answer::not_web_socket(other),
        };
        if self.shared.handle.is_draining() {
            return answer::unavailable();
        }
        let (id, token) = match self.admit(request.uri().query(), &caller) {
            Ok(admitted) => admitted,
            Err(refusal) => return answer::refused(refusal),
        };
        let client = driver::Client { id, token, caller };
        driver::spawn(
            Arc::clone(&self.shared),
            hyper::upgrade::on(request),
            client,
        );
        answer::switching_protocols(accept)
    }

    /// Finds the negotiated connection, or makes one for a client that skipped negotiation.
    fn admit(
        &self,
        query: Option<&str>,
        caller: &U,
    ) -> Result<(ConnectionId, Option<ConnectionToken>), Refusal> {
        let Some(token) = connection_token(query) else {
            return Ok((ConnectionId::new(&random_id()), None));
        };
        let id = self.shared.tickets.claim(clock::now(), &token, caller)?;
        Ok((id, Some(token)))
    }

    /// Answers `POST {hub}?id=`, by which clients of other transports send.
    fn refuse_http_send(&self, query: Option<&str>) -> Response<Body> {
        self.refuse(
            query,
            StatusCode::METHOD_NOT_ALLOWED,
            "POST requests are not allowed for WebSocket connections.",
        )
    }

    /// Answers `DELETE {hub}?id=`, by which clients of long polling leave.
    fn refuse_delete(&self, query: Option<&str>) -> Response<Body> {
        self.refuse(
            query,
            StatusCode::BAD_REQUEST,
            "Cannot terminate this connection using the DELETE endpoint.",
        )
    }

    fn refuse(&self, query: Option<&str>, status: StatusCode, why: &'static str) -> Response<Body> {
        let Some(token) = connection_token(query) else {
            return answer::text(StatusCode::BAD_REQUEST, "Connection ID required");
        };
        if self.shared.tickets.knows(clock::now(), &token) {
            return answer::text(status, why);
        }
        answer::refused(Refusal::Unknown)
    }
}

impl<S, U, B> Service<Request<B>> for HubService<S, U>
where
    S: Clone + Send + Sync + 'static,
    U: Clone + PartialEq + Send + Sync + 'static,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        ready(Ok(self.answer(&mut request)))
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
