//! The transports of plain HTTP: what the server says comes by one task, what it is told goes by
//! another, both of which end with the connection.

mod door;
mod down;
mod up;

use std::task::{Context, Poll, Waker, ready};

use tokio::sync::mpsc;
use tokio_util::{sync::PollSender, task::AbortOnDropHandle};

pub(crate) use self::door::Door;
use self::{door::Errand, up::Batch};
use super::{
    error::ConnectError,
    transport::{Broken, Event, Heard},
};
use crate::{carrier::Carrier, protocol::TransferFormat};

/// How many batches wait for the one that is being sent; they go out together.
const WAITING_BATCHES: usize = 16;

/// An open connection by Server-Sent Events or by long polling.
pub(crate) struct HttpTransport {
    heard: mpsc::Receiver<Heard>,
    /// Absent once the connection is being closed.
    batches: Option<PollSender<Batch>>,
    /// Waits for a place among those.
    unsent: Option<Batch>,
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
            batches: Some(PollSender::new(batches)),
            unsent: None,
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

    pub(crate) const fn is_writing(&self) -> bool {
        self.unsent.is_some()
    }

    /// Begins to send whole messages, when no others wait for their place.
    pub(crate) fn write(&mut self, batch: Vec<u8>, format: TransferFormat) -> Result<(), Broken> {
        self.unsent = Some(Batch {
            bytes: batch.into(),
            format,
        });
        let mut context = Context::from_waker(Waker::noop());
        match self.poll_send(&mut context) {
            Poll::Ready(Event::Broken) => Err(Broken),
            Poll::Ready(Event::Written | Event::Heard(_)) | Poll::Pending => Ok(()),
        }
    }

    /// Carries the write on, and hears the server if `read`.
    pub(crate) fn poll_event(&mut self, context: &mut Context<'_>, read: bool) -> Poll<Event> {
        if self.is_writing()
            && let Poll::Ready(event) = self.poll_send(context)
        {
            return Poll::Ready(event);
        }
        if read {
            let heard = self.heard.poll_recv(context);
            heard.map(|heard| Event::Heard(heard.unwrap_or(Heard::Lost)))
        } else {
            Poll::Pending
        }
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        let Some(batches) = &mut self.batches else {
            return Poll::Ready(Event::Broken);
        };
        let reserved = ready!(batches.poll_reserve(context));
        let sent = match self.unsent.take() {
            Some(batch) => reserved.and_then(|()| batches.send_item(batch)),
            None => reserved,
        };
        Poll::Ready(sent.map_or(Event::Broken, |()| Event::Written))
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
