//! What the server says.

use std::{future::ready, sync::Arc};

use bytes::BytesMut;
use futures_util::future::BoxFuture;
use http::{StatusCode, header};
use reqwest::Response;
use tokio::sync::{Notify, mpsc};

use super::door::{Door, Errand};
use crate::{
    client::driver::{error::ConnectError, transport::Heard},
    events::EventReader,
};

type Tell = mpsc::Sender<Heard>;

/// Waits until the stream of events is open.
pub(super) async fn open_events(door: &Door) -> Result<Response, ConnectError> {
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
pub(super) async fn open_polls(door: &Door) -> Result<(), ConnectError> {
    match door.request(Errand::poll()).await?.status() {
        StatusCode::NO_CONTENT => {
            let text = "the connection ended before it began";
            Err(ConnectError::Refused(text.to_owned()))
        }
        _ => Ok(()),
    }
}

/// Says, for a client of events that is in doubt, whether the server is there and knows it. Whether
/// events still come, only events can tell.
pub(super) async fn knock(door: Door, tell: Tell) {
    let heard = match door.request(Errand::knock()).await {
        Ok(_) => Heard::Alive,
        Err(error) => {
            tracing::debug!(%error, "the server does not answer");
            Heard::Lost
        }
    };
    tell.send(heard).await.ok();
}

/// One poll.
type Poll = BoxFuture<'static, Polled>;

/// What came of a poll.
enum Polled {
    Heard(Heard),
    /// The server ended it in order: the connection is over, or another poll came in its place.
    Ended,
}

/// Polls again and again, until it is over.
///
/// In doubt it polls once more beside the poll that waits. The server ends the older of two polls,
/// so that an answer to that one shows that its way still works; and nothing that it was answered
/// before is lost.
pub(super) async fn poll(door: Door, limit: usize, tell: Tell, doubt: Arc<Notify>) {
    let mut polling = begin_poll(&door, limit);
    loop {
        let heard = tokio::select! {
            polled = &mut polling => {
                polling = begin_poll(&door, limit);
                match polled {
                    Polled::Heard(heard) => heard,
                    Polled::Ended => Heard::Lost,
                }
            }
            () = doubt.notified() => {
                let next = begin_poll(&door, limit);
                let (heard, next) = hand_over(polling, next).await;
                polling = next;
                heard
            }
        };
        let is_over = matches!(heard, Heard::Oversized | Heard::Lost);
        if tell.send(heard).await.is_err() || is_over {
            return;
        }
    }
}

/// Waits until the older of two polls is answered, unless the newer fails.
async fn hand_over(mut older: Poll, mut newer: Poll) -> (Heard, Poll) {
    let mut early = None;
    let polled = loop {
        tokio::select! {
            polled = &mut older => break polled,
            polled = &mut newer, if early.is_none() => match polled {
                Polled::Heard(Heard::Lost) => break polled,
                Polled::Heard(_) | Polled::Ended => early = Some(polled),
            },
        }
    };
    let newer = early.map_or(newer, |polled| Box::pin(ready(polled)));
    match polled {
        Polled::Heard(heard) => (heard, newer),
        Polled::Ended => (Heard::Alive, newer),
    }
}

fn begin_poll(door: &Door, limit: usize) -> Poll {
    let door = door.clone();
    Box::pin(async move {
        loop {
            match door.request(Errand::poll()).await {
                Ok(response) => return read_answer(response, limit).await,
                // The server answers earlier; whatever stands between may not.
                Err(ConnectError::Timeout) => {}
                Err(_) => return Polled::Heard(Heard::Lost),
            }
        }
    })
}

async fn read_answer(mut response: Response, limit: usize) -> Polled {
    if response.status() == StatusCode::NO_CONTENT {
        return Polled::Ended;
    }
    let mut body = BytesMut::new();
    Polled::Heard(loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > limit => break Heard::Oversized,
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) if body.is_empty() => break Heard::Alive,
            Ok(None) => break Heard::Bytes(body.freeze()),
            // Half an answer is lost, and with it whole messages.
            Err(_) => break Heard::Lost,
        }
    })
}
