//! The byte stream under a WebSocket.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Any byte stream a WebSocket can run over.
pub(crate) trait Line: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

/// A byte stream that knows whether anything came. A WebSocket tells of whole messages only, and a
/// large one on a slow line takes longer than a server may be silent.
pub(crate) struct WatchedLine {
    line: Box<dyn Line>,
    is_heard: bool,
}

impl WatchedLine {
    pub(crate) fn new(line: impl Line + 'static) -> Self {
        Self {
            line: Box::new(line),
            is_heard: false,
        }
    }

    /// Says whether anything came since this was asked last.
    pub(crate) const fn was_heard(&mut self) -> bool {
        std::mem::replace(&mut self.is_heard, false)
    }
}

impl AsyncRead for WatchedLine {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.line).poll_read(context, buffer);
        self.is_heard |= buffer.filled().len() > before;
        polled
    }
}

impl AsyncWrite for WatchedLine {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.line).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_shutdown(context)
    }
}
