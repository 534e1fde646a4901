//! What a connection's task sees of its transport: the same of each.

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::{
    self, Message as Frame, Utf8Bytes,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::{http::HttpTransport, socket::Socket};
use crate::{carrier::Carrier, protocol::TransferFormat};

/// An open transport, read and written by its task alone.
pub(crate) enum Transport {
    WebSocket(Socket),
    Http(HttpTransport),
}

/// What was heard of the server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Bytes(Bytes),
    /// Nothing for the machine, but the server is there.
    Alive,
    /// More than the transport holds.
    Oversized,
    /// The end that the server made in order.
    Ended,
    /// The end.
    Lost,
}

/// The transport takes nothing more.
#[derive(Debug)]
pub(crate) struct Broken;

impl Transport {
    /// What the machine must know of the transport.
    pub(crate) const fn carrier(&self) -> Carrier {
        match self {
            Self::WebSocket(_) => Carrier::WEB_SOCKETS,
            Self::Http(http) => http.carrier(),
        }
    }

    /// Waits for the server. Cancel safe.
    pub(crate) async fn hear(&mut self) -> Heard {
        match self {
            Self::WebSocket(socket) => heard(socket.next().await),
            Self::Http(http) => http.hear().await,
        }
    }

    /// Says whether part of something came since this was asked last.
    pub(crate) fn was_heard(&mut self) -> bool {
        match self {
            Self::WebSocket(socket) => socket.get_mut().was_heard(),
            Self::Http(_) => false,
        }
    }

    /// Writes whole messages.
    pub(crate) async fn send(
        &mut self,
        batch: Vec<u8>,
        format: TransferFormat,
    ) -> Result<(), Broken> {
        match self {
            Self::WebSocket(socket) => {
                let frame = match format {
                    TransferFormat::Text => {
                        Frame::Text(Utf8Bytes::try_from(batch).expect("the codec writes JSON"))
                    }
                    TransferFormat::Binary => Frame::Binary(batch.into()),
                };
                socket.send(frame).await.map_err(|_| Broken)
            }
            Self::Http(http) => http.send(batch.into(), format).await,
        }
    }

    /// Makes the server's end answer, where that is possible.
    pub(crate) async fn probe(&mut self) -> Result<(), Broken> {
        match self {
            Self::WebSocket(socket) => {
                let ping = Frame::Ping(Bytes::new());
                socket.send(ping).await.map_err(|_| Broken)
            }
            // A new request would say nothing of the answer that is being waited for.
            Self::Http(_) => Ok(()),
        }
    }

    /// Says goodbye.
    pub(crate) async fn close(&mut self) {
        match self {
            Self::WebSocket(socket) => {
                // A server that does not hear it is gone already.
                socket.close(None).await.ok();
            }
            Self::Http(http) => http.close().await,
        }
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
