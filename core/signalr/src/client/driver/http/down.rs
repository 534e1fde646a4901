//! What the server says.

use bytes::BytesMut;
use http::{StatusCode, header};
use reqwest::Response;
use tokio::sync::mpsc;

use super::door::{Door, Errand};
use crate::{
    client::driver::{error::ConnectError, transport::Heard},
    events::EventReader,
};

type Tell = mpsc::Sender<Heard>;

/// Waits until the stream of events is open.
pub(super) async fn open_events(door: &mut Door) -> Result<Response, ConnectError> {
    let response = door.request(Errand::events()).await?;
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_events = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    if is_events {
        Ok(response)
    } else {
        let text = "the answer is no stream of events";
        Err(ConnectError::Protocol(text.to_owned()))
    }
}

/// Tells what each event holds, to the end of the answer.
pub(super) async fn read_events(mut response: Response, limit: usize, tell: Tell) {
    let mut reader = EventReader::new(limit);
    while let Ok(Some(chunk)) = response.chunk().await {
        reader.push(&chunk);
        let mut told = Ok(());
        let mut is_silent = true;
        for event in &mut reader {
            is_silent = false;
            told = tell
                .send(event.map_or(Heard::Oversized, Heard::Bytes))
                .await;
        }
        if is_silent {
            told = tell.send(Heard::Alive).await;
        }
        if told.is_err() {
            return;
        }
    }
    tell.send(Heard::Lost).await.ok();
}

/// Polls for the first time, which is answered at once and with nothing.
pub(super) async fn open_polls(door: &mut Door) -> Result<(), ConnectError> {
    match door.request(Errand::poll()).await?.status() {
        StatusCode::NO_CONTENT => {
            let text = "the connection ended before it began";
            Err(ConnectError::Refused(text.to_owned()))
        }
        _ => Ok(()),
    }
}

/// Polls again and again, until it is over.
pub(super) async fn poll(mut door: Door, limit: usize, tell: Tell) {
    loop {
        let heard = match door.request(Errand::poll()).await {
            Ok(response) => read_answer(response, limit).await,
            // The server answers earlier; whatever stands between may not.
            Err(ConnectError::Timeout) => continue,
            Err(_) => Heard::Lost,
        };
        let is_over = matches!(heard, Heard::Oversized | Heard::Lost);
        if tell.send(heard).await.is_err() || is_over {
            return;
        }
    }
}

async fn read_answer(mut response: Response, limit: usize) -> Heard {
    if response.status() == StatusCode::NO_CONTENT {
        return Heard::Lost;
    }
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > limit => return Heard::Oversized,
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) if body.is_empty() => return Heard::Alive,
            Ok(None) => return Heard::Bytes(body.freeze()),
            // Half an answer is lost, and with it whole messages.
            Err(_) => return Heard::Lost,
        }
    }
}
