//! How many connections of the hub there may be, and what ends one.

use std::time::Duration;

use serde_json::{Value, json};
use vestnik_model::{
    ProblemCode, Scope,
    contract::{device, server},
};
use vestnik_testkit::{
    RawHub, TestServer,
    backend::to_user,
    clock::AheadClock,
    name::{installation, user},
    raw_hub::Received,
    server::Setup,
};

/// A device that has greeted and read its log.
async fn online(kit: &TestServer, token: &str, number: u128) -> anyhow::Result<RawHub> {
    let mut hub = RawHub::open(kit.address(), token).await?;
    greet(&mut hub, number).await?;
    Ok(hub)
}

async fn greet(hub: &mut RawHub, number: u128) -> anyhow::Result<()> {
    let hello = json!({ "installationId": installation(number) });
    let welcome = hub.call(server::HELLO, &hello).await?;
    assert!(welcome["result"]["contract"].is_number(), "{welcome}");
    let page = hub.call(server::SYNC, &json!({})).await?;
    assert_eq!(page["result"]["more"], false, "{page}");
    Ok(())
}

/// Receives to the end; gives the error of the hub's own close message, if there was one.
async fn end(hub: &mut RawHub) -> anyhow::Result<(Vec<Value>, Option<String>)> {
    let (mut messages, _) = hub.receive_all().await?;
    let close = messages.pop_if(|message| message["type"] == 7);
    let error = close.and_then(|close| Some(close["error"].as_str()?.to_owned()));
    Ok((messages, error))
}

/// The error with which a connection beyond a cap is closed.
async fn refused(kit: &TestServer, token: &str) -> anyhow::Result<String> {
    let mut hub = RawHub::open(kit.address(), token).await?;
    let (messages, error) = end(&mut hub).await?;
    assert_eq!(messages, [] as [Value; 0]);
    Ok(error.unwrap_or_default())
}

async fn is_served(hub: &mut RawHub) -> anyhow::Result<()> {
    let page = hub.call(server::SYNC, &json!({})).await?;
    assert_eq!(page["result"]["more"], false, "{page}");
    Ok(())
}

#[tokio::test]
async fn the_newest_connections_of_an_installation_stay() -> anyhow::Result<()> {
    let kit = TestServer::start().await?;
    let tokens = kit.backend.log_in(&user("anna"), installation(1)).await?;
    let mut first = online(&kit, &tokens.access_token, 1).await?;
    let mut second = online(&kit, &tokens.access_token, 1).await?;
    let mut third = online(&kit, &tokens.access_token, 1).await?;
    let (messages, error) = end(&mut first).await?;
    assert_eq!((messages.len(), error), (0, None));
    let id = kit
        .backend
        .publish(&to_user(&user("anna"), "hello"))
        .await?
        .id;
    for hub in [&mut second, &mut third] {
        let Received::Message(call) = hub.receive().await? else {
            anyhow::bail!("the connection has ended");
        };
        assert_eq!(call["target"], device::ENTRIES);
        assert_eq!(call["arguments"][0]["entries"][0]["id"], json!(id));
    }
    kit.stop().await
}

#[tokio::test]
async fn a_user_an_app_a_key_and_the_server_have_so_many_connections() -> anyhow::Result<()> {
    let setup = Setup::default().config(|config| {
        config.feed.connections_per_user = 2;
        config.feed.connections_per_key = 1;
        config.feed.connections_per_app = 4;
        config.feed.connections = 5;
    });
    let kit = TestServer::with(setup).await?;
    let (anna, boris) = (user("anna"), user("boris"));
    let mut token = Vec::new();
    for (user, number) in [(&anna, 1), (&anna, 2), (&anna, 3), (&boris, 4), (&boris, 5)] {
        let tokens = kit.backend.log_in(user, installation(number)).await?;
        token.push(tokens.access_token);
    }
    let mut one = online(&kit, &token[0], 1).await?;
    let two = online(&kit, &token[1], 2).await?;
    let error = refused(&kit, &token[2]).await?;
    assert!(
        error.contains("the user has too many connections"),
        "{error}"
    );

    let key = &kit.backend.secrets().key;
    let mut sender = RawHub::open(kit.address(), key).await?;
    // It is admitted when a call of it is answered.
    sender.call(server::HELLO, &json!({})).await?;
    let error = refused(&kit, key).await?;
    assert!(
        error.contains("the API key has too many connections"),
        "{error}"
    );

    let mut four = online(&kit, &token[3], 4).await?;
    let error = refused(&kit, &token[4]).await?;
    assert!(
        error.contains("the App has too many connections"),
        "{error}"
    );

    // Another App is not concerned, until nothing is left for anybody.
    let other = kit.other.log_in(&anna, installation(1)).await?.access_token;
    let mut of_other = online(&kit, &other, 1).await?;
    let last = kit.other.log_in(&boris, installation(2)).await?;
    let error = refused(&kit, &last.access_token).await?;
    assert!(
        error.contains("the server has too many connections"),
        "{error}"
    );

    // Who was refused changed nothing, and a place that is free is given again.
    for hub in [&mut one, &mut four, &mut of_other] {
        is_served(hub).await?;
    }
    drop(two);
    let mut three = vestnik_testkit::wait::asked("the place that is free", async || {
        let mut hub = RawHub::open(kit.address(), &token[2]).await?;
        Ok(greet(&mut hub, 3).await.ok().map(|()| hub))
    })
    .await?;
    is_served(&mut three).await?;
    kit.stop().await
}

/// The token is renewed by nobody. A machine that is slow is given more time, and never less.
#[tokio::test]
async fn a_connection_ends_with_its_token() -> anyhow::Result<()> {
    let clock = AheadClock::default();
    let kit = TestServer::with(Setup::default().clock(clock.clone())).await?;
    let anna = user("anna");
    let (mut left, mut opened) = (2, None);
    while opened.is_none() {
        let tokens = kit.backend.log_in(&anna, installation(1)).await?;
        let life = u64::from(tokens.expires_in);
        clock.advance(Duration::from_secs(life - left));
        let hub = online(&kit, &tokens.access_token, 1).await.ok();
        opened = hub.map(|hub| (hub, tokens.access_token));
        left *= 2;
    }
    let (mut hub, token) = opened.expect("it is there after the loop");
    let (messages, _) = end(&mut hub).await?;
    assert_eq!(messages, [] as [Value; 0]);
    let id = kit.backend.publish(&to_user(&anna, "too late")).await?.id;
    assert_eq!(hub.receive().await?, Received::Ended(None));
    // Not by a new connection with the same token either.
    let error = RawHub::connect(kit.address(), &token).await.unwrap_err();
    let (status, body) = RawHub::refusal(&error).expect("it is refused by HTTP");
    assert_eq!(status, 401);
    assert!(body.contains(ProblemCode::AuthExpired.as_str()), "{body}");
    let counts = kit.backend.notification(id).await?.counts;
    assert_eq!((counts.pending, counts.sent), (1, 0));
    kit.stop().await
}

#[tokio::test]
async fn a_revoked_key_ends_its_connection_and_its_watch() -> anyhow::Result<()> {
    let kit = TestServer::start().await?;
    let anna = user("anna");
    let tokens = kit.backend.log_in(&anna, installation(1)).await?;
    let made = kit.backend.key(&[Scope::Read, Scope::Publish]).await?;
    let id = kit.backend.publish(&to_user(&anna, "watched")).await?.id;
    let mut hub = RawHub::open(kit.address(), &made.key).await?;
    let watch = json!({
        "type": 4, "invocationId": "w", "target": server::WATCH,
        "arguments": [{ "notificationId": id }],
    });
    hub.send_text(&format!("{watch}\u{1e}")).await?;
    let Received::Message(item) = hub.receive().await? else {
        anyhow::bail!("the connection has ended");
    };
    assert_eq!(
        (&item["type"], &item["invocationId"]),
        (&json!(2), &json!("w"))
    );

    kit.backend.revoke_key(made.id.as_str()).await?;
    // The notification changes after the answer: the watch would have an item.
    let mut device = online(&kit, &tokens.access_token, 1).await?;
    let (messages, _) = end(&mut hub).await?;
    let items: Vec<_> = messages
        .iter()
        .filter(|message| message["type"] == 2)
        .collect();
    assert_eq!(items, [] as [&Value; 0]);
    let error = RawHub::connect(kit.address(), &made.key).await.unwrap_err();
    let (status, _) = RawHub::refusal(&error).expect("it is refused by HTTP");
    assert_eq!(status, 401);
    // The other keys and the devices go on.
    is_served(&mut device).await?;
    let mut watch = kit.backend.watch(id, None).await?;
    assert!(watch.next().await?.is_some());
    kit.stop().await
}
