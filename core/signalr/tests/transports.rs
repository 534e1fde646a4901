//! Our client against our server, by every transport.
#![allow(
    clippy::unwrap_used,
    reason = "all of this is a test, helpers included"
)]

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use futures_util::{Stream, StreamExt, stream};
use tokio::{net::TcpListener, sync::mpsc};
use vestnik_signalr::{
    client::{
        BearerToken, CloseReason, ConnectError, ConnectOptions, HubClient, Incoming,
        IncomingStream, TokenSource, connect,
    },
    negotiate::Transports,
    protocol::Protocol,
    server::{Connection, Frame, Hub, HubConfig, HubError, HubHandle, HubService, State},
};

/// No step of a test may take longer.
const PATIENCE: Duration = Duration::from_mins(5);

const NONE: Transports = Transports {
    web_sockets: false,
    server_sent_events: false,
    long_polling: false,
};
const EVENTS: Transports = Transports {
    server_sent_events: true,
    ..NONE
};
const POLLS: Transports = Transports {
    long_polling: true,
    ..NONE
};

/// Each transport with each protocol that it carries.
const WAYS: [(Transports, Protocol); 5] = [
    (Transports::WEB_SOCKETS, Protocol::Json),
    (Transports::WEB_SOCKETS, Protocol::MessagePack),
    (EVENTS, Protocol::Json),
    (POLLS, Protocol::Json),
    (POLLS, Protocol::MessagePack),
];

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("a step took too long")
}

type News = mpsc::Sender<&'static str>;

fn hub(config: HubConfig) -> (HubService<News>, mpsc::Receiver<&'static str>) {
    async fn echo(text: String) -> Result<String, Infallible> {
        Ok(text)
    }
    async fn count(to: u32) -> Result<impl Stream<Item = Result<u32, Infallible>>, Infallible> {
        Ok(stream::iter((0..to).map(Ok)))
    }
    async fn leave(connection: Connection) -> Result<(), Infallible> {
        connection.close(true);
        Ok(())
    }
    async fn part(State(news): State<News>) -> Result<(), HubError> {
        news.send("parted").await.map_err(HubError::internal)
    }
    let (sender, news) = mpsc::channel(8);
    let hub = Hub::builder(sender)
        .on("Echo", echo)
        .on("Leave", leave)
        .stream("Count", count)
        .on_disconnected(part)
        .config(config)
        .build();
    (hub, news)
}

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// A hub at `/hub` with the usual settings, its handle and its news.
async fn plain() -> (SocketAddr, HubHandle, mpsc::Receiver<&'static str>) {
    let (hub, news) = hub(HubConfig::default());
    let handle = hub.handle().clone();
    let address = serve(Router::new().nest_service("/hub", hub)).await;
    (address, handle, news)
}

fn options(address: SocketAddr, (transports, protocol): (Transports, Protocol)) -> ConnectOptions {
    let url = format!("http://{address}/hub").parse().unwrap();
    let mut options = ConnectOptions {
        transports,
        ..ConnectOptions::new(url)
    };
    options.machine.protocol = protocol;
    options
}

async fn meet(options: ConnectOptions) -> (HubClient, IncomingStream) {
    soon(connect(options)).await.unwrap()
}

async fn check_echo(client: &HubClient, text: &str) {
    let echo: String = soon(client.invoke("Echo", &(text,))).await.unwrap();
    assert!(echo == text, "an echo of {} bytes", text.len());
}

#[tokio::test]
async fn a_conversation_goes_by_each() {
    for way in WAYS {
        let (address, handle, mut news) = plain().await;
        let (client, mut incoming) = meet(options(address, way)).await;
        check_echo(&client, "one\ntwo\r\nthree").await;
        let items = soon(client.stream::<_, u32>("Count", &(100,)))
            .await
            .unwrap();
        let items: Vec<u32> = soon(items.map(Result::unwrap).collect()).await;
        assert_eq!(items, (0..100).collect::<Vec<_>>(), "{way:?}");

        let frame = Frame::new("News", (7,));
        assert_eq!(handle.all().send(&frame).queued, 1);
        let Some(Incoming::Invocation(call)) = soon(incoming.recv()).await else {
            panic!("no call by {way:?}")
        };
        assert_eq!(call.arguments.bind::<(u32,)>().unwrap(), (7,), "{way:?}");

        client.close().await;
        let end = soon(incoming.recv()).await;
        assert!(
            matches!(end, Some(Incoming::Closed(CloseReason::Local))),
            "{way:?}: {end:?}"
        );
        assert_eq!(soon(news.recv()).await, Some("parted"), "{way:?}");
    }
}

#[tokio::test]
async fn the_servers_end_is_told_by_each() {
    for way in WAYS {
        let (address, _, mut news) = plain().await;
        let (client, mut incoming) = meet(options(address, way)).await;
        soon(client.send("Leave", &())).await.unwrap();
        let end = soon(incoming.recv()).await;
        let expected = CloseReason::Server {
            error: None,
            allow_reconnect: true,
        };
        assert!(
            matches!(&end, Some(Incoming::Closed(reason)) if *reason == expected),
            "{end:?}"
        );
        assert_eq!(soon(news.recv()).await, Some("parted"), "{way:?}");
    }
}

#[tokio::test]
async fn large_messages_and_many_go_by_each() {
    for way in WAYS {
        let mut config = HubConfig::default();
        config.protocol.max_message = 1024 * 1024;
        let (hub, _news) = hub(config);
        let address = serve(Router::new().nest_service("/hub", hub)).await;
        let (client, _incoming) = meet(options(address, way)).await;
        check_echo(&client, &"x".repeat(500_000)).await;
        let many = (0..200).map(|number| {
            let client = client.clone();
            async move { check_echo(&client, &number.to_string()).await }
        });
        soon(futures_util::future::join_all(many)).await;
    }
}

#[tokio::test]
async fn a_message_that_is_too_large_for_the_client_ends_its_connection() {
    for way in WAYS {
        let (address, handle, _news) = plain().await;
        let mut options = options(address, way);
        options.machine.max_message_bytes = 1_000;
        let (_client, mut incoming) = meet(options).await;
        handle.all().send(&Frame::new("News", ("x".repeat(9_000),)));
        let end = soon(incoming.recv()).await;
        assert!(
            matches!(end, Some(Incoming::Closed(CloseReason::TooLarge(_)))),
            "{way:?}: {end:?}"
        );
    }
}

#[tokio::test]
async fn polls_that_bring_nothing_go_on() {
    let config = HubConfig {
        poll_timeout: Duration::from_millis(20),
        ..HubConfig::default()
    };
    let (hub, _news) = hub(config);
    let handle = hub.handle().clone();
    let polls = Arc::new(AtomicUsize::new(0));
    let count = {
        let polls = Arc::clone(&polls);
        move |request: Request, next: Next| {
            polls.fetch_add(1, Ordering::Relaxed);
            next.run(request)
        }
    };
    let router = Router::new()
        .nest_service("/hub", hub)
        .layer(middleware::from_fn(count));
    let address = serve(router).await;
    let (_client, mut incoming) = meet(options(address, (POLLS, Protocol::Json))).await;
    soon(async {
        while polls.load(Ordering::Relaxed) < 10 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let frame = Frame::new("News", ());
    assert_eq!(handle.all().send(&frame).queued, 1);
    assert!(matches!(
        soon(incoming.recv()).await,
        Some(Incoming::Invocation(_))
    ));
}

#[tokio::test]
async fn a_protocol_that_no_transport_carries_is_refused_before_any_is_opened() {
    let (address, _, _news) = plain().await;
    let outcome = soon(connect(options(address, (EVENTS, Protocol::MessagePack)))).await;
    assert!(
        matches!(outcome, Err(ConnectError::Transport)),
        "{outcome:?}"
    );
}

/// What a proxy in front of the hub does to requests of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Harm {
    Refuse,
    Swallow,
}

fn wants(headers: &HeaderMap) -> &'static str {
    let accepts = headers.get(header::ACCEPT).map(|value| value.as_bytes());
    if headers.contains_key(header::UPGRADE) {
        "WebSockets"
    } else if accepts == Some(b"text/event-stream") {
        "ServerSentEvents"
    } else {
        "LongPolling"
    }
}

/// Connects through a proxy that does harm to some transports; tells which were tried.
async fn fall_back(harmed: &'static [&'static str], harm: Harm) -> Vec<&'static str> {
    let (hub, _news) = hub(HubConfig::default());
    let (sender, mut tried) = mpsc::unbounded_channel();
    let proxy = move |request: Request, next: Next| {
        let sender = sender.clone();
        async move {
            if request.method() != Method::GET {
                return next.run(request).await;
            }
            let kind = wants(request.headers());
            sender.send(kind).unwrap();
            match harm {
                _ if !harmed.contains(&kind) => next.run(request).await,
                Harm::Refuse => StatusCode::BAD_GATEWAY.into_response(),
                Harm::Swallow => std::future::pending().await,
            }
        }
    };
    let router = Router::new()
        .nest_service("/hub", hub)
        .layer(middleware::from_fn(proxy));
    let mut options = options(serve(router).await, (Transports::default(), Protocol::Json));
    options.connect_timeout = Duration::from_secs(5);
    let (client, _incoming) = meet(options).await;
    check_echo(&client, "through").await;
    tried.close();
    let mut all = Vec::new();
    while let Some(kind) = tried.recv().await {
        if all.last() != Some(&kind) {
            all.push(kind);
        }
    }
    all
}

#[tokio::test]
async fn the_first_transport_that_works_is_taken() {
    let order = ["WebSockets", "ServerSentEvents", "LongPolling"];
    assert_eq!(fall_back(&[], Harm::Refuse).await, order[..1]);
    assert_eq!(fall_back(&["WebSockets"], Harm::Refuse).await, order[..2]);
    assert_eq!(fall_back(&["WebSockets"], Harm::Swallow).await, order[..2]);
    let both = &["WebSockets", "ServerSentEvents"];
    assert_eq!(fall_back(both, Harm::Refuse).await, order);
}

#[tokio::test]
async fn a_token_that_ran_out_is_renewed_once() {
    for transports in [EVENTS, POLLS] {
        let (hub, _news) = hub(HubConfig::default());
        let valid = Arc::new(AtomicUsize::new(1));
        let guard = {
            let valid = Arc::clone(&valid);
            move |request: Request, next: Next| {
                let token = format!("Bearer {}", valid.load(Ordering::Relaxed));
                async move {
                    let bearer = request.headers().get(header::AUTHORIZATION);
                    if bearer.is_some_and(|bearer| *bearer == *token) {
                        return next.run(request).await;
                    }
                    Response::from(StatusCode::UNAUTHORIZED.into_response())
                }
            }
        };
        let router = Router::new()
            .nest_service("/hub", hub)
            .layer(middleware::from_fn(guard));
        let source = {
            let valid = Arc::clone(&valid);
            TokenSource::new(move || {
                let token = valid.load(Ordering::Relaxed).to_string();
                async move { BearerToken::new(&token).ok_or("no token") }
            })
        };
        let options = options(serve(router).await, (transports, Protocol::Json));
        let (client, _incoming) = meet(options.token_source(source)).await;
        check_echo(&client, "before").await;
        valid.store(2, Ordering::Relaxed);
        check_echo(&client, "after").await;
    }
}

#[tokio::test]
async fn a_doubtful_connection_that_is_well_goes_on_by_each() {
    let check = async |way| {
        let (address, handle, _news) = plain().await;
        let mut options = options(address, way);
        // Longer than the slowest way takes to answer on a busy machine.
        options.machine.probe_timeout = Duration::from_secs(2);
        let (client, mut incoming) = meet(options).await;
        for round in ["first", "second"] {
            check_echo(&client, round).await;
            client.probe().await.unwrap();
            // Longer than it has to say something.
            let quiet = Duration::from_secs(3);
            let end = tokio::time::timeout(quiet, incoming.recv()).await;
            assert!(end.is_err(), "{way:?} {end:?}");
            handle.all().send(&Frame::new("Said", (round,)));
            let said = soon(incoming.recv()).await;
            assert!(
                matches!(said, Some(Incoming::Invocation(_))),
                "{way:?} {said:?}"
            );
        }
    };
    futures_util::future::join_all(WAYS.map(check)).await;
}
