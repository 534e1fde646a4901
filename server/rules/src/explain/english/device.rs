//! What is longer about a device, in English.

use vestnik_model::MinVersion;

use super::{super::statement::Unshown, reason::because};
use crate::app_version::AppVersion;

/// Why nothing goes to a device whose app is too old.
pub(super) fn too_old(
    device: &str,
    version: Option<AppVersion>,
    oldest: Option<MinVersion>,
) -> String {
    let told = version.map_or_else(
        || "did not tell the version of its app".to_owned(),
        |version| {
            let kind = if version.is_prerelease() {
                "a prerelease of "
            } else {
                ""
            };
            format!("has {kind}version {version} of the app")
        },
    );
    let allowed = oldest.map_or_else(
        || "the sender named an oldest version, and its platform is not known".to_owned(),
        |oldest| format!("the sender allows {oldest} and later"),
    );
    format!("The {device} gets nothing: it {told}, and {allowed}.")
}

/// Why a device did not show it.
pub(super) fn not_shown(device: &str, why: Unshown, moment: &str) -> String {
    let because = match why {
        Unshown::Known(reason) => because(reason),
        Unshown::Failed => "the system did not take it",
        Unshown::Unreadable => "the app could not read it",
        Unshown::Other => {
            return format!(
                "The {device} did not show it {moment}, for a reason that this server does not know."
            );
        }
    };
    format!("The {device} did not show it {moment}, because {because}.")
}
