use std::{
    fmt,
    marker::PhantomData,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use futures_util::Stream;
use serde::de::DeserializeOwned;
use tokio::sync::{Notify, mpsc};

use super::error::HubError;
use crate::{payload::Payload, server::machine::UploadKey};

/// Extracts a stream that the client sends along with the call (`HubProtocol.md`, Upload streaming).
///
/// A handler's `Upload` parameters are bound to the client's streams in order;
/// they count as no arguments. An item that is no `T` fails the stream, and so
/// does the client's own error or the end of the connection or of the call;
/// after an error nothing more comes. A full buffer stops the reading of that
/// one connection, so a handler that is done with a stream drops it.
pub struct Upload<T> {
    /// Absent after the end.
    source: Option<UploadSource>,
    items: PhantomData<fn() -> T>,
}

impl<T> Upload<T> {
    pub(super) fn new(source: UploadSource) -> Self {
        Self {
            source: Some(source),
            items: PhantomData,
        }
    }
}

impl<T: DeserializeOwned> Stream for Upload<T> {
    type Item = Result<T, HubError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(source) = &mut self.source else {
            return Poll::Ready(None);
        };
        let item = match ready!(source.parts.poll_recv(context)) {
            Some(UploadPart::Item(item)) => {
                source.taken.push(Taken::Item(source.key));
                let bound = item.bind();
                Some(bound.map_err(|_| HubError::new("Failed to bind Stream message.")))
            }
            Some(UploadPart::End(None)) => None,
            Some(UploadPart::End(Some(text))) => Some(Err(HubError::new(text))),
            None => Some(Err(HubError::internal(
                "the connection or the call ended before the stream did",
            ))),
        };
        if !matches!(item, Some(Ok(_))) {
            self.source = None;
        }
        Poll::Ready(item)
    }
}

impl<T> fmt::Debug for Upload<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("has_ended", &self.source.is_none())
            .finish_non_exhaustive()
    }
}

/// Where the parts of an upload come from. Dropping it says that no more are wanted.
pub(crate) struct UploadSource {
    pub(crate) key: UploadKey,
    pub(crate) parts: mpsc::Receiver<UploadPart>,
    pub(crate) taken: Arc<TakenLog>,
}

impl Drop for UploadSource {
    fn drop(&mut self) {
        self.taken.push(Taken::Whole(self.key));
    }
}

/// A part of an upload; a stream that has no end was broken off.
#[derive(Debug)]
pub(crate) enum UploadPart {
    Item(Payload),
    /// The client's end, by an error if there is a text.
    End(Option<String>),
}

/// What a handler no longer leaves waiting.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Taken {
    Item(UploadKey),
    /// The handler is done with the stream.
    Whole(UploadKey),
}

/// How handlers tell their connection's task what they took. It holds at most what was given out.
#[derive(Debug, Default)]
pub(crate) struct TakenLog {
    entries: Mutex<Vec<Taken>>,
    changed: Notify,
}

impl TakenLog {
    fn push(&self, taken: Taken) {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(taken);
        self.changed.notify_one();
    }

    /// Waits for the next entry, in no special order. Cancel safe; one waiter only.
    pub(crate) async fn next(&self) -> Taken {
        loop {
            let entry = self
                .entries
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            match entry {
                Some(taken) => return taken,
                None => self.changed.notified().await,
            }
        }
    }
}
