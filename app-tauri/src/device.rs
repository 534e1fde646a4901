//! What this device is, as the server is told.

use jiff::tz::TimeZone;
use vestnik_core::DeviceInfo;
use vestnik_model::{Permission, Platform};

use crate::{view::Language, words};

/// Describes this device.
pub(crate) fn info() -> DeviceInfo {
    DeviceInfo {
        platform: Platform::current(),
        model: None,
        os_version: None,
        app_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        locale: sys_locale::get_locale(),
        time_zone: TimeZone::system().iana_name().map(str::to_owned),
        // The toasts' task finds it out, and the controller tells the core.
        permission: Permission::Unknown,
    }
}

/// The system's language.
pub(crate) fn language() -> Language {
    words::language_of(&sys_locale::get_locale().unwrap_or_default())
}
