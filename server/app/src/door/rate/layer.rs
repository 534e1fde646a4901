//! The layers that count requests.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use vestnik_model::route;

use super::header::tell;
use crate::{
    config::ProxyConfig,
    door::auth::Caller,
    peer::{ConnectedFrom, Peer, client},
    rate::{Counted, Principal, Rates},
};

/// As how many requests one counts whose credentials are refused, or that asks for tokens: such
/// requests try something secret, and cost most.
const SUSPICIOUS: u32 = 20;

/// What counting by address needs.
#[derive(Debug, Clone)]
pub(crate) struct AddressLimit {
    pub(crate) rates: Arc<Rates>,
    pub(crate) proxy: Arc<ProxyConfig>,
}

/// Counts a request against the address it came from, before anything else is done with it.
pub(crate) async fn limit_address(
    State(limit): State<AddressLimit>,
    request: Request,
    next: Next,
) -> Response {
    let connected = request.extensions().get::<ConnectedFrom>().copied();
    // Absent in tests that call the router itself.
    let peer = connected.and_then(|from| client(from, request.headers(), &limit.proxy));
    let Some(peer) = peer else {
        return next.run(request).await;
    };
    let is_for_tokens = request.uri().path() == route::TOKEN;
    let cost = if is_for_tokens { SUSPICIOUS } else { 1 };
    let counted = limit.rates.count_address(&peer, cost);
    if let Err(refusal) = counted.check() {
        return told(refusal.into_response(), counted);
    }
    let response = next.run(request).await;
    if response.status() == StatusCode::UNAUTHORIZED && !is_for_tokens {
        limit.count_refused(&peer);
    }
    response
}

impl AddressLimit {
    /// The request was counted as one already; the rest is owed, also when it is more than is left.
    fn count_refused(&self, peer: &Peer) {
        self.rates.charge_address(peer, SUSPICIOUS - 1);
    }
}

/// Counts a request against its caller, after authentication.
pub(crate) async fn limit_caller(
    State(rates): State<Arc<Rates>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(principal) = request.extensions().get::<Caller>().map(principal) else {
        return next.run(request).await;
    };
    let counted = rates.count(&principal);
    match counted.check() {
        Ok(()) => told(next.run(request).await, counted),
        Err(refusal) => told(refusal.into_response(), counted),
    }
}

/// Adds what is left of a budget to a response.
pub(crate) fn told(mut response: Response, counted: Counted) -> Response {
    tell(counted, response.headers_mut());
    response
}

fn principal(caller: &Caller) -> Principal {
    match caller {
        Caller::Sender(sender) => Principal::Key(sender.0.app.clone(), sender.0.id.clone()),
        Caller::Device(device) => device.principal(),
    }
}

#[cfg(test)]
mod tests;
