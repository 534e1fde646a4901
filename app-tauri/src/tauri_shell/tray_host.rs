//! Whether there is a tray that shows the app's icon. GNOME has none without an extension: the window
//! then says how it is found again.

use crate::controller::{Desk, Intent};

/// Tells the controller, now and whenever it changes.
#[cfg(not(target_os = "linux"))]
pub(super) async fn watch(desk: Desk) {
    desk.send(Intent::Tray(true)).await;
}

/// Tells the controller, now and whenever it changes.
#[cfg(target_os = "linux")]
pub(super) async fn watch(desk: Desk) {
    if let Err(error) = linux::watch(&desk).await {
        tracing::info!(%error, "whether there is a tray is not known");
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use futures_util::StreamExt as _;
    use zbus::{Connection, fdo::DBusProxy, names::BusName};

    use super::{Desk, Intent};

    /// The name under which trays of freedesktop.org are found.
    const TRAY: &str = "org.kde.StatusNotifierWatcher";

    pub(super) async fn watch(desk: &Desk) -> zbus::Result<()> {
        let bus = DBusProxy::new(&Connection::session().await?).await?;
        let mut owners = bus
            .receive_name_owner_changed_with_args(&[(0, TRAY)])
            .await?;
        let name = BusName::try_from(TRAY)?;
        desk.send(Intent::Tray(bus.name_has_owner(name).await?))
            .await;
        while let Some(change) = owners.next().await {
            let has_tray = change.args()?.new_owner().is_some();
            desk.send(Intent::Tray(has_tray)).await;
        }
        Ok(())
    }
}
