//! A read in the queue, without its types.

use std::sync::Arc;

use rusqlite::Connection;

use super::ticket::Ticket;
use crate::{Failure, reply::Reply};

/// A read and its caller.
pub(super) trait Task: Send {
    /// Reads and keeps the value. Called at most once.
    fn run(&mut self, snapshot: &Connection) -> Result<(), rusqlite::Error>;

    /// Answers the caller with the value that was kept, or with a failure.
    fn reply(self: Box<Self>, done: Result<(), Failure>);
}

/// A read that waits.
pub(super) struct Job {
    pub(super) ticket: Arc<Ticket>,
    pub(super) task: Box<dyn Task>,
}

struct Typed<T, F> {
    read: Option<F>,
    value: Option<T>,
    reply: Reply<T>,
}

pub(super) fn task<T, F>(read: F, reply: Reply<T>) -> Box<dyn Task>
where
    T: Send + 'static,
    F: FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
{
    Box::new(Typed {
        read: Some(read),
        value: None,
        reply,
    })
}

impl<T, F> Task for Typed<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send,
{
    fn run(&mut self, snapshot: &Connection) -> Result<(), rusqlite::Error> {
        if let Some(read) = self.read.take() {
            self.value = Some(read(snapshot)?);
        }
        Ok(())
    }

    fn reply(self: Box<Self>, done: Result<(), Failure>) {
        let Self { value, reply, .. } = *self;
        reply(done.and_then(|()| value.ok_or(Failure::Closed)));
    }
}
