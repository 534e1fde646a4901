//! Long polling: each `GET` waits for something to take down, a `POST` for each message up.

use std::{
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::{
    SocketEvent,
    receipt::{self, Receipt},
    sends::{self, Received, Sends},
};
use crate::server::clock;

/// How long a client of long polling may make no progress.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Without a poll.
    pub(crate) absence: Duration,
    /// With an answer that it does not read.
    pub(crate) write_stall: Duration,
}

/// Makes the ends of a connection by long polling: for requests, for the task.
pub(crate) fn long_polling(patience: Patience) -> (PollLink, PollSocket) {
    let (sends, received) = sends::channel();
    let (knocks, door) = mpsc::channel(1);
    let socket = PollSocket {
        received,
        door,
        poll: None,
        unsent: None,
        in_flight: None,
        quiet_since: clock::now(),
        patience,
    };
    (PollLink { sends, knocks }, socket)
}

/// The requests' end.
#[derive(Debug, Clone)]
pub(crate) struct PollLink {
    sends: Sends,
    knocks: mpsc::Sender<Knock>,
}

/// What a request wants of the task.
#[derive(Debug)]
enum Knock {
    /// Whatever there is to send. Dropped when the poll is over without it.
    Poll(oneshot::Sender<Bytes>),
    Leave,
}

/// What a poll is answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PollAnswer {
    Data(Bytes),
    /// Nothing came in time; poll again.
    Nothing,
    /// The connection ended, or a newer poll took this one's place.
    Over,
    /// The connection had ended before.
    Gone,
}

impl PollLink {
    /// Waits for something to send, at most until the timeout.
    pub(crate) async fn poll(&self, timeout: Duration) -> PollAnswer {
        let (sender, mut answer) = oneshot::channel();
        if self.knocks.send(Knock::Poll(sender)).await.is_err() {
            return PollAnswer::Gone;
        }
        match tokio::time::timeout(timeout, &mut answer).await {
            Ok(Ok(bytes)) => PollAnswer::Data(bytes),
            Ok(Err(_)) => PollAnswer::Over,
            Err(_) => {
                // What the task sent in this very moment is not lost.
                answer.close();
                answer
                    .try_recv()
                    .map_or(PollAnswer::Nothing, PollAnswer::Data)
            }
        }
    }

    pub(crate) fn into_sends(self) -> Sends {
        self.sends
    }

    /// Tells the task that the client leaves.
    pub(crate) async fn leave(&self) {
        // A task that ended has nothing to be told.
        self.knocks.send(Knock::Leave).await.ok();
    }
}

/// The task's end.
///
/// A write goes out with the poll that waits, or with the next one.
#[derive(Debug)]
pub(crate) struct PollSocket {
    received: Received,
    door: mpsc::Receiver<Knock>,
    /// The poll that waits.
    poll: Option<oneshot::Sender<Bytes>>,
    /// What was to be written when the poll went away.
    unsent: Option<Bytes>,
    /// The answer that is being written.
    in_flight: Option<Receipt>,
    /// When the last poll went away, or the answer in flight began.
    quiet_since: Instant,
    patience: Patience,
}

impl PollSocket {
    pub(crate) fn is_writing(&self) -> bool {
        self.unsent.is_some() || self.in_flight.is_some()
    }

    /// Whether a poll waits to take a write.
    pub(crate) fn is_ready(&self) -> bool {
        self.poll.is_some() && !self.is_writing()
    }

    /// When to give the client up if nothing happens.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        if self.in_flight.is_some() {
            return Some(self.quiet_since + self.patience.write_stall);
        }
        let absent = self.poll.is_none();
        absent.then(|| self.quiet_since + self.patience.absence)
    }

    /// Answers the poll that waits with whole messages.
    pub(crate) fn write(&mut self, now: Instant, batch: Bytes) {
        let Some(poll) = self.poll.take() else {
            self.unsent = Some(batch);
            return;
        };
        self.quiet_since = now;
        let (bytes, receipt) = receipt::watched(batch.clone());
        match poll.send(bytes) {
            Ok(()) => self.in_flight = Some(receipt),
            Err(_) => self.unsent = Some(batch),
        }
    }

    pub(crate) fn poll_event(
        &mut self,
        context: &mut Context<'_>,
        read: bool,
    ) -> Poll<SocketEvent> {
        let before = (self.is_writing(), self.is_ready());
        self.look_after_answers(context);
        while let Poll::Ready(knock) = self.door.poll_recv(context) {
            match knock {
                Some(Knock::Poll(poll)) => self.poll = Some(poll),
                Some(Knock::Leave) | None => return Poll::Ready(SocketEvent::Closed),
            }
            self.look_after_answers(context);
        }
        if before != (self.is_writing(), self.is_ready()) {
            return Poll::Ready(SocketEvent::Ready);
        }
        if !read {
            return Poll::Pending;
        }
        self.received.poll_next(context).map(SocketEvent::Received)
    }

    /// Notices answers that are written and polls that went away, and sends what could not be sent.
    fn look_after_answers(&mut self, context: &mut Context<'_>) {
        let in_flight = self.in_flight.as_mut();
        if in_flight.is_some_and(|receipt| receipt.poll_gone(context).is_ready()) {
            self.in_flight = None;
            self.quiet_since = clock::now();
        }
        let poll = self.poll.as_mut();
        if poll.is_some_and(|poll| poll.poll_closed(context).is_ready()) {
            self.poll = None;
            self.quiet_since = clock::now();
        }
        if self.in_flight.is_none()
            && self.poll.is_some()
            && let Some(batch) = self.unsent.take()
        {
            self.write(clock::now(), batch);
            self.look_after_answers(context);
        }
    }

    /// Tells the client that it is over, by the poll that waits or by the next one.
    pub(crate) async fn close(self) {
        let Self {
            received,
            mut door,
            poll,
            ..
        } = self;
        // What clients still send finds nobody.
        drop(received);
        if poll.is_none() {
            door.recv().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, pin::Pin};

    use futures_util::FutureExt;

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(90);
    const PATIENCE: Patience = Patience {
        absence: Duration::from_secs(15),
        write_stall: Duration::from_secs(10),
    };

    async fn event(socket: &mut PollSocket) -> SocketEvent {
        poll_fn(|context| socket.poll_event(context, true)).await
    }

    /// A poll whose wish has reached the socket.
    fn arrive(
        link: &PollLink,
        socket: &mut PollSocket,
    ) -> Pin<Box<dyn Future<Output = PollAnswer>>> {
        let link = link.clone();
        let mut poll = Box::pin(async move { link.poll(TIMEOUT).await });
        assert!(poll.as_mut().now_or_never().is_none());
        assert!(
            event(socket)
                .now_or_never()
                .is_none_or(|it| it == SocketEvent::Ready)
        );
        poll
    }

    #[tokio::test(start_paused = true)]
    async fn writes_by_the_poll_that_waits() {
        let (link, mut socket) = long_polling(PATIENCE);
        assert!(!socket.is_ready());
        let poll = arrive(&link, &mut socket);
        assert!(socket.is_ready() && socket.deadline().is_none());
        socket.write(clock::now(), Bytes::from_static(b"a"));
        assert!(socket.is_writing());
        assert_eq!(socket.deadline(), Some(clock::now() + PATIENCE.write_stall));
        let PollAnswer::Data(bytes) = poll.await else {
            panic!("no data")
        };
        assert_eq!(bytes, "a");
        assert!(event(&mut socket).now_or_never().is_none());
        drop(bytes);
        assert_eq!(event(&mut socket).await, SocketEvent::Ready);
        assert!(!socket.is_writing() && !socket.is_ready());
        assert_eq!(socket.deadline(), Some(clock::now() + PATIENCE.absence));
    }

    #[tokio::test(start_paused = true)]
    async fn keeps_for_the_next_poll_what_the_last_one_did_not_stay_for() {
        let (link, mut socket) = long_polling(PATIENCE);
        drop(arrive(&link, &mut socket));
        socket.write(clock::now(), Bytes::from_static(b"a"));
        assert!(socket.is_writing());
        assert_eq!(socket.deadline(), Some(clock::now() + PATIENCE.absence));
        let poll = arrive(&link, &mut socket);
        assert_eq!(poll.await, PollAnswer::Data(Bytes::from_static(b"a")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_poll_ends_the_older() {
        let (link, mut socket) = long_polling(PATIENCE);
        let older = arrive(&link, &mut socket);
        let newer = arrive(&link, &mut socket);
        assert_eq!(older.await, PollAnswer::Over);
        socket.write(clock::now(), Bytes::from_static(b"a"));
        assert_eq!(newer.await, PollAnswer::Data(Bytes::from_static(b"a")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_poll_is_answered_with_nothing_in_the_end() {
        let (link, mut socket) = long_polling(PATIENCE);
        let began = clock::now();
        let (answer, _) = tokio::join!(link.poll(TIMEOUT), event(&mut socket));
        assert_eq!(answer, PollAnswer::Nothing);
        assert_eq!(clock::now() - began, TIMEOUT);
        assert!(event(&mut socket).now_or_never().is_some());
        assert_eq!(socket.deadline(), Some(clock::now() + PATIENCE.absence));
    }

    #[tokio::test(start_paused = true)]
    async fn ends_by_the_poll_that_waits_or_by_the_next() {
        let (link, mut socket) = long_polling(PATIENCE);
        let poll = arrive(&link, &mut socket);
        socket.close().await;
        assert_eq!(poll.await, PollAnswer::Over);
        assert_eq!(link.poll(TIMEOUT).await, PollAnswer::Gone);

        let (link, socket) = long_polling(PATIENCE);
        let (answer, ()) = tokio::join!(link.poll(TIMEOUT), socket.close());
        assert_eq!(answer, PollAnswer::Over);
    }

    #[tokio::test(start_paused = true)]
    async fn tells_that_the_client_leaves() {
        let (link, mut socket) = long_polling(PATIENCE);
        let poll = arrive(&link, &mut socket);
        link.leave().await;
        assert_eq!(event(&mut socket).await, SocketEvent::Closed);
        drop(socket);
        assert_eq!(poll.await, PollAnswer::Over);
        link.leave().await;
    }
}
