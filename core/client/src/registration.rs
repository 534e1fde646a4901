//! Whether the server has to be told of the device again.

use jiff::{SignedDuration, Timestamp};
use vestnik_model::InstallationState;

/// After so long the state is told again even unchanged, in case the server forgot.
const STALE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What was told last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// The state, as its JSON.
    pub(crate) state: String,
    /// When.
    pub(crate) at: Timestamp,
}

/// The state as it is told and compared.
pub(crate) fn text(state: &InstallationState) -> String {
    serde_json::to_string(state).unwrap_or_default()
}

/// Whether the state has to be told: it changed, or it is long ago.
pub(crate) fn is_due(told: Option<&Told>, state: &InstallationState, now: Timestamp) -> bool {
    told.is_none_or(|told| {
        told.state != text(state) || now.duration_since(told.at) >= STALE || now < told.at
    })
}

#[cfg(test)]
mod tests {
    use vestnik_model::{Permission, Platform};

    use super::*;
    use crate::device_info::DeviceInfo;

    fn state(permission: Permission) -> InstallationState {
        DeviceInfo {
            platform: Platform::Linux,
            model: None,
            os_version: None,
            app_version: None,
            locale: None,
            time_zone: None,
            permission,
        }
        .installation_state()
    }

    #[test]
    fn only_news_is_told() {
        let at = |hours: i64| Timestamp::from_second(hours * 3_600).unwrap();
        let told = Told {
            state: text(&state(Permission::Granted)),
            at: at(0),
        };
        assert!(is_due(None, &state(Permission::Granted), at(0)));
        assert!(!is_due(
            Some(&told),
            &state(Permission::Granted),
            at(7 * 24 - 1)
        ));
        assert!(is_due(Some(&told), &state(Permission::Granted), at(7 * 24)));
        assert!(is_due(Some(&told), &state(Permission::Denied), at(0)));
        assert!(is_due(Some(&told), &state(Permission::Granted), at(-1)));
    }
}
