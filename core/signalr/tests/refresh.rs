//! Our client keeps its authentication at our server, by every transport.
#![allow(
    clippy::unwrap_used,
    reason = "all of this is a test, helpers included"
)]

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
};
use futures_util::FutureExt as _;
use tokio::net::TcpListener;
use vestnik_signalr::{
    client::{
        BearerToken, CloseReason, ConnectOptions, HubClient, Incoming, IncomingStream, TokenSource,
        connect,
    },
    negotiate::Transports,
    server::{Caller, Hub, HubConfig, HubError, TokenLifetime},
};

/// No step of a test may take longer.
const PATIENCE: Duration = Duration::from_mins(5);

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("a step took too long")
}

/// The one user there is; each token has a number.
#[derive(Debug, Clone)]
struct User(usize);

impl PartialEq for User {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// The tokens that were made, by number, and when each expires.
#[derive(Debug, Clone)]
struct Tokens {
    lifetime: Duration,
    made: Arc<Mutex<Vec<Instant>>>,
}

impl Tokens {
    fn new(seconds: u64) -> Self {
        Self {
            lifetime: Duration::from_secs(seconds),
            made: Arc::default(),
        }
    }

    /// Makes the next, whose number is the token.
    fn make(&self) -> BearerToken {
        let mut made = self.made.lock().unwrap();
        made.push(now() + self.lifetime);
        BearerToken::new(&(made.len() - 1).to_string()).unwrap()
    }

    fn expiry(&self, number: usize) -> Instant {
        self.made.lock().unwrap()[number]
    }
}

#[expect(clippy::disallowed_methods, reason = "the tests' one clock")]
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Takes the number of a token for its user.
async fn identify(State(tokens): State<Tokens>, mut request: Request, next: Next) -> Response {
    let bearer = request.headers().get("authorization").unwrap();
    let number = bearer.to_str().unwrap().strip_prefix("Bearer ").unwrap();
    let number = number.parse().unwrap();
    let left = tokens.expiry(number).saturating_duration_since(now());
    request.extensions_mut().insert(TokenLifetime(left));
    request.extensions_mut().insert(User(number));
    next.run(request).await
}

async fn number(Caller(User(number)): Caller<User>) -> Result<usize, HubError> {
    Ok(number)
}

async fn serve(tokens: Tokens, refreshes_authentication: bool) -> SocketAddr {
    let config = HubConfig {
        refreshes_authentication,
        closes_on_expiry: true,
        ..HubConfig::default()
    };
    let hub = Hub::builder_for::<User, ()>(())
        .config(config)
        .on("Number", number)
        .build();
    let router = Router::new().nest_service("/hub", hub);
    let router = router.layer(middleware::from_fn_with_state(tokens, identify));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Connects with a new token each time that one is needed.
async fn meet(
    address: SocketAddr,
    tokens: Tokens,
    transports: Transports,
) -> (HubClient, IncomingStream) {
    let source = TokenSource::new(move || {
        let token = tokens.make();
        async move { Ok::<_, Infallible>(token) }
    });
    let url = format!("http://{address}/hub").parse().unwrap();
    let options = ConnectOptions {
        transports,
        ..ConnectOptions::new(url).token_source(source)
    };
    soon(connect(options)).await.unwrap()
}

const NONE: Transports = Transports {
    web_sockets: false,
    server_sent_events: false,
    long_polling: false,
};

const EACH: [Transports; 3] = [
    Transports::WEB_SOCKETS,
    Transports {
        server_sent_events: true,
        ..NONE
    },
    Transports {
        long_polling: true,
        ..NONE
    },
];

#[tokio::test]
async fn a_connection_outlives_its_token_and_the_server_sees_the_next() {
    let check = async |transports| {
        let tokens = Tokens::new(4);
        let address = serve(tokens.clone(), true).await;
        let (client, mut incoming) = meet(address, tokens, transports).await;
        let number = async || {
            soon(client.invoke::<_, usize>("Number", &()))
                .await
                .unwrap()
        };
        assert_eq!(number().await, 1, "{transports:?}");
        // The third refresh comes after the token that the connection began with has expired.
        let pause = Duration::from_millis(50);
        soon(async {
            while number().await < 4 {
                tokio::time::sleep(pause).await;
            }
        })
        .await;
        assert!(incoming.recv().now_or_never().is_none(), "{transports:?}");
    };
    let [web_sockets, events, polls] = EACH;
    tokio::join!(check(web_sockets), check(events), check(polls));
}

#[tokio::test]
async fn a_connection_that_cannot_be_refreshed_ends_with_an_invitation() {
    let tokens = Tokens::new(1);
    let address = serve(tokens.clone(), false).await;
    let (_client, mut incoming) = meet(address, tokens, Transports::WEB_SOCKETS).await;
    let end = soon(incoming.recv()).await;
    let Some(Incoming::Closed(reason)) = end else {
        panic!("{end:?}")
    };
    assert!(reason.is_retryable(), "{reason:?}");
    let expected = CloseReason::Server {
        error: Some("The authentication of the connection has expired.".to_owned()),
        allow_reconnect: true,
    };
    assert_eq!(reason, expected);
}
