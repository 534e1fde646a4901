//! Counting in streams, one way, the other way, and both ways at once.
//!
//! Run `cargo run -p vestnik-signalr --features server --example counter`, then connect to
//! `http://127.0.0.1:5000/counter`, `stream("Count", from, to, milliseconds)`,
//! `invoke("Sum", subject)` and `stream("RunningTotal", subject)`.

use std::{convert::Infallible, time::Duration};

use axum::Router;
use futures_util::{Stream, StreamExt, stream};
use tokio::net::TcpListener;
use vestnik_signalr::server::{Hub, HubError, Upload};

/// The longest that a client may make us wait between two numbers.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Counts with a pause before each number. A client that cancels drops the stream where it is.
async fn count(
    from: u32,
    to: u32,
    milliseconds: u64,
) -> Result<impl Stream<Item = Result<u32, Infallible>>, HubError> {
    let pause = Duration::from_millis(milliseconds);
    if pause > LONGEST_PAUSE {
        return Err(HubError::new("nobody counts so slowly"));
    }
    Ok(stream::iter(from..=to).then(move |number| async move {
        tokio::time::sleep(pause).await;
        Ok(number)
    }))
}

/// Adds up what the client sends.
async fn sum(mut numbers: Upload<i64>) -> Result<i64, HubError> {
    let mut total = 0;
    while let Some(number) = numbers.next().await {
        // A client that gives up fails the call by its own words.
        total = add(total, number?)?;
    }
    Ok(total)
}

/// Answers each number with the total so far.
async fn running_total(
    numbers: Upload<i64>,
) -> Result<impl Stream<Item = Result<i64, HubError>>, Infallible> {
    Ok(numbers.scan(0, |total, number| {
        let next = number.and_then(|number| add(*total, number));
        *total = *next.as_ref().unwrap_or(total);
        std::future::ready(Some(next))
    }))
}

fn add(total: i64, number: i64) -> Result<i64, HubError> {
    total
        .checked_add(number)
        .ok_or_else(|| HubError::new("the total is too large"))
}

/// Serves the counter to whoever comes.
pub(crate) async fn serve(listener: TcpListener) -> std::io::Result<()> {
    let hub = Hub::builder(())
        .stream("Count", count)
        .on("Sum", sum)
        .stream("RunningTotal", running_total)
        .build();
    axum::serve(listener, Router::new().nest_service("/counter", hub)).await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    serve(TcpListener::bind("127.0.0.1:5000").await?).await
}
