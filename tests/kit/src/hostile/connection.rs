//! One TCP connection: an HTTP request and its answer, or the hub behind an upgrade.

use std::sync::Arc;

use tokio::{
    io::{AsyncBufRead, AsyncWrite, BufReader},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{
    http::HttpRequest,
    hub::Hub,
    journal::Received,
    rest::{self, Next},
    route::Route,
    world::World,
};

/// Serves a connection to its end.
pub(super) async fn serve(world: Arc<World>, stream: TcpStream) {
    let mut cut = world.cut.subscribe();
    // Without it, bytes that are sent alone would be put together again by the kernel.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let next = tokio::select! {
        next = converse(&world, &mut read, &mut write) => next.unwrap_or(Next::End),
        _ = cut.changed() => Next::Cut,
    };
    match next {
        Next::Silence => rest::until_hung_up(&mut read).await,
        Next::Cut => {
            // What is on its way is lost too. A socket that refuses the option ends in order.
            drop(write.as_ref().set_zero_linger());
            // Dropped, it would say that it ends before the reset does.
            write.forget();
        }
        Next::End | Next::Proceed => {}
    }
}

async fn converse(
    world: &Arc<World>,
    read: &mut (impl AsyncBufRead + Unpin),
    write: &mut (impl AsyncWrite + Unpin),
) -> anyhow::Result<Next> {
    let request = HttpRequest::read(read).await?;
    let received = received(&request);
    let route = received.route;
    let order = world.take(received);
    let is_upgrade = route == Route::Upgrade;
    let next = rest::answer(world, order, is_upgrade, write).await?;
    if next != Next::Proceed {
        return Ok(next);
    }
    let key = request.headers.get("sec-websocket-key");
    let key = derive_accept_key(key.map_or(&b""[..], |key| key.as_bytes()));
    let accepted = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {key}\r\n\r\n"
    );
    world.valve.write(write, accepted.as_bytes()).await?;
    let hub = Hub {
        world: Arc::clone(world),
        number: world.number(),
        token: request.token(),
    };
    let ending = Ending(&hub);
    let next = ending.0.run(read, write).await;
    drop(ending);
    next
}

/// Notes the end of a hub connection, whatever ended it.
struct Ending<'a>(&'a Hub);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.world.ended(self.0.number);
    }
}

fn received(request: &HttpRequest) -> Received {
    Received {
        route: Route::of_request(&request.method, &request.target),
        connection: None,
        token: request.token(),
        user: None,
        target: request.target.clone(),
        headers: request.headers.clone(),
        body: serde_json::from_slice(&request.body).unwrap_or_default(),
    }
}
