//! What the tests of all machines begin with.

use std::time::Duration;

use jiff::Timestamp;
use vestnik_clock::{Monotonic, Now};
use vestnik_model::{InstallationState, Permission, Platform};

use crate::device_info::DeviceInfo;

/// A time at which pauses are as long as chance makes them.
pub(super) fn now() -> Now {
    Now {
        monotonic: Monotonic::from_origin(Duration::from_secs(1_000)),
        wall: Timestamp::UNIX_EPOCH,
        random: u64::MAX,
    }
}

/// A device that has a locale and nothing else to say of itself.
pub(super) fn device(permission: Permission) -> InstallationState {
    DeviceInfo {
        platform: Platform::Linux,
        model: None,
        os_version: None,
        app_version: None,
        locale: Some("ru".to_owned()),
        time_zone: None,
        permission,
    }
    .installation_state()
}
