//! Reports of gateways: which bodies are read, and how many large ones at a time.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
};

use axum::{
    body::{Body, Bytes},
    http::Request,
};
use futures_util::{StreamExt as _, future::join_all, stream};
use serde_json::json;
use tokio::sync::watch;

use super::world::World;
use crate::peer::ConnectedFrom;

const SECRET: &str = "webhook-secret";

/// The App's account with Telegram, with the secret of its reports or without.
async fn account(world: &World, secret: Option<&str>) {
    let mut settings = json!({"token": "1:PLANTED", "bot": "shop_bot"});
    if let Some(secret) = secret {
        settings["webhook_secret"] = json!(secret);
    }
    let provider = json!({"name": "main", "gateway": "telegram", "settings": settings});
    let body = json!({"providers": [provider]});
    let put = world.admin("PUT /v1/providers/telegram", Some(body)).await;
    assert_eq!(put.status, 204, "{put:?}");
}

fn report(from: u8, body: Body) -> Request<Body> {
    let mut request = Request::post("/v1/gateways/shop/telegram/main")
        .header("content-type", "application/json")
        .header("x-telegram-bot-api-secret-token", SECRET)
        .body(body)
        .unwrap();
    let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, from));
    request.extensions_mut().insert(ConnectedFrom(address));
    request
}

/// A body that nobody may read.
fn unread() -> Body {
    let bytes = stream::once(async { panic!("the body is read") });
    Body::from_stream(bytes.map(|()| Ok::<_, Infallible>(Bytes::new())))
}

#[tokio::test]
async fn a_body_that_cannot_be_believed_is_not_read() {
    let world = World::new().await;
    let unknown = world.request(report(1, unread())).await;
    assert_eq!(unknown.problem(), (404, "not_found"));
    account(&world, None).await;
    let unproven = world.request(report(1, unread())).await;
    assert_eq!(unproven.problem().0, 401);
    account(&world, Some(SECRET)).await;
    let read = world.request(report(1, Body::from("{}"))).await;
    assert_eq!(read.status, 200, "{read:?}");
}

/// A JSON object of so many bytes, all but the last of which come before the door opens.
fn slow(bytes: usize, opened: watch::Receiver<bool>) -> Body {
    let object = format!("{{\"x\":\"{}\"}}", "y".repeat(bytes));
    let (first, last) = object.split_at(object.len() - 1);
    let pieces = [first.to_owned(), last.to_owned()];
    let pieces = stream::iter(pieces)
        .enumerate()
        .then(move |(number, piece)| {
            let mut opened = opened.clone();
            async move {
                if number == 1 {
                    opened.wait_for(|is_open| *is_open).await.unwrap();
                }
                Ok::<_, Infallible>(Bytes::from(piece))
            }
        });
    Body::from_stream(pieces)
}

#[tokio::test]
async fn an_address_has_two_places_for_large_bodies_and_takes_none_of_others() {
    let world = World::new().await;
    account(&world, Some(SECRET)).await;
    let (open, opened) = watch::channel(false);
    let send = |from, bytes| world.request(report(from, slow(bytes, opened.clone())));
    let slow = join_all([send(1, 100_000), send(1, 100_000), send(1, 1_000)]);
    let others = async {
        let third = send(1, 100_000).await;
        assert_eq!(third.problem(), (503, "unavailable"));
        open.send(true).unwrap();
        let other = send(2, 100_000).await;
        assert_eq!(other.status, 200, "{other:?}");
    };
    let (done, ()) = futures_util::future::join(slow, others).await;
    // What is small needs no place, whatever it says of its length.
    assert!(done.iter().all(|answer| answer.status == 200), "{done:?}");
    assert_eq!(send(1, 100_000).await.status, 200, "the places are free");
}
