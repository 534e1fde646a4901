use tokio_util::sync::CancellationToken;

/// Extracts what tells a handler that its call is not wanted any more.
///
/// That is so when the client cancels the call or when the connection ends. A
/// stream is dropped besides; a plain handler runs on and answers as it likes,
/// typically with an error, and soon. Official clients cancel plain calls from
/// .NET 11 on (`HubProtocol.md`, Cancellation).
#[derive(Debug, Clone)]
pub struct Cancellation(CancellationToken);

impl Cancellation {
    pub(super) fn new(token: CancellationToken) -> Self {
        Self(token)
    }

    /// Waits until the call is not wanted any more; for ever, if it always is.
    pub async fn cancelled(&self) {
        self.0.cancelled().await;
    }

    /// Says whether the call is not wanted any more.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}
