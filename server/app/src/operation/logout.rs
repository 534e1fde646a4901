//! A logout: an installation's tokens and connections end.

use vestnik_model::{AppId, InstallationId};
use vestnik_store::{LogoutOutcome, Store};

use crate::{feed::Devices, refusal::Refusal};

/// Ends the tokens of an installation and closes its connections.
pub(crate) async fn logout(
    store: &dyn Store,
    devices: &Devices,
    app: AppId,
    installation: InstallationId,
) -> Result<(), Refusal> {
    match store.logout(app, installation).await? {
        LogoutOutcome::Done => {
            devices.close(installation);
            Ok(())
        }
        LogoutOutcome::Unknown => Err(Refusal::not_found("installation")),
    }
}
