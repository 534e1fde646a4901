//! Server-Sent Events: one endless answer down, a `POST` for each message up.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::sync::mpsc;

use super::{
    Broken, SocketEvent,
    receipt::{self, Held, Receipt},
    sends::{self, Received, Sends},
};
use crate::events;

/// Sent first and at once: Firefox takes a stream for open when something comes.
const GREETING: Bytes = Bytes::from_static(b":\r\n");

/// Makes the ends of a connection by Server-Sent Events: for requests, for the answer, for the task.
pub(crate) fn event_stream(write_stall: Duration) -> (Sends, EventBody, EventSocket) {
    let (sends, received) = sends::channel();
    let (writes, batches) = mpsc::channel(1);
    let (held, answer) = receipt::held();
    let body = EventBody {
        greeted: false,
        batches,
        _held: held,
    };
    let socket = EventSocket {
        received,
        writes,
        answer,
        in_flight: None,
        write_stall,
    };
    (sends, body, socket)
}

/// The body of the answer. It ends with its connection.
#[derive(Debug)]
pub(crate) struct EventBody {
    greeted: bool,
    batches: mpsc::Receiver<Bytes>,
    _held: Held,
}

impl Body for EventBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !self.greeted {
            self.greeted = true;
            return Poll::Ready(Some(Ok(Frame::data(GREETING))));
        }
        let batch = ready!(self.batches.poll_recv(context));
        Poll::Ready(batch.map(|batch| Ok(Frame::data(batch))))
    }
}

/// The task's end.
#[derive(Debug)]
pub(crate) struct EventSocket {
    received: Received,
    writes: mpsc::Sender<Bytes>,
    /// Gone when the client is.
    answer: Receipt,
    /// The write that is not known to be done, and when it began.
    in_flight: Option<(Receipt, Instant)>,
    write_stall: Duration,
}

impl EventSocket {
    pub(crate) fn is_writing(&self) -> bool {
        self.in_flight.is_some()
    }

    /// When to give the client up if nothing happens.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let (_, began) = self.in_flight.as_ref()?;
        Some(*began + self.write_stall)
    }

    /// Begins to write whole messages as one event.
    pub(crate) fn write(&mut self, now: Instant, batch: &[u8]) -> Result<(), Broken> {
        let (bytes, receipt) = receipt::watched(events::encode(batch));
        self.writes.try_send(bytes).map_err(|_| Broken)?;
        self.in_flight = Some((receipt, now));
        Ok(())
    }

    pub(crate) fn poll_event(
        &mut self,
        context: &mut Context<'_>,
        read: bool,
    ) -> Poll<SocketEvent> {
        if self.answer.poll_gone(context).is_ready() {
            return Poll::Ready(SocketEvent::Lost);
        }
        if let Some((receipt, _)) = &mut self.in_flight
            && receipt.poll_gone(context).is_ready()
        {
            // An HTTP connection that breaks releases its bytes and its answer one after the other.
            if self.answer.poll_gone(context).is_ready() {
                return Poll::Ready(SocketEvent::Lost);
            }
            self.in_flight = None;
            return Poll::Ready(SocketEvent::Ready);
        }
        if !read {
            return Poll::Pending;
        }
        self.received.poll_next(context).map(SocketEvent::Received)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_util::FutureExt;
    use http_body_util::BodyExt;

    use super::*;
    use crate::server::clock;

    #[tokio::test]
    async fn writes_one_event_at_a_time_until_the_client_is_gone() {
        let (_sends, mut body, mut socket) = event_stream(Duration::from_secs(10));
        let now = clock::now();
        socket.write(now, b"a").unwrap();
        assert!(socket.is_writing());
        assert_eq!(socket.write(now, b"b"), Err(Broken), "one write at a time");
        assert_eq!(socket.deadline(), Some(now + Duration::from_secs(10)));
        assert_eq!(next(&mut body).await.unwrap(), ":\r\n");
        let sent = next(&mut body).await.unwrap();
        let mut ready = Box::pin(poll_fn(|cx| socket.poll_event(cx, true)));
        assert!(ready.as_mut().now_or_never().is_none(), "not yet written");
        assert_eq!(sent, "data: a\r\n\r\n");
        drop(sent);
        assert!(matches!(ready.await, SocketEvent::Ready));
        assert!(!socket.is_writing() && socket.deadline().is_none());
        drop(body);
        let event = poll_fn(|cx| socket.poll_event(cx, true)).await;
        assert!(matches!(event, SocketEvent::Lost));
    }

    #[tokio::test]
    async fn the_answer_ends_with_the_task() {
        let (_sends, mut body, socket) = event_stream(Duration::from_secs(10));
        drop(socket);
        assert_eq!(next(&mut body).await.unwrap(), ":\r\n");
        assert_eq!(next(&mut body).await, None);
    }

    async fn next(body: &mut EventBody) -> Option<Bytes> {
        let frame = body.frame().await?;
        Some(frame.unwrap().into_data().unwrap())
    }
}
