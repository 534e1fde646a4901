//! What is told of the device.

use vestnik_model::{InstallationState, Permission, Platform};

/// What is told of the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInfo {
    /// The system it runs on.
    pub platform: Platform,
    /// The device's model.
    pub model: Option<String>,
    /// The system's version.
    pub os_version: Option<String>,
    /// The app's version.
    pub app_version: Option<String>,
    /// A BCP 47 language tag.
    pub locale: Option<String>,
    /// An IANA time zone name.
    pub time_zone: Option<String>,
    /// Whether the system lets the app show notifications.
    pub permission: Permission,
}

impl DeviceInfo {
    /// The state that the server stores.
    #[must_use]
    pub fn installation_state(&self) -> InstallationState {
        let Self {
            platform,
            model,
            os_version,
            app_version,
            locale,
            time_zone,
            permission,
        } = self.clone();
        InstallationState {
            platform: platform.into(),
            model,
            os_version,
            app_version,
            locale,
            time_zone,
            permission: permission.into(),
            envelope_key: None,
            push_addresses: Vec::new(),
        }
    }
}
