//! How many bytes the server may send: as many as the test lets through.

use std::{io, sync::Arc};

use tokio::{
    io::{AsyncWrite, AsyncWriteExt as _},
    sync::watch,
};

/// Bytes that may pass, of all connections together. Clones are handles on the same valve.
#[derive(Debug, Clone)]
pub(super) struct Valve(Arc<watch::Sender<Allowance>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Allowance {
    All,
    Bytes(usize),
}

impl Valve {
    /// An open valve.
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Allowance::All)))
    }

    /// Lets nothing pass from now on.
    pub(super) fn hold(&self) {
        self.0.send_replace(Allowance::Bytes(0));
    }

    /// Lets so many more bytes pass.
    pub(super) fn release(&self, bytes: usize) {
        self.0.send_modify(|allowance| {
            if let Allowance::Bytes(left) = allowance {
                *left = left.saturating_add(bytes);
            }
        });
    }

    /// Lets everything pass.
    pub(super) fn flow(&self) {
        self.0.send_replace(Allowance::All);
    }

    /// Writes bytes as they may pass.
    pub(super) async fn write(
        &self,
        to: &mut (impl AsyncWrite + Unpin),
        mut bytes: &[u8],
    ) -> io::Result<()> {
        while !bytes.is_empty() {
            let (part, rest) = bytes.split_at(self.take(bytes.len()).await);
            to.write_all(part).await?;
            bytes = rest;
        }
        Ok(())
    }

    /// Waits until at least one byte may pass, and gives how many of `wanted` may.
    async fn take(&self, wanted: usize) -> usize {
        let mut changes = self.0.subscribe();
        loop {
            // Marked as seen before the attempt, so that a release in between wakes the wait below.
            changes.mark_unchanged();
            let mut taken = 0;
            self.0.send_if_modified(|allowance| {
                taken = match allowance {
                    Allowance::All => wanted,
                    Allowance::Bytes(left) => wanted.min(*left),
                };
                if let Allowance::Bytes(left) = allowance {
                    *left -= taken;
                }
                // What is taken is no news to other connections.
                false
            });
            if taken > 0 {
                return taken;
            }
            // The sender lives as long as `self`.
            changes.changed().await.ok();
        }
    }
}
