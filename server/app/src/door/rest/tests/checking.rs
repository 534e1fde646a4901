//! Checks of an account for the App's own backend.

use futures_util::future::{Either, join, select};
use serde_json::json;
use tokio::net::TcpListener;

use super::world::World;

const SECRET: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// A backend that never answers: it does not begin TLS.
async fn silent() -> (TcpListener, serde_json::Value) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("https://127.0.0.1:{port}/deliver");
    (listener, json!({"url": url, "secret": SECRET}))
}

#[tokio::test]
async fn checks_of_backends_that_never_answer_are_few_at_a_time() {
    let world = World::with(|config| config.outbound.listed = vec!["127.0.0.1".to_owned()]).await;
    let ((one, present), (other, new)) = (silent().await, silent().await);
    let put = world.admin("PUT /v1/providers/webhook", Some(present));
    let put = put.await;
    assert_eq!(put.status, 204, "{put:?}");
    let check = || world.admin("POST /v1/providers/webhook:check", None);
    let rotate = || world.admin("POST /v1/providers/webhook:rotate", Some(new.clone()));
    let under_way = Box::pin(join(check(), rotate()));
    let arrived = Box::pin(join(one.accept(), other.accept()));
    let Either::Right((_arrived, under_way)) = select(under_way, arrived).await else {
        panic!("a backend that never answers was not asked");
    };
    for refused in [check().await, rotate().await] {
        assert_eq!(refused.problem(), (429, "request.rate_limited"));
        assert!(refused.headers.contains_key("retry-after"));
    }
    // Who asked does not wait any longer.
    drop(under_way);
    let again = Box::pin(check());
    let Either::Right(_) = select(again, Box::pin(one.accept())).await else {
        panic!("the place of a check that ended was not given to another one");
    };
}
