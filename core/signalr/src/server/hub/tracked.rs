use std::fmt;

use serde::Serialize;

use super::{
    error::HubError,
    method::{Replied, Reply, write},
};
use crate::{
    protocol::Protocol,
    server::written::{Receipt, Written},
};

/// A result of a plain handler that reports when it was written to the client's connection.
///
/// What "written" means is told at [`Written`]. A result is never written if the client called
/// without waiting for it (`send`), if the connection ended first, or if it cannot be serialised.
///
/// ```
/// use vestnik_signalr::server::{Hub, HubError, Tracked};
///
/// async fn next_page() -> Result<Tracked<Vec<String>>, HubError> {
///     let page = vec!["first".to_owned()];
///     Ok(Tracked::new(page, |is_written| {
///         if is_written {
///             // The page counts as handed over.
///         }
///     }))
/// }
///
/// let hub = Hub::builder(()).on("NextPage", next_page).build();
/// # drop(hub);
/// ```
pub struct Tracked<T> {
    result: T,
    receipt: Receipt,
}

impl<T> Tracked<T> {
    /// Has a function called once, with whether the result was written.
    ///
    /// It is called by the connection's task, which serves the client no further meanwhile: it is
    /// short and does not block. A panic in it is logged.
    pub fn new(result: T, on_written: impl FnOnce(bool) + Send + 'static) -> Self {
        Self {
            result,
            receipt: Receipt::call(on_written),
        }
    }

    /// Makes a future that resolves when the result was written or can no longer be.
    pub fn with_future(result: T) -> (Self, Written) {
        let (receipt, written) = Receipt::future();
        (Self { result, receipt }, written)
    }
}

impl<T: Serialize + 'static, E: Into<HubError> + 'static> Reply for Result<Tracked<T>, E> {
    fn into_reply(self, protocol: Protocol) -> Result<Replied, HubError> {
        let Tracked { result, receipt } = self.map_err(Into::into)?;
        Ok(Replied {
            result: write(protocol, &result)?,
            receipt: Some(receipt),
        })
    }
}

impl<T> fmt::Debug for Tracked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracked").finish_non_exhaustive()
    }
}
