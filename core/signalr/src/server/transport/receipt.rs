//! Things that tell when they are gone.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use tokio::sync::oneshot;

/// Is held, and tells its [`Receipt`] when it is no more.
#[derive(Debug)]
pub(super) struct Held {
    _open: oneshot::Sender<Infallible>,
}

/// Tells when what was [`Held`] is gone.
#[derive(Debug)]
pub(super) struct Receipt(oneshot::Receiver<Infallible>);

struct Watched {
    bytes: Bytes,
    _held: Held,
}

impl AsRef<[u8]> for Watched {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

pub(super) fn held() -> (Held, Receipt) {
    let (open, receipt) = oneshot::channel();
    (Held { _open: open }, Receipt(receipt))
}

/// Makes bytes that tell when the HTTP server has handed them to the kernel, or given them up.
///
/// HTTP servers buffer; without this, a client that reads nothing would be
/// noticed only when those buffers are full.
pub(super) fn watched(bytes: Bytes) -> (Bytes, Receipt) {
    let (held, receipt) = held();
    let watched = Watched { bytes, _held: held };
    (Bytes::from_owner(watched), receipt)
}

impl Receipt {
    /// Waits until nobody holds it any more.
    pub(super) fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(context).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn waits_for_the_last_holder() {
        let (bytes, mut receipt) = watched(Bytes::from_static(b"abc"));
        let part = bytes.slice(1..);
        drop(bytes);
        assert_eq!(part, "bc");
        assert!(poll_fn(|cx| receipt.poll_gone(cx)).now_or_never().is_none());
        drop(part);
        poll_fn(|cx| receipt.poll_gone(cx)).await;
    }
}
