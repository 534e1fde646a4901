//! A plain TCP socket that carries a WebSocket, and that more than its own task may write to.
//!
//! The task reads, and writes what it has to say. Whoever else has a message for a connection at
//! rest writes it from where it is: waking the task for it would cost more than the write. Frames
//! are never mixed: one lock stands before all writing, and a frame that the socket did not take
//! whole goes on before anything else does.

#[cfg(test)]
pub(super) mod tests;

use std::{
    io::{self, ErrorKind, IoSlice},
    net::Shutdown,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use crate::protocol::TransferFormat;

/// Up to this size a frame is copied behind its header: one buffer costs the kernel less than two.
const SMALL: usize = 512;

/// The longest header of a frame that a server sends (RFC 6455, section 5.2): two bytes and a
/// length of eight.
const HEADER: usize = 10;

/// The socket, shared by its task and by those who send.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    unfinished: Mutex<Unfinished>,
}

/// What the socket did not take whole.
#[derive(Debug, Default)]
struct Unfinished {
    /// The end of a message that somebody else began to write.
    rest: Bytes,
    /// The task's own last write was taken in part; the task goes on with it.
    of_task: bool,
}

/// What became of a message that was written past the task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offered {
    Whole,
    /// The socket took a part; the task has to carry the rest through.
    Begun,
    /// The socket took nothing, or a frame is half written on it, or it broke.
    Refused,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> Arc<Self> {
        Arc::new(Self {
            stream,
            unfinished: Mutex::default(),
        })
    }

    /// Writes one WebSocket message past the task, as far as the socket takes it now.
    pub(crate) fn offer(&self, format: TransferFormat, message: &Bytes) -> Offered {
        self.begin(format, message, Offered::Refused)
    }

    /// Writes one WebSocket message of the task's, which carries through what the socket does not
    /// take now, be it all of it.
    pub(crate) fn put(&self, format: TransferFormat, message: &Bytes) -> Offered {
        self.begin(format, message, Offered::Begun)
    }

    /// Writes one WebSocket message; `blocked` is what becomes of it when the socket is full.
    fn begin(&self, format: TransferFormat, message: &Bytes, blocked: Offered) -> Offered {
        let mut unfinished = self.lock();
        if unfinished.of_task || !unfinished.rest.is_empty() {
            return Offered::Refused;
        }
        let (header, length) = header(format, message.len());
        let header = &header[..length];
        let (offered, taken) = match self.write(header, message) {
            Ok(taken) if taken == header.len() + message.len() => return Offered::Whole,
            Ok(taken) => (Offered::Begun, taken),
            Err(error) if error.kind() == ErrorKind::WouldBlock => (blocked, 0),
            // Whatever broke, the task finds it broken too, and ends the connection.
            Err(_) => (Offered::Refused, 0),
        };
        if offered == Offered::Begun {
            unfinished.rest = rest(header, message, taken);
        }
        offered
    }

    /// Says whether the task has to carry through what somebody else began.
    pub(crate) fn has_rest(&self) -> bool {
        !self.lock().rest.is_empty()
    }

    fn write(&self, header: &[u8], message: &[u8]) -> io::Result<usize> {
        let length = header.len() + message.len();
        if length > SMALL {
            let parts = [IoSlice::new(header), IoSlice::new(message)];
            return self.stream.try_write_vectored(&parts);
        }
        let mut frame = [0; SMALL];
        frame[..header.len()].copy_from_slice(header);
        frame[header.len()..length].copy_from_slice(message);
        self.stream.try_write(&frame[..length])
    }

    fn poll_rest(&self, context: &mut Context<'_>) -> Poll<io::Result<MutexGuard<'_, Unfinished>>> {
        loop {
            let mut unfinished = self.lock();
            if unfinished.rest.is_empty() {
                unfinished.rest = Bytes::new();
                return Poll::Ready(Ok(unfinished));
            }
            match self.stream.try_write(&unfinished.rest) {
                Ok(taken) => unfinished.rest.advance(taken),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    ready!(self.stream.poll_write_ready(context))?;
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Unfinished> {
        // No code under this lock can panic half-way through a change.
        self.unfinished
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is left of a frame: a share of its message, unless even the header was cut.
fn rest(header: &[u8], message: &Bytes, taken: usize) -> Bytes {
    match taken.checked_sub(header.len()) {
        Some(taken) => message.slice(taken..),
        None => [&header[taken..], message].concat().into(),
    }
}

/// The header of an unmasked, unfragmented frame, and its length.
fn header(format: TransferFormat, length: usize) -> ([u8; HEADER], usize) {
    const FINAL: u8 = 0x80;
    let mut header = [0; HEADER];
    header[0] = FINAL
        | match format {
            TransferFormat::Text => 1,
            TransferFormat::Binary => 2,
        };
    if let Ok(short) = u8::try_from(length)
        && short < 126
    {
        header[1] = short;
        (header, 2)
    } else if let Ok(medium) = u16::try_from(length) {
        header[1] = 126;
        header[2..4].copy_from_slice(&medium.to_be_bytes());
        (header, 4)
    } else {
        header[1] = 127;
        header[2..].copy_from_slice(&(length as u64).to_be_bytes());
        (header, HEADER)
    }
}

/// The task's hold of the socket.
#[derive(Debug)]
pub(crate) struct WireEnd(Arc<Wire>);

impl WireEnd {
    pub(crate) fn new(wire: Arc<Wire>) -> Self {
        Self(wire)
    }

    pub(crate) fn wire(&self) -> &Arc<Wire> {
        &self.0
    }
}

impl AsyncRead for WireEnd {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = &self.0.stream;
        loop {
            ready!(stream.poll_read_ready(context))?;
            match stream.try_read(buffer.initialize_unfilled()) {
                Ok(read) => {
                    buffer.advance(read);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for WireEnd {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let stream = &self.0.stream;
        loop {
            let mut unfinished = ready!(self.0.poll_rest(context))?;
            match stream.try_write(buffer) {
                Ok(taken) => {
                    unfinished.of_task = taken < buffer.len();
                    return Poll::Ready(Ok(taken));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    drop(unfinished);
                    ready!(stream.poll_write_ready(context))?;
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_rest(context).map_ok(drop)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        drop(ready!(self.0.poll_rest(context))?);
        Poll::Ready(SockRef::from(&self.0.stream).shutdown(Shutdown::Write))
    }
}
