//! The calls about what the user does not want. Each may be made without a network.

use crate::{
    device::Vestnik,
    error::VestnikError,
    record::preferences::{OptOut, Preferences},
    runtime::run,
};

#[uniffi::export]
impl Vestnik {
    /// What the user does not want, as the device knows it, offline too. It also makes the device ask the
    /// server, unless it did so in the last ten seconds; if something is another than here,
    /// `PreferencesChanged` follows. Nobody wants anything.
    ///
    /// # Errors
    /// [`VestnikError::Storage`], [`VestnikError::Closed`].
    pub async fn preferences(&self) -> Result<Preferences, VestnikError> {
        let core = self.core()?;
        run(async move { core.preferences().await })
            .await
            .map(Into::into)
    }

    /// Opts the user out of something, or in again, on all of their devices. It is durable when this returns;
    /// the server is told when it can be reached, and `PreferencesChanged` follows its answer.
    ///
    /// # Errors
    /// [`VestnikError::InvalidArgument`], [`VestnikError::NobodyLoggedIn`], [`VestnikError::Refused`] if more
    /// than 100 categories or topics would not be wanted, [`VestnikError::Storage`],
    /// [`VestnikError::Closed`].
    pub async fn opt_out(&self, what: OptOut, is_opted_out: bool) -> Result<(), VestnikError> {
        let (core, change) = (self.core()?, what.change(is_opted_out)?);
        run(async move { core.change_opt_outs(change).await }).await
    }
}
