//! Shares of the hub's negotiations: whoever negotiates and never connects locks nobody else out.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use vestnik_signalr::server::{NegotiationShare, NegotiationShares};

use crate::{
    config::FeedConfig,
    door::auth::{Caller, Device, Sender},
    peer::{ConnectedFrom, client},
    state::ServerState,
};

/// How many negotiated connections of a user may wait for each one that the user may have: a device
/// whose network fails between the two requests negotiates again at once.
const PER_CONNECTION: usize = 2;

/// Says whose shares a request of the hub counts in, after authentication: those of its user or API
/// key, of its App, and of the address that it came from. Who may have so many connections may
/// negotiate so many.
pub(crate) async fn name_shares(
    State(state): State<ServerState>,
    mut request: Request,
    next: Next,
) -> Response {
    if request.uri().path().ends_with("/negotiate") {
        let shares = shares(&state, &request);
        request.extensions_mut().insert(shares);
    }
    next.run(request).await
}

fn shares(state: &ServerState, request: &Request) -> NegotiationShares {
    let extensions = request.extensions();
    let config = &state.config;
    let of_caller = extensions
        .get::<Caller>()
        .map(|caller| of_caller(caller, config.feed));
    let connected = extensions.get::<ConnectedFrom>().copied();
    // A trusted proxy that does not name its client is nobody's address.
    let peer = connected.and_then(|from| client(from, request.headers(), &config.proxy));
    let of_peer = peer
        .filter(|_| config.limits.connections_per_address > 0)
        .map(|peer| {
            let name = format!("address:{peer:?}");
            NegotiationShare::new(name, config.limits.connections_per_address)
        });
    NegotiationShares(of_caller.into_iter().flatten().chain(of_peer).collect())
}

/// Names begin with the kind, and ids of Apps have no colon: no two principals have the same name.
fn of_caller(caller: &Caller, feed: FeedConfig) -> [NegotiationShare; 2] {
    let (app, own) = match caller {
        Caller::Sender(Sender(key)) => {
            let name = format!("key:{}:{}", key.app, key.id);
            (
                &key.app,
                NegotiationShare::new(name, feed.connections_per_key),
            )
        }
        Caller::Device(Device(session)) => {
            let name = format!("user:{}:{}", session.app, session.user.as_str());
            let limit = feed.connections_per_user.saturating_mul(PER_CONNECTION);
            (&session.app, NegotiationShare::new(name, limit))
        }
    };
    let of_app = NegotiationShare::new(format!("app:{app}"), feed.connections_per_app);
    [own, of_app]
}
