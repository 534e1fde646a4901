//! A small hub as a user of the library would write it, with a second hub to steer it by.

use anyhow::Result;
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tower_service::Service as _;
use vestnik_signalr::server::{
    Caller, Connection, Frame, Hub, HubError, HubHandle, HubService, State,
};

/// Who a client says that it is: the benches have no secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
struct User(String);

/// Serves until the process is ended, on one thread.
pub(crate) fn serve(port: u16) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(accept(port))
}

async fn accept(port: u16) -> Result<()> {
    let hub = Hub::builder_for::<User, ()>(())
        .on("Echo", echo)
        .on_connected(welcome)
        .build();
    let control = Hub::builder(hub.handle().clone())
        .on("Publish", publish)
        .on("Unicast", unicast)
        .build();
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(serve_one(stream, hub.clone(), control.clone()));
    }
}

async fn serve_one(stream: TcpStream, hub: HubService<(), User>, control: HubService<HubHandle>) {
    // Without it each small message waits for the one before.
    stream.set_nodelay(true).ok();
    let answer = service_fn(move |mut request: Request<Incoming>| {
        let (mut hub, mut control) = (hub.clone(), control.clone());
        async move {
            let Some(user) = user_of(&request) else {
                return control.call(request).await;
            };
            request.extensions_mut().insert(user);
            hub.call(request).await
        }
    });
    let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
    // A client that goes away in the middle is no concern of the others.
    serving.with_upgrades().await.ok();
}

/// The user that a request of the hub names; any other request is for the control hub.
fn user_of(request: &Request<Incoming>) -> Option<User> {
    let query = request.uri().query()?;
    let user = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("user="))?;
    Some(User(user.to_owned()))
}

async fn welcome(Caller(User(name)): Caller<User>, connection: Connection) -> Result<(), HubError> {
    connection.join(&name);
    Ok(())
}

async fn echo(payload: String) -> Result<String, HubError> {
    Ok(payload)
}

async fn publish(State(hub): State<HubHandle>, payload: String) -> Result<(), HubError> {
    let frame = Frame::new("Notify", (payload,));
    hub.all().send(&frame);
    Ok(())
}

async fn unicast(
    State(hub): State<HubHandle>,
    users: Vec<u32>,
    payload: String,
) -> Result<(), HubError> {
    for user in users {
        // Each message is its own, as it would be from a queue of different ones.
        let frame = Frame::new("Notify", (payload.clone(),));
        hub.group(user.to_string()).send(&frame);
    }
    Ok(())
}
