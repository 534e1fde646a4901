//! Reports that a message was written to its connection's socket.
//!
//! A [`Receipt`] travels beside the bytes of its message: through the queue, through the batch that
//! a write puts together, and, in a connection that may resume, from one socket to the next. It is
//! confirmed when the write is done and reports the opposite when it is dropped, so that it reports
//! once in every case. Messages without one carry nothing.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use tokio::sync::oneshot;

/// Resolves when a message was written or can no longer be: see
/// [`Connection::try_send_tracked`](super::Connection::try_send_tracked).
///
/// `Ok` means that the last byte of the message was given to the connection's socket without an
/// error. Over Server-Sent Events the HTTP server writes; there it means that the HTTP server
/// released the message while the response was alive. Over long polling it means that the
/// client has polled again since the HTTP server released the message. It does not mean that the
/// client has received the message; only an answer of the client does.
///
/// In a connection with stateful reconnect, a message that was cut off counts as written when it,
/// and what is repeated with it, was written to the next socket.
#[derive(Debug)]
#[must_use = "a send whose outcome is not wanted needs no tracking"]
pub struct Written(oneshot::Receiver<()>);

/// The connection ended before the message was known to be written.
///
/// The client may nevertheless have received it, if the end came between the write and its report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection ended before the message was written")]
pub struct NotWritten;

impl Future for Written {
    type Output = Result<(), NotWritten>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let report = Pin::new(&mut self.0).poll(context);
        report.map_err(|_| NotWritten)
    }
}

/// Reports once whether its message was written.
pub(crate) struct Receipt(Option<Report>);

enum Report {
    Future(oneshot::Sender<()>),
    Call(Box<dyn FnOnce(bool) + Send>),
}

impl Receipt {
    /// Makes a receipt that resolves a future.
    pub(crate) fn future() -> (Self, Written) {
        let (sender, receiver) = oneshot::channel();
        (Self(Some(Report::Future(sender))), Written(receiver))
    }

    /// Makes a receipt that calls a function.
    pub(crate) fn call(report: impl FnOnce(bool) + Send + 'static) -> Self {
        Self(Some(Report::Call(Box::new(report))))
    }

    /// Reports that the message was written.
    pub(crate) fn confirm(mut self) {
        self.report(true);
    }

    fn report(&mut self, is_written: bool) {
        match self.0.take() {
            // A future that was dropped is not waited for.
            Some(Report::Future(sender)) if is_written => sender.send(()).unwrap_or_default(),
            // A dropped sender is the report of the opposite.
            Some(Report::Future(_)) | None => {}
            Some(Report::Call(call)) => {
                // The connection's task goes on whatever happens in there.
                if catch_unwind(AssertUnwindSafe(|| call(is_written))).is_err() {
                    tracing::error!("a report of a written result panicked");
                }
            }
        }
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        self.report(false);
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn reports_once_whether_it_is_confirmed_or_dropped() {
        let (calls, reports) = mpsc::channel();
        let call = || {
            let calls = calls.clone();
            Receipt::call(move |is_written| calls.send(is_written).unwrap())
        };
        call().confirm();
        drop(call());
        assert_eq!(reports.try_iter().collect::<Vec<_>>(), [true, false]);

        let (receipt, mut written) = Receipt::future();
        assert_eq!((&mut written).now_or_never(), None);
        receipt.confirm();
        assert_eq!(written.now_or_never(), Some(Ok(())));
        let (receipt, written) = Receipt::future();
        drop(receipt);
        assert_eq!(written.now_or_never(), Some(Err(NotWritten)));
    }

    #[test]
    fn a_report_that_panics_harms_nobody() {
        for is_written in [true, false] {
            let receipt = Receipt::call(|_| panic!("on purpose"));
            if is_written {
                receipt.confirm();
            }
        }
    }
}
