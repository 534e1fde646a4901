//! What the hub answers to requests that open a connection.

use axum::http::Request;
use serde_json::{Value, json};

use super::world::{Answer, World, request, text};
use crate::{Config, peer::ConnectedFrom};

const NEGOTIATE: &str = "POST /hub/negotiate?negotiateVersion=1";

/// As many as a user's share in [`world`].
const OF_A_USER: usize = 4;

async fn world() -> World {
    World::with(|config: &mut Config| {
        config.feed.connections_per_user = OF_A_USER / 2;
        config.feed.connections_per_key = 6;
        config.limits.connections_per_address = 5;
        // Else every peer on loopback would count as a proxy.
        config.proxy.trusted = Vec::new();
    })
    .await
}

async fn negotiate(world: &World, bearer: &str, address: [u8; 4]) -> Answer {
    let mut request: Request<_> = request(NEGOTIATE, bearer, None);
    request
        .extensions_mut()
        .insert(ConnectedFrom(address.into()));
    world.request(request).await
}

/// Logs a user in on an installation of their own.
async fn access_token(world: &World, user: &str) -> String {
    let number = user.bytes().map(u32::from).sum::<u32>();
    let body = json!({
        "grant_type": "identity_token", "app": "shop",
        "installation_id": format!("ins_{number:032x}"),
        "installation_secret": vestnik_model::InstallationSecret::from_bytes([7; 32]).expose(),
        "identity_token": world.identity_token(user, None),
    });
    let answer = world.call("POST /v1/token", "", Some(body)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    text(&answer.body["access_token"]).to_owned()
}

#[track_caller]
fn check_refused(answer: &Answer) {
    assert_eq!(answer.status, 429, "{answer:?}");
    assert_eq!(answer.headers["retry-after"], "15", "{answer:?}");
    assert_eq!(answer.body, Value::Null);
}

#[tokio::test]
async fn a_user_who_negotiates_and_never_connects_locks_nobody_else_out() {
    let world = world().await;
    let (greedy, other) = (
        access_token(&world, "mallory").await,
        access_token(&world, "anna").await,
    );
    // From an address each, so that no address is what is full.
    for last in 0..OF_A_USER {
        let address = [192, 0, 2, u8::try_from(last).unwrap()];
        assert_eq!(negotiate(&world, &greedy, address).await.status, 200);
    }
    check_refused(&negotiate(&world, &greedy, [192, 0, 2, 99]).await);
    assert_eq!(negotiate(&world, &other, [192, 0, 2, 99]).await.status, 200);
    let key = &world.keys.admin_key;
    assert_eq!(negotiate(&world, key, [192, 0, 2, 99]).await.status, 200);
}

#[tokio::test]
async fn an_address_that_negotiates_and_never_connects_locks_no_other_out() {
    let world = world().await;
    let (one, other) = (
        access_token(&world, "mallory").await,
        access_token(&world, "mallories").await,
    );
    let key = world.keys.admin_key.clone();
    let greedy = [192, 0, 2, 1];
    for bearer in [&one, &one, &other, &other, &key] {
        assert_eq!(negotiate(&world, bearer, greedy).await.status, 200);
    }
    for bearer in [&one, &other, &key] {
        check_refused(&negotiate(&world, bearer, greedy).await);
        assert_eq!(negotiate(&world, bearer, [192, 0, 2, 2]).await.status, 200);
    }
}

/// Without a token nothing is given out that could be used up.
#[tokio::test]
async fn who_sends_no_token_takes_no_share() {
    let world = world().await;
    for _ in 0..20 {
        for bearer in ["", "vk_garbage", "a.b.c"] {
            let answer = negotiate(&world, bearer, [192, 0, 2, 1]).await;
            assert_eq!(answer.status, 401, "{answer:?}");
        }
    }
    let key = &world.keys.admin_key;
    assert_eq!(negotiate(&world, key, [192, 0, 2, 1]).await.status, 200);
}
