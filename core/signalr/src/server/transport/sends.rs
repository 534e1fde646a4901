//! What clients send by `POST`, on its way to the connection's task.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Buf, Bytes};
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::sync::{Semaphore, mpsc};

/// The longest piece of a body that the task gets at once.
const PIECE: usize = 16 * 1024;
/// The longest that a body may pause.
const SILENCE: Duration = Duration::from_secs(30);

/// The requests' end. Bodies go through one after the other, each as a whole.
#[derive(Debug, Clone)]
pub(crate) struct Sends {
    pieces: mpsc::Sender<Bytes>,
    /// One permit: whoever has it sends. First come, first served.
    turn: Arc<Semaphore>,
}

/// The task's end.
#[derive(Debug)]
pub(super) struct Received(mpsc::Receiver<Bytes>);

/// Why a body did not reach the connection as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SendFailure {
    /// The client broke it off.
    Aborted,
    /// The connection ended.
    Gone,
}

pub(super) fn channel() -> (Sends, Received) {
    let (pieces, received) = mpsc::channel(1);
    let turn = Arc::new(Semaphore::new(1));
    (Sends { pieces, turn }, Received(received))
}

impl Sends {
    /// Passes a body on as it comes, as fast as the connection takes it.
    ///
    /// However long it is, only a piece is held; the limit on messages is the
    /// machine's.
    pub(crate) async fn send<B: Body>(&self, body: B) -> Result<(), SendFailure> {
        let _turn = tokio::select! {
            turn = self.turn.acquire() => turn.map_err(|_| SendFailure::Gone)?,
            () = self.pieces.closed() => return Err(SendFailure::Gone),
        };
        let mut body = pin!(body);
        loop {
            // A body that trickles holds neither its request nor its turn past the silence allowed, and
            // none that the connection has ended for.
            let frame = tokio::select! {
                frame = tokio::time::timeout(SILENCE, body.frame()) => frame,
                () = self.pieces.closed() => return Err(SendFailure::Gone),
            };
            let Some(frame) = frame.map_err(|_| SendFailure::Aborted)? else {
                break;
            };
            let frame = frame.map_err(|_| SendFailure::Aborted)?;
            if let Ok(data) = frame.into_data() {
                self.send_pieces(data).await?;
            }
        }
        if self.pieces.is_closed() {
            return Err(SendFailure::Gone);
        }
        Ok(())
    }

    async fn send_pieces(&self, mut data: impl Buf) -> Result<(), SendFailure> {
        while data.has_remaining() {
            let piece = data.copy_to_bytes(data.remaining().min(PIECE));
            let sent = self.pieces.send(piece).await;
            sent.map_err(|_| SendFailure::Gone)?;
        }
        Ok(())
    }
}

impl Received {
    /// Waits for the next piece; for ever when no request can come any more.
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Bytes> {
        match self.0.poll_recv(context) {
            Poll::Ready(Some(piece)) => Poll::Ready(piece),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_util::FutureExt;
    use http_body_util::{Full, StreamBody};
    use hyper::body::Frame;

    use super::*;

    fn body(length: usize, fill: u8) -> Full<Bytes> {
        Full::new(Bytes::from(vec![fill; length]))
    }

    #[tokio::test]
    async fn waits_for_the_task_and_for_the_turn() {
        let (sends, mut received) = channel();
        let other = sends.clone();
        let mut first = Box::pin(sends.send(body(PIECE + 1, b'a')));
        let mut second = Box::pin(other.send(body(1, b'b')));
        assert!(
            first.as_mut().now_or_never().is_none(),
            "room for one piece"
        );
        assert!(second.as_mut().now_or_never().is_none());
        let take = async {
            let mut taken = Vec::new();
            for _ in 0..3 {
                taken.push(poll_fn(|cx| received.poll_next(cx)).await);
            }
            taken
        };
        let (first, second, taken) = tokio::join!(first, second, take);
        assert_eq!((first, second), (Ok(()), Ok(())));
        assert_eq!(taken, [vec![b'a'; PIECE], b"a".to_vec(), b"b".to_vec()]);
    }

    #[tokio::test]
    async fn tells_a_broken_body_from_an_ended_connection() {
        let (sends, received) = channel();
        let pieces = [Ok(Frame::data(Bytes::from_static(b"a"))), Err("broken")];
        let broken = StreamBody::new(futures_util::stream::iter(pieces));
        assert_eq!(sends.send(broken).await, Err(SendFailure::Aborted));
        drop(received);
        assert_eq!(sends.send(body(1, b'a')).await, Err(SendFailure::Gone));
        assert_eq!(sends.send(body(0, b'a')).await, Err(SendFailure::Gone));
    }
}
