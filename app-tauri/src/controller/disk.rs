//! What is written to small files: one after the other, so that an older wish never overwrites a newer
//! one, and to the end before the app ends.

use tokio::task::{JoinHandle, spawn_blocking};

/// The writes that are under way or wait for their turn.
#[derive(Debug, Default)]
pub(super) struct Disk {
    last: Option<JoinHandle<()>>,
}

impl Disk {
    /// Writes after everything that was to be written before.
    pub(super) fn write(&mut self, write: impl FnOnce() + Send + 'static) {
        let before = self.last.take();
        self.last = Some(tokio::spawn(async move {
            finished(before).await;
            finished(Some(spawn_blocking(write))).await;
        }));
    }

    /// Waits until everything is written.
    pub(super) async fn finish(&mut self) {
        finished(self.last.take()).await;
    }
}

async fn finished(write: Option<JoinHandle<()>>) {
    if let Some(write) = write
        && let Err(error) = write.await
    {
        tracing::error!(%error, "a file was not written");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn what_is_wished_last_is_written_last() {
        let mut disk = Disk::default();
        let (go, gone) = mpsc::channel();
        let (write, written) = mpsc::channel();
        let slow = write.clone();
        disk.write(move || {
            gone.recv().unwrap();
            slow.send("older").unwrap();
        });
        disk.write(move || write.send("newer").unwrap());
        go.send(()).unwrap();
        disk.finish().await;
        assert_eq!(written.iter().collect::<Vec<_>>(), ["older", "newer"]);
    }

    #[tokio::test]
    async fn a_write_that_fails_holds_up_no_other() {
        let mut disk = Disk::default();
        let (write, written) = mpsc::channel();
        disk.write(|| panic!("a test's own panic"));
        disk.write(move || write.send("next").unwrap());
        disk.finish().await;
        assert_eq!(written.recv(), Ok("next"));
    }
}
