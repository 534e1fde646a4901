//! A job in the queue, without its types.

use crate::{Failure, WriteTxn, reply::Reply};

/// A job and its caller.
pub(super) trait Task<E>: Send {
    /// Does the work and keeps its value. May be called again after a rollback.
    fn run(&mut self, txn: &mut WriteTxn<'_, E>) -> Result<(), rusqlite::Error>;

    /// Answers the caller with the value that was kept, or with a failure.
    fn reply(self: Box<Self>, committed: Result<(), Failure>);
}

pub(super) type BoxTask<E> = Box<dyn Task<E>>;

struct Typed<T, F> {
    work: F,
    value: Option<T>,
    reply: Reply<T>,
}

pub(super) fn task<T, F, E>(work: F, reply: Reply<T>) -> BoxTask<E>
where
    T: Send + 'static,
    F: FnMut(&mut WriteTxn<'_, E>) -> Result<T, rusqlite::Error> + Send + 'static,
{
    Box::new(Typed {
        work,
        value: None,
        reply,
    })
}

impl<T, F, E> Task<E> for Typed<T, F>
where
    T: Send,
    F: FnMut(&mut WriteTxn<'_, E>) -> Result<T, rusqlite::Error> + Send,
{
    fn run(&mut self, txn: &mut WriteTxn<'_, E>) -> Result<(), rusqlite::Error> {
        self.value = None;
        self.value = Some((self.work)(txn)?);
        Ok(())
    }

    fn reply(self: Box<Self>, committed: Result<(), Failure>) {
        let Self { value, reply, .. } = *self;
        reply(committed.and_then(|()| value.ok_or(Failure::Closed)));
    }
}
