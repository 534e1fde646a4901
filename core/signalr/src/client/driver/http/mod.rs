//! The transports of plain HTTP: what the server says comes by one task, what it is told goes by
//! another, both of which end with the connection.

mod door;
mod down;
mod up;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

pub(crate) use self::door::Door;
use self::{door::Errand, up::Batch};
use super::{
    error::ConnectError,
    transport::{Broken, Heard},
};
use crate::{carrier::Carrier, protocol::TransferFormat};

/// How many batches wait for the one that is being sent; they go out together.
const WAITING_BATCHES: usize = 16;

/// An open connection by Server-Sent Events or by long polling.
pub(crate) struct HttpTransport {
    heard: mpsc::Receiver<Heard>,
    /// Absent once the connection is being closed.
    batches: Option<mpsc::Sender<Batch>>,
    down: AbortOnDropHandle<()>,
    up: AbortOnDropHandle<()>,
    polls: Option<Door>,
}

impl HttpTransport {
    /// Opens the stream of events. `limit` is how large one may be.
    pub(crate) async fn open_events(door: Door, limit: usize) -> Result<Self, ConnectError> {
        let mut down = door.clone();
        let response = down::open_events(&mut down).await?;
        Ok(Self::new(door, None, |heard| {
            down::read_events(response, limit, heard)
        }))
    }

    /// Polls for the first time. `limit` is how large an answer may be.
    pub(crate) async fn open_polls(door: Door, limit: usize) -> Result<Self, ConnectError> {
        let mut down = door.clone();
        down::open_polls(&mut down).await?;
        Ok(Self::new(door.clone(), Some(door), |heard| {
            down::poll(down, limit, heard)
        }))
    }

    fn new<F>(door: Door, polls: Option<Door>, down: impl FnOnce(mpsc::Sender<Heard>) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (tell, heard) = mpsc::channel(1);
        let (batches, queue) = mpsc::channel(WAITING_BATCHES);
        let up = up::send_all(door, queue, tell.clone());
        Self {
            heard,
            batches: Some(batches),
            down: AbortOnDropHandle::new(tokio::spawn(down(tell))),
            up: AbortOnDropHandle::new(tokio::spawn(up)),
            polls,
        }
    }

    pub(crate) const fn carrier(&self) -> Carrier {
        match self.polls {
            Some(_) => Carrier::LONG_POLLING,
            None => Carrier::SERVER_SENT_EVENTS,
        }
    }

    pub(crate) async fn hear(&mut self) -> Heard {
        self.heard.recv().await.unwrap_or(Heard::Lost)
    }

    pub(crate) async fn send(
        &mut self,
        bytes: Bytes,
        format: TransferFormat,
    ) -> Result<(), Broken> {
        let batches = self.batches.as_ref().ok_or(Broken)?;
        let batch = Batch { bytes, format };
        batches.send(batch).await.map_err(|_| Broken)
    }

    /// Sends what waits, then leaves.
    pub(crate) async fn close(&mut self) {
        self.batches = None;
        // Whoever cannot be told has nothing to be told.
        (&mut self.up).await.ok();
        self.down.abort();
        if let Some(door) = &mut self.polls {
            door.request(Errand::leave()).await.ok();
        }
    }
}
