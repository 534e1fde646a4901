//! What the server is told.

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

use super::door::{Door, Errand};
use crate::{client::driver::transport::Heard, protocol::TransferFormat};

/// Whole messages.
pub(super) struct Batch {
    pub(super) bytes: Bytes,
    pub(super) format: TransferFormat,
}

/// Sends one batch after the other until there will be none; what waits goes out together.
pub(super) async fn send_all(
    door: Door,
    mut queue: mpsc::Receiver<Batch>,
    tell: mpsc::Sender<Heard>,
) {
    while let Some(first) = queue.recv().await {
        let batch = join(first, &mut queue);
        let errand = Errand::send(batch.bytes, batch.format);
        if let Err(error) = door.request(errand).await {
            tracing::debug!(%error, "a message could not be sent");
            tell.send(Heard::Lost).await.ok();
            return;
        }
    }
}

fn join(first: Batch, queue: &mut mpsc::Receiver<Batch>) -> Batch {
    let Ok(second) = queue.try_recv() else {
        return first;
    };
    let mut bytes = BytesMut::from(&first.bytes[..]);
    bytes.extend_from_slice(&second.bytes);
    while let Ok(next) = queue.try_recv() {
        bytes.extend_from_slice(&next.bytes);
    }
    Batch {
        bytes: bytes.freeze(),
        // All of a connection are in the format of its protocol; the handshake is text to any reader.
        format: second.format,
    }
}
