//! The loop of the writer thread.

use super::{commit::Committer, ending::Ending, task::BoxTask};
use crate::{Failure, queue::Queue};

/// Commits what waits until the queue is closed and empty, then closes the database.
pub(super) fn run<E>(committer: Committer<E>, queue: &Queue<BoxTask<E>>, ending: &Ending) {
    let watch = Watch { queue, ending };
    // Dropped before the watch: who sees the end of the thread may open the file again.
    let mut committer = committer;
    while let Some(first) = queue.take() {
        committer.commit(first, &mut || queue.take_more());
    }
    ending.come(&committer.close());
    drop(watch);
}

/// Makes a thread that dies of a panic visible: the queue refuses jobs and those that wait are
/// answered with [`Failure::Closed`].
struct Watch<'a, E> {
    queue: &'a Queue<BoxTask<E>>,
    ending: &'a Ending,
}

impl<E> Drop for Watch<'_, E> {
    fn drop(&mut self) {
        self.ending.come(&Err(Failure::Panicked));
        self.queue.abandon();
    }
}
