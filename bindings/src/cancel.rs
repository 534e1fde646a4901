//! A way for the host to change its mind.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

/// Cancels the calls it was handed to. What they had begun to store is finished; what they waited
/// for is not waited for any more.
#[derive(Debug, Default, uniffi::Object)]
pub struct CancelHandle {
    token: CancellationToken,
}

#[uniffi::export]
impl CancelHandle {
    /// A handle that nothing is bound to yet.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Ends every call that holds this handle with `PushError.Cancelled`.
    pub fn cancel(&self) {
        self.token.cancel();
    }
}

impl CancelHandle {
    pub(crate) fn token(&self) -> CancellationToken {
        self.token.clone()
    }
}
