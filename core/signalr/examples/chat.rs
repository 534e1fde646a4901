//! A chat room: every official SignalR client can join it.
//!
//! Run `cargo run -p vestnik-signalr --features server --example chat`, then connect to
//! `http://127.0.0.1:5000/chat`, `invoke("Join", room, name)`, `send("Say", text)`
//! and listen to `Said(name, text)`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::Router;
use tokio::net::TcpListener;
use vestnik_signalr::server::{Connection, ConnectionId, Frame, Hub, HubError, State};

/// Who sits where, by connection.
#[derive(Clone, Default)]
struct Seats(Arc<Mutex<BTreeMap<ConnectionId, Seat>>>);

#[derive(Clone)]
struct Seat {
    room: String,
    name: String,
}

async fn join(
    State(seats): State<Seats>,
    connection: Connection,
    room: String,
    name: String,
) -> Result<usize, HubError> {
    connection.join(&room);
    let count = connection.hub().group(&room).count();
    seats.change(|seats| seats.insert(connection.id().clone(), Seat { room, name }));
    Ok(count)
}

async fn say(
    State(seats): State<Seats>,
    connection: Connection,
    text: String,
) -> Result<(), HubError> {
    let seat = seats.change(|seats| seats.get(connection.id()).cloned());
    let Seat { room, name } = seat.ok_or_else(|| HubError::new("join a room first"))?;
    let frame = Frame::new("Said", (name, text));
    // Whoever reads too slowly misses a line; a chat can live with that.
    connection.hub().group(room).send(&frame);
    Ok(())
}

async fn leave(State(seats): State<Seats>, connection: Connection) -> Result<(), HubError> {
    seats.change(|seats| seats.remove(connection.id()));
    Ok(())
}

impl Seats {
    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<ConnectionId, Seat>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Serves the chat to whoever comes.
pub(crate) async fn serve(listener: TcpListener) -> std::io::Result<()> {
    let hub = Hub::builder(Seats::default())
        .on("Join", join)
        .on("Say", say)
        .on_disconnected(leave)
        .build();
    axum::serve(listener, Router::new().nest_service("/chat", hub)).await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    serve(TcpListener::bind("127.0.0.1:5000").await?).await
}
