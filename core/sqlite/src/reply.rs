//! How the answer of a thread reaches its caller.

use std::sync::mpsc;

use crate::Failure;

/// Takes the answer. It is called once, or dropped if the thread ends without an answer.
pub(crate) type Reply<T> = Box<dyn FnOnce(Result<T, Failure>) + Send>;

/// A reply and a function that blocks until it is given.
pub(crate) fn blocking<T: Send + 'static>() -> (Reply<T>, impl FnOnce() -> Result<T, Failure>) {
    let (sender, receiver) = mpsc::sync_channel(1);
    let reply: Reply<T> = Box::new(move |answer| {
        // The caller is gone: nobody needs the answer.
        drop(sender.send(answer));
    });
    let wait = move || receiver.recv().unwrap_or(Err(Failure::Closed));
    (reply, wait)
}

/// A reply and a future that ends when it is given.
#[cfg(feature = "tokio")]
pub(crate) fn future<T: Send + 'static>()
-> (Reply<T>, impl Future<Output = Result<T, Failure>> + Send) {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let reply: Reply<T> = Box::new(move |answer| {
        // The caller is gone: nobody needs the answer.
        drop(sender.send(answer));
    });
    let wait = async move { receiver.await.unwrap_or(Err(Failure::Closed)) };
    (reply, wait)
}
