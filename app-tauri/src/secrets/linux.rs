//! The Secret Service of freedesktop.org (its draft 0.2).

use std::{sync::Arc, time::Duration};

use keyring_core::{CredentialStore, Result};
use zbus::{Connection, zvariant::OwnedObjectPath};
use zbus_secret_service_keyring_store::Store;

use super::Keyring;

const SERVICE: &str = "org.freedesktop.secrets";
const SERVICE_PATH: &str = "/org/freedesktop/secrets";
const SERVICE_INTERFACE: &str = "org.freedesktop.Secret.Service";
const COLLECTION_INTERFACE: &str = "org.freedesktop.Secret.Collection";

/// How long the service may take to say how it is. It may have to be started for that.
const PATIENCE: Duration = Duration::from_secs(10);

/// Looks at the keyring without asking the person anything.
pub(super) async fn look() -> Keyring {
    match tokio::time::timeout(PATIENCE, default_collection_is_locked()).await {
        Ok(Ok(false)) => Keyring::Ready,
        Ok(Ok(true)) => Keyring::Locked,
        Ok(Err(error)) => {
            tracing::info!(%error, "there is no keyring");
            Keyring::Absent
        }
        Err(_) => {
            tracing::warn!("the keyring does not answer");
            Keyring::Absent
        }
    }
}

/// The keyring.
pub(super) fn store() -> Result<Arc<CredentialStore>> {
    let store: Arc<CredentialStore> = Store::new()?;
    Ok(store)
}

async fn default_collection_is_locked() -> zbus::Result<bool> {
    let bus = Connection::session().await?;
    let service = zbus::Proxy::new(&bus, SERVICE, SERVICE_PATH, SERVICE_INTERFACE).await?;
    let collection: OwnedObjectPath = service.call("ReadAlias", &("default",)).await?;
    if collection.as_str() == "/" {
        // It would be made with the first secret, and the person would have to be there.
        return Ok(true);
    }
    let collection = zbus::Proxy::new(&bus, SERVICE, collection, COLLECTION_INTERFACE).await?;
    collection.get_property("Locked").await
}
