//! A ledger that many tasks write to: entries that wait together are written together.

use std::{io, path::Path, thread};

use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use super::Ledger;

const QUEUE: usize = 1_024;

type Request<T> = (T, oneshot::Sender<()>);

/// A handle on a ledger owned by a thread of its own. The thread ends with the last handle.
#[derive(Debug)]
pub struct LedgerWriter<T> {
    queue: mpsc::Sender<Request<T>>,
}

impl<T> Clone for LedgerWriter<T> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
        }
    }
}

impl<T: Serialize + Send + 'static> LedgerWriter<T> {
    /// Opens a ledger and starts its thread.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn start(path: &Path) -> io::Result<Self> {
        let ledger = Ledger::open(path)?;
        let (queue, requests) = mpsc::channel(QUEUE);
        thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || write(ledger, requests))?;
        Ok(Self { queue })
    }

    /// Writes an entry down; it is on the disk when this returns.
    ///
    /// # Errors
    /// When the disk did not take it, now or earlier.
    pub async fn append(&self, entry: T) -> io::Result<()> {
        let gone = || io::Error::other("the ledger could not be written");
        let (done, written) = oneshot::channel();
        self.queue.send((entry, done)).await.map_err(|_| gone())?;
        written.await.map_err(|_| gone())
    }
}

fn write<T: Serialize>(mut ledger: Ledger<T>, mut requests: mpsc::Receiver<Request<T>>) {
    let mut batch = Vec::new();
    while requests.blocking_recv_many(&mut batch, QUEUE) > 0 {
        let (entries, waiting): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
        if ledger.append(&entries).is_err() {
            return;
        }
        for done in waiting {
            // The caller may have stopped waiting; the entry is written all the same.
            done.send(()).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Shown, read, tests::shown},
        *,
    };

    #[tokio::test]
    async fn what_is_answered_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shown");
        let writer = LedgerWriter::start(&path).unwrap();
        let (one, two) = tokio::join!(
            writer.append(shown("a", 1, false)),
            writer.append(shown("b", 2, false)),
        );
        one.and(two).unwrap();
        assert_eq!(read::<Shown>(&path).unwrap().len(), 2);
    }
}
