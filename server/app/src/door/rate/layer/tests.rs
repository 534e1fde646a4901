use std::time::Duration;

use axum::{
    Router,
    body::Body,
    middleware,
    routing::{get, post},
};
use tower::ServiceExt as _;
use vestnik_clock::ManualClock;
use vestnik_store::tenants::ApiKey;

use super::*;
use crate::{config::RateConfig, door::auth::Sender};

const CONFIG: RateConfig = RateConfig {
    key_per_second: 2,
    key_burst: 2,
    installation_per_second: 1,
    installation_burst: 1,
    user_per_second: 1,
    user_burst: 2,
    address_per_second: 1,
    address_burst: 40,
    token_per_minute: 1,
    token_burst: 1,
    principals: 100,
};

struct World {
    router: Router,
    clock: ManualClock,
}

impl World {
    fn new() -> Self {
        let clock = ManualClock::new(jiff::Timestamp::UNIX_EPOCH, 1);
        let rates = Arc::new(Rates::new(CONFIG, Arc::new(clock.clone())));
        let by_address = AddressLimit {
            rates: Arc::clone(&rates),
            proxy: Arc::default(),
        };
        let router = Router::new()
            .route("/", get(|| async {}))
            .route("/refused", get(|| async { StatusCode::UNAUTHORIZED }))
            .route(route::TOKEN, post(|| async {}))
            .layer(middleware::from_fn_with_state(rates, limit_caller))
            .layer(middleware::from_fn_with_state(by_address, limit_address));
        Self { router, clock }
    }

    async fn ask(&self, request: http::request::Builder) -> Response {
        let request = request.body(Body::empty()).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }
}

fn key() -> Caller {
    Caller::Sender(Sender(ApiKey {
        app: "shop".parse().unwrap(),
        id: "key_1".to_owned(),
        scopes: Vec::new(),
    }))
}

fn from(address: [u8; 4]) -> ConnectedFrom {
    ConnectedFrom(address.into())
}

fn field<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_caller_sees_its_budget_and_when_it_has_one_again() {
    let world = World::new();
    let ask = || world.ask(Request::get("/").extension(key()));
    let first = ask().await;
    assert_eq!(field(&first, "ratelimit-policy"), "\"key\";q=2;w=1");
    assert_eq!(field(&first, "ratelimit"), "\"key\";r=1;t=1");
    assert_eq!(ask().await.status(), StatusCode::OK);
    let refused = ask().await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(field(&refused, "retry-after"), "1");
    assert_eq!(field(&refused, "ratelimit"), "\"key\";r=0;t=1");
    assert_eq!(field(&refused, "content-type"), "application/problem+json");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(ask().await.status(), StatusCode::OK);
}

#[tokio::test]
async fn guesses_at_secrets_cost_an_address_most() {
    for path in ["/refused", route::TOKEN] {
        let world = World::new();
        let guess = || {
            let method = if path == route::TOKEN { "POST" } else { "GET" };
            let from = from([192, 0, 2, 1]);
            world.ask(Request::builder().method(method).uri(path).extension(from))
        };
        guess().await;
        guess().await;
        assert_eq!(
            guess().await.status(),
            StatusCode::TOO_MANY_REQUESTS,
            "{path}"
        );
        let other = Request::get("/").extension(from([192, 0, 2, 2]));
        assert_eq!(world.ask(other).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn the_clients_of_a_trusted_proxy_are_told_apart() {
    let world = World::new();
    let ask = |client: &'static str| {
        let request = Request::post(route::TOKEN).extension(from([127, 0, 0, 1]));
        world.ask(request.header("x-forwarded-for", client))
    };
    for _ in 0..2 {
        assert_eq!(ask("192.0.2.1").await.status(), StatusCode::OK);
    }
    assert_eq!(
        ask("192.0.2.1").await.status(),
        StatusCode::TOO_MANY_REQUESTS
    );
    assert_eq!(ask("192.0.2.2").await.status(), StatusCode::OK);
}
