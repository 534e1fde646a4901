//! The transports of plain HTTP: what the server says comes by one task, what it is told goes by
//! another, both of which end with the connection.

mod door;
mod down;
mod up;

use std::{
    sync::Arc,
    task::{Context, Poll, Waker, ready},
};

use tokio::sync::{Notify, mpsc};
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
    door: Door,
    way: Way,
}

/// How the server is heard, and how it is made to say something.
enum Way {
    Events {
        tell: mpsc::Sender<Heard>,
        knocking: Option<AbortOnDropHandle<()>>,
    },
    Polls {
        doubt: Arc<Notify>,
    },
}

impl HttpTransport {
    /// Opens the stream of events. `limit` is how large one may be.
    pub(crate) async fn open_events(door: Door, limit: usize) -> Result<Self, ConnectError> {
        let response = down::open_events(&door).await?;
        let (tell, heard) = mpsc::channel(1);
        let down = down::read_events(response, limit, tell.clone());
        let way = Way::Events {
            tell: tell.clone(),
            knocking: None,
        };
        Ok(Self::new(door, way, down, (tell, heard)))
    }

    /// Polls for the first time. `limit` is how large an answer may be.
    pub(crate) async fn open_polls(door: Door, limit: usize) -> Result<Self, ConnectError> {
        down::open_polls(&door).await?;
        let (tell, heard) = mpsc::channel(1);
        let doubt = Arc::new(Notify::new());
        let down = down::poll(door.clone(), limit, tell.clone(), Arc::clone(&doubt));
        Ok(Self::new(door, Way::Polls { doubt }, down, (tell, heard)))
    }

    fn new(
        door: Door,
        way: Way,
        down: impl Future<Output = ()> + Send + 'static,
        (tell, heard): (mpsc::Sender<Heard>, mpsc::Receiver<Heard>),
    ) -> Self {
        let (batches, queue) = mpsc::channel(WAITING_BATCHES);
        let up = up::send_all(door.clone(), queue, tell);
        Self {
            heard,
            batches: Some(PollSender::new(batches)),
            unsent: None,
            down: AbortOnDropHandle::new(tokio::spawn(down)),
            up: AbortOnDropHandle::new(tokio::spawn(up)),
            door,
            way,
        }
    }

    pub(crate) const fn carrier(&self) -> Carrier {
        match self.way {
            Way::Polls { .. } => Carrier::LONG_POLLING,
            Way::Events { .. } => Carrier::SERVER_SENT_EVENTS,
        }
    }

    /// Makes the server answer, over connections of their own.
    pub(crate) fn probe(&mut self) {
        self.door.renew();
        match &mut self.way {
            Way::Events { tell, knocking } => {
                let knock = down::knock(self.door.clone(), tell.clone());
                *knocking = Some(AbortOnDropHandle::new(tokio::spawn(knock)));
            }
            Way::Polls { doubt } => doubt.notify_one(),
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
        if let Way::Polls { .. } = self.way {
            self.door.request(Errand::leave()).await.ok();
        }
    }
}
