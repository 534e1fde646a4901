//! The hub that clients are tried at, open to all and behind a bearer token.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Request, State as Shared},
    http::{StatusCode, header::AUTHORIZATION},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::post,
};
use futures_util::{Stream, StreamExt as _, stream};
use serde_json::{Value, json};
use tokio_stream::wrappers::IntervalStream;
use vestnik_signalr::server::{
    Caller, Connection, Frame, Hub, HubBuilder, HubConfig, HubError, State, Upload,
    machine::StatefulReconnect,
};

use crate::proxy::Cuts;

/// What the handlers share.
#[derive(Debug, Clone, Default)]
struct Facts {
    /// How many endless streams were stopped.
    stopped: Arc<AtomicU32>,
}

/// Everything that clients are sent to. They reach it by `address`, which cuts can be made at.
pub(crate) fn router(address: &str, cuts: Cuts) -> Router {
    let config = HubConfig {
        stateful_reconnect: Some(StatefulReconnect::default()),
        ..HubConfig::default()
    };
    let open = methods(Hub::builder(Facts::default()))
        .config(config)
        .build();
    let known = methods(Hub::builder_for::<User, Facts>(Facts::default()))
        .on("WhoAmI", who_am_i)
        .build();
    let known = Router::new()
        .nest_service("/secure", known)
        .layer(middleware::from_fn(authenticate));
    let target = json!({"url": format!("{address}/secure?kept=1"), "accessToken": "redirected"});
    Router::new()
        .nest_service("/hub", open)
        .merge(known)
        .route("/redirect/negotiate", post(async || Json(target)))
        .route("/cut", post(cut))
        .with_state(cuts)
}

fn methods<U>(hub: HubBuilder<Facts, U>) -> HubBuilder<Facts, U>
where
    U: Clone + PartialEq + Send + Sync + 'static,
{
    hub.on("Echo", echo)
        .on("Nothing", nothing)
        .on("Fail", fail)
        .on("Add", add)
        .stream("Count", count)
        .stream("Forever", forever)
        .on("Stopped", stopped)
        .on("Sum", sum)
        .on("SumLater", sum_later)
        .stream("Double", double)
        .on("AskMe", ask_me)
        .on("Join", join)
        .on("Say", say)
        .on("CloseMe", close_me)
        .on("Flood", flood)
}

async fn cut(Shared(cuts): Shared<Cuts>) -> StatusCode {
    cuts.cut();
    StatusCode::NO_CONTENT
}

/// Who a bearer token says the caller is: the token itself.
#[derive(Debug, Clone, PartialEq)]
struct User(String);

async fn authenticate(mut request: Request, next: Next) -> Response {
    let header = request.headers().get(AUTHORIZATION);
    let header = header
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let query = request.uri().query().unwrap_or_default();
    let query = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("access_token="));
    match header.or(query).map(str::to_owned) {
        Some(token) => {
            request.extensions_mut().insert(User(token));
            next.run(request).await
        }
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn who_am_i(Caller(User(name)): Caller<User>) -> Result<String, HubError> {
    Ok(name)
}

async fn echo(value: Value) -> Result<Value, HubError> {
    Ok(value)
}

async fn nothing() -> Result<(), HubError> {
    Ok(())
}

async fn fail(text: String) -> Result<(), HubError> {
    Err(HubError::new(text))
}

async fn add(a: i64, b: i64) -> Result<i64, HubError> {
    a.checked_add(b)
        .ok_or_else(|| HubError::new("the sum is too large"))
}

async fn count(
    to: u32,
) -> Result<impl Stream<Item = Result<u32, HubError>> + Send + 'static, HubError> {
    Ok(stream::iter(0..to).map(Ok))
}

async fn forever(
    State(facts): State<Facts>,
) -> Result<impl Stream<Item = Result<u32, HubError>> + Send + 'static, HubError> {
    let stopped = Stopped(facts.stopped);
    let ticks = IntervalStream::new(tokio::time::interval(Duration::from_millis(5)));
    Ok(ticks.enumerate().map(move |(index, _)| {
        let _held = &stopped;
        Ok(u32::try_from(index).unwrap_or(u32::MAX))
    }))
}

/// Counts a stream that is dropped.
struct Stopped(Arc<AtomicU32>);

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

async fn stopped(State(facts): State<Facts>) -> Result<u32, HubError> {
    Ok(facts.stopped.load(Ordering::Relaxed))
}

async fn sum(mut numbers: Upload<i64>) -> Result<i64, HubError> {
    let mut sum = 0;
    while let Some(number) = numbers.next().await {
        sum += number?;
    }
    Ok(sum)
}

/// As `sum`, for clients whose uploads get no answer: calls them instead.
async fn sum_later(connection: Connection, numbers: Upload<i64>) -> Result<(), HubError> {
    let frame = Frame::new("Summed", (sum(numbers).await?,));
    connection.send(&frame).await.map_err(HubError::internal)
}

async fn double(
    numbers: Upload<i64>,
) -> Result<impl Stream<Item = Result<i64, HubError>> + Send + 'static, HubError> {
    Ok(numbers.map(|number| Ok(number? * 2)))
}

/// Asks the caller for a text, in the middle of its own call.
async fn ask_me(connection: Connection, question: String) -> Result<String, HubError> {
    let patience = Duration::from_mins(5);
    let answer: String = connection
        .invoke("Answer", &(question,), patience)
        .await
        .map_err(|error| HubError::new(error.to_string()))?;
    Ok(format!("{answer}, it said"))
}

async fn join(connection: Connection, group: String) -> Result<(), HubError> {
    connection.join(&group);
    Ok(())
}

async fn say(connection: Connection, group: String, text: String) -> Result<(), HubError> {
    let frame = Frame::new("Said", (text,));
    connection.hub().group(&group).send(&frame);
    Ok(())
}

async fn close_me(connection: Connection, allow_reconnect: bool) -> Result<(), HubError> {
    connection.close(allow_reconnect);
    Ok(())
}

/// Calls the caller so many times, in order.
async fn flood(connection: Connection, count: u32) -> Result<(), HubError> {
    for number in 0..count {
        let frame = Frame::new("Drop", (number,));
        connection.send(&frame).await.map_err(HubError::internal)?;
    }
    Ok(())
}
