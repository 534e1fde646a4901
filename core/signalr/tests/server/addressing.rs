//! Who is reached, and who may call.

use axum::{Router, extract::Request, middleware, middleware::Next};
use vestnik_signalr::server::{
    Caller, Connection, Frame, Hub, HubConfig, HubError, HubService, State, Upload, authorized,
};

use crate::client::{Client, expect_status, request, serve_router};

/// Who a layer in front says that the caller is.
#[derive(Clone, PartialEq)]
struct User {
    name: String,
    is_admin: bool,
}

/// Believes a header; only a test may do that.
async fn identify(mut request: Request, next: Next) -> axum::response::Response {
    let name = request.headers()["x-user"].to_str().unwrap().to_owned();
    let is_admin = name == "root";
    request.extensions_mut().insert(User { name, is_admin });
    next.run(request).await
}

async fn serve(hub: HubService<(), User>) -> std::net::SocketAddr {
    let router = Router::new()
        .nest_service("/hub", hub)
        .layer(middleware::from_fn(identify));
    serve_router(router).await
}

async fn open(address: std::net::SocketAddr, name: &'static str) -> Client {
    let mut client = Client::connect(address, "/hub", &[("x-user", name)])
        .await
        .unwrap();
    client.shake_hands().await;
    client
}

/// Calls without arguments and expects a result of null.
async fn call(client: &mut Client, target: &str) {
    client
        .check(
            &format!(r#"{{"type":1,"invocationId":"0","target":"{target}","arguments":[]}}"#),
            &[r#"{"type":3,"invocationId":"0","result":null}"#],
        )
        .await;
}

const SAID: &str = r#"{"type":1,"target":"Said","arguments":["hey"]}"#;

#[tokio::test]
async fn a_handler_reaches_others_and_all_devices_of_a_user() {
    async fn tell_others(connection: Connection) -> Result<(), HubError> {
        let frame = Frame::new("Said", ("hey",));
        assert_eq!(connection.others().send(&frame).queued, 2);
        Ok(())
    }
    async fn tell_own(Caller(user): Caller<User>, connection: Connection) -> Result<(), HubError> {
        let frame = Frame::new("Said", ("hey",));
        assert_eq!(connection.hub().user(user.name).send(&frame).queued, 2);
        Ok(())
    }
    let hub = Hub::builder_for::<User, ()>(())
        .user(|user: &User| Some(user.name.clone()))
        .on("TellOthers", tell_others)
        .on("TellOwn", tell_own)
        .on("Nothing", async || Ok::<_, HubError>(()))
        .build();
    let address = serve(hub).await;
    let mut phone = open(address, "ada").await;
    let mut laptop = open(address, "ada").await;
    let mut bob = open(address, "bob").await;
    for client in [&mut phone, &mut laptop, &mut bob] {
        call(client, "Nothing").await;
    }
    call(&mut phone, "TellOthers").await;
    assert_eq!(laptop.next().await, SAID);
    assert_eq!(bob.next().await, SAID);
    phone
        .check(
            r#"{"type":1,"invocationId":"0","target":"TellOwn","arguments":[]}"#,
            &[SAID, r#"{"type":3,"invocationId":"0","result":null}"#],
        )
        .await;
    assert_eq!(laptop.next().await, SAID);
    // Nothing came to Bob before this.
    call(&mut bob, "Nothing").await;
}

#[tokio::test]
async fn a_guarded_method_is_for_some_callers_only() {
    async fn delete(_: State<()>, id: u32, mut parts: Upload<u32>) -> Result<u32, HubError> {
        use futures_util::StreamExt;
        assert!(parts.next().await.is_none());
        Ok(id)
    }
    async fn watch() -> Result<impl futures_util::Stream<Item = Result<u32, HubError>>, HubError> {
        Ok(futures_util::stream::iter([Ok(1)]))
    }
    let is_admin = |user: &User| user.is_admin;
    let hub = Hub::builder_for::<User, ()>(())
        .on("Delete", authorized(is_admin, delete))
        .stream("Watch", authorized(is_admin, watch))
        .build();
    let address = serve(hub).await;

    let mut eve = open(address, "eve").await;
    // Not even what the method takes is told.
    for arguments in ["[1]", "[]"] {
        eve.check(
            &format!(
                r#"{{"type":1,"invocationId":"0","target":"Delete","arguments":{arguments},"streamIds":["u"]}}"#
            ),
            &[r#"{"type":3,"invocationId":"0","error":"Failed to invoke 'Delete' because user is unauthorized"}"#],
        )
        .await;
    }
    let watch = r#"{"type":4,"invocationId":"0","target":"Watch","arguments":[]}"#;
    eve.check(
        watch,
        &[r#"{"type":3,"invocationId":"0","error":"Failed to invoke 'Watch' because user is unauthorized"}"#],
    )
    .await;

    let mut root = open(address, "root").await;
    root.send(
        r#"{"type":1,"invocationId":"0","target":"Delete","arguments":[1],"streamIds":["u"]}"#,
    )
    .await;
    root.check(
        r#"{"type":3,"invocationId":"u"}"#,
        &[r#"{"type":3,"invocationId":"0","result":1}"#],
    )
    .await;
    root.check(
        watch,
        &[
            r#"{"type":2,"invocationId":"0","item":1}"#,
            r#"{"type":3,"invocationId":"0"}"#,
        ],
    )
    .await;
}

#[tokio::test]
async fn a_guarded_hub_is_for_some_callers_only() {
    let hub = Hub::builder_for::<User, ()>(())
        .authorize(|user: &User| user.is_admin)
        .build();
    let address = serve(hub).await;
    let negotiate = "POST /hub/negotiate?negotiateVersion=1";
    for (user, status) in [("eve", 403), ("root", 200)] {
        let header = format!("X-User: {user}");
        assert_eq!(request(address, negotiate, &[&header]).await.status, status);
    }
    let eve = Client::connect(address, "/hub", &[("x-user", "eve")]).await;
    expect_status(eve, 403);
    open(address, "root").await;
}

#[tokio::test]
async fn a_user_has_only_so_many_connections() {
    let config = HubConfig {
        max_user_connections: 1,
        ..HubConfig::default()
    };
    let hub = Hub::builder_for::<User, ()>(())
        .user(|user: &User| Some(user.name.clone()))
        .on("Nothing", async || Ok::<_, HubError>(()))
        .config(config)
        .build();
    let address = serve(hub).await;
    let mut first = open(address, "ada").await;
    call(&mut first, "Nothing").await;
    let mut second = open(address, "ada").await;
    assert_eq!(
        second.next().await,
        r#"{"type":7,"error":"Connection closed with an error. HubException: Too many connections of this user."}"#
    );
    second.expect_close().await;
    let mut other = open(address, "bob").await;
    call(&mut other, "Nothing").await;
}
