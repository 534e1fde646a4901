//! One WebSocket, read and written by its connection's task alone.

use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::{
    self, Message as Frame, Utf8Bytes,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::{
    socket::Socket,
    transport::{Broken, Event, Heard},
};
use crate::protocol::TransferFormat;

pub(crate) struct WebSocket {
    socket: Socket,
    /// Whether a write was begun that is not known to be done.
    is_writing: bool,
}

impl WebSocket {
    pub(crate) const fn new(socket: Socket) -> Self {
        Self {
            socket,
            is_writing: false,
        }
    }

    pub(crate) const fn is_writing(&self) -> bool {
        self.is_writing
    }

    /// Says whether part of something came since this was asked last.
    pub(crate) fn was_heard(&mut self) -> bool {
        self.socket.get_mut().was_heard()
    }

    /// Begins to write whole messages, when no write is under way.
    pub(crate) fn write(&mut self, batch: Vec<u8>, format: TransferFormat) -> Result<(), Broken> {
        self.begin(frame(batch, format))
    }

    /// Begins to make the server's end answer, when no write is under way.
    pub(crate) fn ping(&mut self) -> Result<(), Broken> {
        self.begin(Frame::Ping(Bytes::new()))
    }

    fn begin(&mut self, frame: Frame) -> Result<(), Broken> {
        self.socket.start_send_unpin(frame).map_err(|_| Broken)?;
        // Most sockets take a small message at once, and then nobody has to be woken for it.
        let mut context = Context::from_waker(Waker::noop());
        let flushed = self.socket.poll_flush_unpin(&mut context);
        self.is_writing = flushed.is_pending();
        match flushed {
            Poll::Ready(outcome) => outcome.map_err(|_| Broken),
            Poll::Pending => Ok(()),
        }
    }

    /// Carries the write on, and hears the server if `read`.
    pub(crate) fn poll_event(&mut self, context: &mut Context<'_>, read: bool) -> Poll<Event> {
        if self.is_writing
            && let Poll::Ready(outcome) = self.socket.poll_flush_unpin(context)
        {
            self.is_writing = false;
            return Poll::Ready(outcome.map_or(Event::Broken, |()| Event::Written));
        }
        if read {
            let frame = self.socket.poll_next_unpin(context);
            frame.map(|frame| Event::Heard(heard(frame)))
        } else {
            Poll::Pending
        }
    }

    /// Says goodbye.
    pub(crate) async fn close(&mut self) {
        // A server that does not hear it is gone already.
        self.socket.close(None).await.ok();
    }
}

fn frame(batch: Vec<u8>, format: TransferFormat) -> Frame {
    match format {
        TransferFormat::Text => {
            Frame::Text(Utf8Bytes::try_from(batch).expect("the codec writes JSON"))
        }
        TransferFormat::Binary => Frame::Binary(batch.into()),
    }
}

fn heard(frame: Option<Result<Frame, tungstenite::Error>>) -> Heard {
    match frame {
        Some(Ok(Frame::Text(text))) => Heard::Bytes(text.into()),
        Some(Ok(Frame::Binary(bytes))) => Heard::Bytes(bytes),
        Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_))) => Heard::Alive,
        Some(Err(tungstenite::Error::Capacity(_))) => Heard::Oversized,
        Some(Ok(Frame::Close(frame))) if is_plain(frame.as_ref()) => Heard::Ended,
        Some(Ok(Frame::Close(_)) | Err(_)) | None => Heard::Lost,
    }
}

/// Says whether an end is the hub's. With another code it is something's on the way, or a server's
/// that had to.
fn is_plain(frame: Option<&CloseFrame>) -> bool {
    frame.is_none_or(|frame| frame.code == CloseCode::Normal)
}
