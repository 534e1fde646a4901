//! One install of an app on a device: the state it reports, whole, each time.

use serde::{Deserialize, Serialize};

use crate::{
    problem::{FieldCode, FieldProblem, Problem},
    push_address::{MAX_CHARS, PushAddress},
};

/// The most characters a descriptive text may have.
pub const MAX_DESCRIPTION_CHARS: usize = 128;

/// The whole state of an installation; what is not in it is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct InstallationState {
    /// The system it runs on.
    pub platform: Platform,
    /// The device's model, as the system names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The system's version.
    #[serde(default, alias = "osVersion", skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
    /// The app's version.
    #[serde(default, alias = "appVersion", skip_serializing_if = "Option::is_none")]
    pub app_version: Option<String>,
    /// A BCP 47 language tag (`ru`, `en-GB`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// An IANA time zone name (`Europe/Berlin`).
    #[serde(default, alias = "timeZone", skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Whether the system lets the app show notifications.
    #[serde(default)]
    pub permission: Permission,
    /// Where push services reach it; at most one address of a kind.
    #[serde(default, alias = "pushAddresses")]
    pub push_addresses: Vec<PushAddress>,
}

impl InstallationState {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// A [`Problem`] whose `errors` point at the fields.
    pub fn check(&self) -> Result<(), Problem> {
        let mut problems = Vec::new();
        let texts = [
            ("/model", &self.model),
            ("/os_version", &self.os_version),
            ("/app_version", &self.app_version),
            ("/locale", &self.locale),
            ("/time_zone", &self.time_zone),
        ];
        for (pointer, text) in texts {
            problems.extend(
                text.as_deref()
                    .and_then(|text| check_description(pointer, text)),
            );
        }
        self.check_addresses(&mut problems);
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(problems))
        }
    }

    fn check_addresses(&self, problems: &mut Vec<FieldProblem>) {
        for (index, address) in self.push_addresses.iter().enumerate() {
            let pointer = format!("/push_addresses/{index}");
            if self.push_addresses[..index]
                .iter()
                .any(|other| other.kind == address.kind)
            {
                let detail = "there is another address of this kind";
                problems.push(FieldProblem::new(
                    format!("{pointer}/kind"),
                    FieldCode::NotAllowed,
                    detail,
                ));
            }
            let length = address.value.chars().count();
            if length == 0 || length > MAX_CHARS || address.value.chars().any(char::is_control) {
                let detail = format!("must be 1 to {MAX_CHARS} printable characters");
                problems.push(FieldProblem::new(
                    format!("{pointer}/value"),
                    FieldCode::Malformed,
                    detail,
                ));
            }
        }
    }
}

fn check_description(pointer: &str, text: &str) -> Option<FieldProblem> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Some(FieldProblem::new(
            pointer,
            FieldCode::Malformed,
            "must be printable text",
        ));
    }
    (text.chars().count() > MAX_DESCRIPTION_CHARS).then(|| {
        let detail = format!("must have at most {MAX_DESCRIPTION_CHARS} characters");
        FieldProblem::new(pointer, FieldCode::TooLong, detail)
    })
}

/// The system an installation runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// Android.
    Android,
    /// iOS and iPadOS.
    Ios,
    /// Linux.
    Linux,
    /// macOS.
    Macos,
    /// Windows.
    Windows,
    /// A browser.
    Web,
}

impl Platform {
    /// The platform this code was compiled for.
    #[must_use]
    pub const fn current() -> Self {
        if cfg!(target_os = "android") {
            Self::Android
        } else if cfg!(target_os = "ios") {
            Self::Ios
        } else if cfg!(target_os = "macos") {
            Self::Macos
        } else if cfg!(target_os = "windows") {
            Self::Windows
        } else {
            Self::Linux
        }
    }
}

/// Whether the system lets the app show notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// The system does not tell.
    #[default]
    Unknown,
    /// The person was not asked yet.
    NotAsked,
    /// It does.
    Granted,
    /// It does, quietly.
    Provisional,
    /// It does not.
    Denied,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::push_address::PushAddressKind;

    fn state() -> InstallationState {
        InstallationState {
            platform: Platform::Linux,
            model: Some("ThinkPad X1".to_owned()),
            os_version: Some("12".to_owned()),
            app_version: Some("0.1.0".to_owned()),
            locale: Some("ru".to_owned()),
            time_zone: Some("Europe/Moscow".to_owned()),
            permission: Permission::Granted,
            push_addresses: vec![PushAddress {
                kind: PushAddressKind::FcmFid,
                value: "c0ffee".to_owned(),
            }],
        }
    }

    #[test]
    fn the_state_on_the_wire() {
        insta::assert_json_snapshot!(state());
        assert_eq!(state().check(), Ok(()));
    }

    #[test]
    fn a_push_address_stays_out_of_logs() {
        assert!(!format!("{:?}", state()).contains("c0ffee"));
    }

    #[test]
    fn each_wrong_field_is_named() {
        let address = PushAddress {
            kind: PushAddressKind::FcmFid,
            value: String::new(),
        };
        let mut wrong = InstallationState {
            model: Some("x".repeat(129)),
            ..state()
        };
        wrong.push_addresses.push(address);
        let problem = wrong.check().unwrap_err();
        let pointers: Vec<_> = problem.errors.iter().map(|e| e.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            [
                "/model",
                "/push_addresses/1/kind",
                "/push_addresses/1/value"
            ]
        );
    }
}
