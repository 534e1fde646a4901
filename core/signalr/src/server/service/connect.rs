//! `GET {hub}`: a connection begins, or a client polls.

use std::sync::Arc;

use http::{Extensions, HeaderValue, Request, Response};
use hyper::upgrade::OnUpgrade;

use super::{
    Shared,
    answer::{self, Rejection},
    body::HubBody,
    connection_token, random_id,
    wish::Wish,
};
use crate::server::{
    clock,
    connection_id::ConnectionId,
    driver::{self, Arrival, Client, Value},
    refresh::{Identity, Lease, TokenLifetime},
    ticket::{ConnectionToken, Found, Refusal},
    transport::{self, Link, Patience},
};

pub(super) async fn connect<S, U, B>(
    shared: Arc<Shared<S, U>>,
    mut request: Request<B>,
    caller: U,
) -> Response<HubBody>
where
    S: Value,
    U: Value + PartialEq,
{
    let wish = Wish::of(request.headers());
    let upgrade = hyper::upgrade::on(&mut request);
    let extensions = std::mem::take(request.extensions_mut());
    let guest = Guest {
        shared,
        query: request.uri().query(),
        lifetime: extensions.get().copied(),
        extensions,
        caller,
    };
    let outcome = match wish {
        Wish::WebSocket(Ok(accept)) => guest.open_web_socket(upgrade, accept),
        Wish::WebSocket(Err(malformed)) => Err(Rejection::Malformed(malformed)),
        Wish::Events => guest.open_events(),
        Wish::Poll => {
            let answer = guest.poll().await.unwrap_or_else(answer::rejected);
            return answer::uncached(answer);
        }
    };
    outcome.unwrap_or_else(answer::rejected)
}

/// Somebody at the door.
struct Guest<'a, S, U> {
    shared: Arc<Shared<S, U>>,
    query: Option<&'a str>,
    /// How long its token is good for, where the layer in front tells.
    lifetime: Option<TokenLifetime>,
    extensions: Extensions,
    caller: U,
}

impl<S: Value, U: Value + PartialEq> Guest<'_, S, U> {
    fn open_web_socket(
        self,
        upgrade: OnUpgrade,
        accept: HeaderValue,
    ) -> Result<Response<HubBody>, Rejection> {
        self.check_open()?;
        let enabled = self.shared.config.transports.web_sockets;
        if connection_token(self.query).is_none() {
            // It is a client that skipped negotiation.
            self.check_offered(enabled, "WebSockets")?;
            self.begin(None, Link::WebSocket, Arrival::WebSocket(upgrade))?;
            return Ok(answer::switching_protocols(accept));
        }
        let (token, found) = self.shared.find(self.query, &self.caller)?;
        self.check_offered(enabled, "WebSockets")?;
        let link = match found {
            Found::Waiting { is_stateful: true } => Link::Resumable(Arc::default()),
            Found::Waiting { is_stateful: false } => Link::WebSocket,
            Found::Live(Link::WebSocket) => return Err(Refusal::InUse.into()),
            Found::Live(Link::Resumable(lifeline)) => {
                lifeline.check()?;
                self.prolong(&token);
                driver::resume(self.shared, lifeline, upgrade);
                return Ok(answer::switching_protocols(accept));
            }
            Found::Live(Link::Events(_) | Link::Polling(_)) => {
                return Err(Rejection::OtherTransport);
            }
        };
        self.begin(Some(token), link, Arrival::WebSocket(upgrade))?;
        Ok(answer::switching_protocols(accept))
    }

    fn open_events(self) -> Result<Response<HubBody>, Rejection> {
        self.check_open()?;
        let (token, found) = self.shared.find(self.query, &self.caller)?;
        let enabled = self.shared.config.transports.server_sent_events;
        self.check_offered(enabled, "ServerSentEvents")?;
        if let Found::Live(Link::WebSocket | Link::Resumable(_) | Link::Polling(_)) = found {
            return Err(Rejection::OtherTransport);
        }
        let (sends, body, socket) = transport::event_stream(self.shared.config.write_stall);
        self.begin(Some(token), Link::Events(sends), Arrival::Events(socket))?;
        Ok(answer::events(body))
    }

    async fn poll(self) -> Result<Response<HubBody>, Rejection> {
        let (token, found) = self.shared.find(self.query, &self.caller)?;
        let config = &self.shared.config;
        self.check_offered(config.transports.long_polling, "LongPolling")?;
        match found {
            Found::Waiting { .. } => {
                self.check_open()?;
                let (link, socket) = transport::long_polling(Patience {
                    absence: config.poll_absence,
                    write_stall: config.write_stall,
                });
                self.begin(Some(token), Link::Polling(link), Arrival::Poll(socket))?;
                Ok(answer::polling_begins())
            }
            Found::Live(Link::Polling(link)) => {
                self.prolong(&token);
                Ok(answer::poll(link.poll(config.poll_timeout).await))
            }
            Found::Live(Link::WebSocket | Link::Resumable(_) | Link::Events(_)) => {
                Err(Rejection::OtherTransport)
            }
        }
    }

    /// Takes what a request of a live connection proves beside its own purpose.
    fn prolong(&self, token: &ConnectionToken) {
        if !self.keeps_identities() {
            return;
        }
        let lease = Lease::new(clock::now(), self.lifetime);
        let identities = &self.shared.identities;
        identities.prolong(token, self.caller.clone(), lease);
    }

    /// Says whether the hub takes somebody new.
    fn check_open(&self) -> Result<(), Rejection> {
        if self.shared.handle.is_draining() {
            return Err(Rejection::Unavailable);
        }
        Ok(())
    }

    fn check_offered(&self, enabled: bool, transport: &'static str) -> Result<(), Rejection> {
        if !enabled {
            return Err(Rejection::NotOffered(transport));
        }
        Ok(())
    }

    /// Takes the token, if it has one, and lets the connection live.
    fn begin(
        self,
        token: Option<ConnectionToken>,
        link: Link,
        arrival: Arrival,
    ) -> Result<(), Rejection> {
        let lifeline = match &link {
            Link::Resumable(lifeline) => Some(Arc::clone(lifeline)),
            Link::WebSocket | Link::Events(_) | Link::Polling(_) => None,
        };
        let tickets = &self.shared.tickets;
        let id = match &token {
            Some(token) => tickets.claim(clock::now(), token, &self.caller, link)?,
            None => ConnectionId::new(&random_id()),
        };
        let identity = self.identify(&id, token.as_ref());
        let client = Client {
            id,
            token,
            caller: self.caller,
            extensions: self.extensions,
            identity,
            lifeline,
        };
        driver::spawn(self.shared, arrival, client);
        Ok(())
    }

    fn keeps_identities(&self) -> bool {
        let config = &self.shared.config;
        config.refreshes_authentication || config.closes_on_expiry
    }

    /// Keeps who it is where that can change; for other hubs it is nothing.
    fn identify(
        &self,
        id: &ConnectionId,
        token: Option<&ConnectionToken>,
    ) -> Option<Arc<Identity<U>>> {
        if !self.keeps_identities() {
            return None;
        }
        let lease = Lease::new(clock::now(), self.lifetime);
        let identity = Arc::new(Identity::new(id.clone(), self.caller.clone(), lease));
        if let Some(token) = token {
            let identities = &self.shared.identities;
            identities.insert(token.clone(), Arc::clone(&identity));
        }
        Some(identity)
    }
}
