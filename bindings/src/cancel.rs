//! How the app gives up waiting.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

/// Ends the waiting of the calls that it was handed to. What they have begun goes on.
#[derive(Debug, Default, uniffi::Object)]
pub struct CancelHandle {
    token: CancellationToken,
}

#[uniffi::export]
impl CancelHandle {
    /// A handle that no call has yet.
    #[uniffi::constructor]
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Ends each call that has this handle with `VestnikError.Cancelled`, now and later.
    pub fn cancel(&self) {
        self.token.cancel();
    }
}

impl CancelHandle {
    /// What a call waits for beside its answer.
    pub(crate) fn token(handle: Option<Arc<Self>>) -> CancellationToken {
        handle.map_or_else(CancellationToken::new, |handle| handle.token.clone())
    }
}
