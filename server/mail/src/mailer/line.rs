//! A connection's bytes, encrypted or not, with a time for each part.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::client::TlsStream;

use crate::reply::{Reply, ReplyReader};

/// What is read at once.
const CHUNK: usize = 4_096;

/// Where bytes go.
enum Wire {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

/// The connection ended, fell silent, or brought no replies.
#[derive(Debug)]
pub(super) struct Lost;

impl From<io::Error> for Lost {
    fn from(_: io::Error) -> Self {
        Self
    }
}

pub(super) struct Wired {
    wire: Wire,
    replies: ReplyReader,
}

impl Wired {
    pub(super) fn plain(socket: TcpStream) -> Self {
        let (wire, replies) = (Wire::Plain(socket), ReplyReader::default());
        Self { wire, replies }
    }

    pub(super) fn encrypted(stream: TlsStream<TcpStream>) -> Self {
        let wire = Wire::Encrypted(Box::new(stream));
        let replies = ReplyReader::default();
        Self { wire, replies }
    }

    /// The socket, to begin TLS on; none if it is encrypted already, or if anything came that was not
    /// asked for: it would be taken for a part of the encrypted talk (RFC 3207, 6).
    pub(super) fn into_socket(self) -> Option<TcpStream> {
        match self.wire {
            Wire::Plain(socket) if self.replies.is_empty() => Some(socket),
            Wire::Plain(_) | Wire::Encrypted(_) => None,
        }
    }

    /// Writes, within a time.
    pub(super) async fn write(&mut self, bytes: &[u8], patience: Duration) -> Result<(), Lost> {
        let write = async {
            match &mut self.wire {
                Wire::Plain(socket) => write_all(socket, bytes).await,
                Wire::Encrypted(stream) => write_all(stream, bytes).await,
            }
        };
        timeout(patience, write).await.map_err(|_| Lost)??;
        Ok(())
    }

    /// The next reply, within a time.
    pub(super) async fn reply(&mut self, patience: Duration) -> Result<Reply, Lost> {
        let read = async {
            loop {
                if let Some(reply) = self.replies.take().map_err(|_| Lost)? {
                    return Ok(reply);
                }
                self.read().await?;
            }
        };
        timeout(patience, read).await.map_err(|_| Lost)?
    }

    /// Whether a reply, or a part of one, came that nobody asked for.
    pub(super) fn has_unread(&self) -> bool {
        !self.replies.is_empty()
    }

    async fn read(&mut self) -> Result<(), Lost> {
        let mut chunk = [0; CHUNK];
        let read = match &mut self.wire {
            Wire::Plain(socket) => read(socket, &mut chunk).await?,
            Wire::Encrypted(stream) => read(stream, &mut chunk).await?,
        };
        if read == 0 {
            return Err(Lost);
        }
        self.replies.push(&chunk[..read]);
        Ok(())
    }
}

async fn write_all(wire: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    wire.write_all(bytes).await?;
    wire.flush().await
}

async fn read(wire: &mut (impl AsyncRead + Unpin), chunk: &mut [u8]) -> io::Result<usize> {
    wire.read(chunk).await
}
