//! One install of an app on a device: the state it reports, whole, each time.
//!
//! A device may be newer or older than its server, and what it reports is descriptive: it is read
//! leniently. Unknown fields are ignored, unknown words kept, and a text that cannot be kept is dropped
//! by [`InstallationState::cleaned`]. Only sizes are refused.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    open::{Open, readable, readable_list, readable_or_default, words},
    problem::{FieldCode, FieldProblem, Problem},
    push_address::{MAX_CHARS, PushAddress},
};

/// The most characters a descriptive text may have.
pub const MAX_DESCRIPTION_CHARS: usize = 128;
/// How many characters an envelope key has.
pub const ENVELOPE_KEY_CHARS: usize = 43;
/// The most push addresses of one installation.
pub const MAX_PUSH_ADDRESSES: usize = 16;

/// The whole state of an installation; what is not in it is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstallationState {
    /// The system it runs on.
    #[cfg_attr(feature = "openapi", schema(value_type = Platform))]
    pub platform: Open<Platform>,
    /// The device's model, as the system names it.
    #[serde(
        default,
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub model: Option<String>,
    /// The system's version.
    #[serde(
        default,
        alias = "osVersion",
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub os_version: Option<String>,
    /// The app's version.
    #[serde(
        default,
        alias = "appVersion",
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub app_version: Option<String>,
    /// A BCP 47 language tag (`ru`, `en-GB`).
    #[serde(
        default,
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub locale: Option<String>,
    /// An IANA time zone name (`Europe/Berlin`).
    #[serde(
        default,
        alias = "timeZone",
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub time_zone: Option<String>,
    /// Whether the app may show notifications, by the system and by its own switch.
    #[serde(default, deserialize_with = "readable_or_default")]
    #[cfg_attr(feature = "openapi", schema(value_type = Permission))]
    pub permission: Open<Permission>,
    /// The public key that pushes to it are sealed for: the 32 bytes in base64url without padding.
    #[serde(
        default,
        alias = "envelopeKey",
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub envelope_key: Option<String>,
    /// Where push services reach it; of addresses that [exclude](PushAddress::excludes) each other the last
    /// is kept.
    #[serde(default, alias = "pushAddresses", deserialize_with = "addresses")]
    pub push_addresses: Vec<PushAddress>,
}

/// What an installation reports: its whole state, and when the person last opened the app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstallationReport {
    /// The state.
    #[serde(flatten)]
    pub state: InstallationState,
    /// How many seconds ago the app was last brought to the front; absent when that is no news. The
    /// installation becomes the primary one of its user unless another one was opened later.
    #[serde(
        default,
        alias = "openedSecondsAgo",
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub opened_seconds_ago: Option<u32>,
}

/// One more than may be kept, so that [`InstallationState::check`] sees that there are too many.
fn addresses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PushAddress>, D::Error> {
    readable_list::<{ MAX_PUSH_ADDRESSES + 1 }, _, _>(deserializer)
}

impl InstallationState {
    /// Checks the sizes; everything else that is wrong is dropped by [`InstallationState::cleaned`].
    ///
    /// # Errors
    /// A [`Problem`] whose `errors` point at the fields.
    pub fn check(&self) -> Result<(), Problem> {
        let texts = [
            ("/model", &self.model),
            ("/os_version", &self.os_version),
            ("/app_version", &self.app_version),
            ("/locale", &self.locale),
            ("/time_zone", &self.time_zone),
            ("/envelope_key", &self.envelope_key),
        ];
        let mut problems: Vec<_> = texts
            .into_iter()
            .filter_map(|(pointer, text)| {
                check_length(pointer, text.as_deref()?, MAX_DESCRIPTION_CHARS)
            })
            .collect();
        self.check_addresses(&mut problems);
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(problems))
        }
    }

    fn check_addresses(&self, problems: &mut Vec<FieldProblem>) {
        if self.push_addresses.len() > MAX_PUSH_ADDRESSES {
            let detail = format!("must have at most {MAX_PUSH_ADDRESSES} entries");
            problems.push(FieldProblem::new(
                "/push_addresses",
                FieldCode::TooLong,
                detail,
            ));
        }
        problems.extend(
            self.push_addresses
                .iter()
                .enumerate()
                .filter_map(|(index, address)| {
                    let pointer = format!("/push_addresses/{index}/value");
                    check_length(&pointer, &address.value, MAX_CHARS)
                }),
        );
    }

    /// The same state without what cannot be kept: texts that are empty, overlong or have control
    /// characters, addresses of that sort, a key that is none, and of addresses that exclude each other all
    /// but the last.
    #[must_use]
    pub fn cleaned(self) -> Self {
        let Self {
            platform,
            model,
            os_version,
            app_version,
            locale,
            time_zone,
            permission,
            envelope_key,
            push_addresses,
        } = self;
        Self {
            platform,
            model: model.as_deref().and_then(clean_description),
            os_version: os_version.as_deref().and_then(clean_description),
            app_version: app_version.as_deref().and_then(clean_description),
            locale: locale.as_deref().and_then(clean_description),
            time_zone: time_zone.as_deref().and_then(clean_description),
            permission,
            envelope_key: envelope_key.filter(|key| is_envelope_key(key)),
            push_addresses: clean_addresses(push_addresses),
        }
    }
}

fn clean_addresses(addresses: Vec<PushAddress>) -> Vec<PushAddress> {
    let mut kept: Vec<PushAddress> = Vec::new();
    for address in addresses.into_iter().rev() {
        let is_kept = is_printable(&address.value, MAX_CHARS)
            && kept.len() < MAX_PUSH_ADDRESSES
            && !kept.iter().any(|newer| newer.excludes(&address));
        if is_kept {
            kept.push(address);
        }
    }
    kept.reverse();
    kept
}

/// Whether a text has the form of 32 bytes in base64url without padding. Whether these are a key is for
/// whoever seals.
fn is_envelope_key(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.len() == ENVELOPE_KEY_CHARS && text.bytes().all(is_digit)
}

/// A descriptive text without the spaces around it, or nothing in the place of one that cannot be
/// kept: empty, longer than [`MAX_DESCRIPTION_CHARS`], or with control characters.
#[must_use]
pub fn clean_description(text: &str) -> Option<String> {
    let text = text.trim();
    is_printable(text, MAX_DESCRIPTION_CHARS).then(|| text.to_owned())
}

/// Reads a descriptive text by [`clean_description`]; what is no text is absent.
pub(crate) fn description<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    readable(deserializer).map(|text: Option<String>| text.as_deref().and_then(clean_description))
}

fn is_printable(text: &str, max: usize) -> bool {
    !text.is_empty() && text.chars().count() <= max && !text.chars().any(char::is_control)
}

fn check_length(pointer: &str, text: &str, max: usize) -> Option<FieldProblem> {
    (text.chars().count() > max).then(|| {
        let detail = format!("must have at most {max} characters");
        FieldProblem::new(pointer, FieldCode::TooLong, detail)
    })
}

/// The system an installation runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

words!(Platform {
    Android = "android",
    Ios = "ios",
    Linux = "linux",
    Macos = "macos",
    Windows = "windows",
    Web = "web",
});

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
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
    /// It does, and the person switched notifications off in the app.
    SwitchedOff,
}

words!(Permission {
    Unknown = "unknown",
    NotAsked = "not_asked",
    Granted = "granted",
    Provisional = "provisional",
    Denied = "denied",
    SwitchedOff = "switched_off",
});

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::push_address::PushAddressKind;

    fn address(value: &str) -> PushAddress {
        PushAddress::new(PushAddressKind::FcmFid, value)
    }

    fn state() -> InstallationState {
        InstallationState {
            platform: Platform::Linux.into(),
            model: Some("ThinkPad X1".to_owned()),
            os_version: Some("12".to_owned()),
            app_version: Some("0.1.0".to_owned()),
            locale: Some("ru".to_owned()),
            time_zone: Some("Europe/Moscow".to_owned()),
            permission: Permission::Granted.into(),
            envelope_key: Some("k".repeat(ENVELOPE_KEY_CHARS)),
            push_addresses: vec![address("c0ffee")],
        }
    }

    #[test]
    fn the_state_on_the_wire() {
        insta::assert_json_snapshot!(state());
        assert_eq!(state().check(), Ok(()));
        assert_eq!(state().cleaned(), state());
    }

    #[test]
    fn a_push_address_stays_out_of_logs() {
        assert!(!format!("{:?}", state()).contains("c0ffee"));
    }

    #[test]
    fn a_report_is_a_state_that_may_tell_when_the_app_was_opened() {
        let mut json = serde_json::to_value(state()).unwrap();
        let read = |json: &serde_json::Value| -> InstallationReport {
            serde_json::from_value(json.clone()).unwrap()
        };
        let report = read(&json);
        assert_eq!((report.state, report.opened_seconds_ago), (state(), None));
        json["opened_seconds_ago"] = 7.into();
        let report = read(&json);
        assert_eq!(report.opened_seconds_ago, Some(7));
        assert_eq!(report.state, state());
        assert_eq!(serde_json::to_value(&report).unwrap(), json);
        json["opened_seconds_ago"] = "just now".into();
        assert_eq!(read(&json).opened_seconds_ago, None);
    }

    #[test]
    fn only_sizes_are_refused() {
        let mut wrong = InstallationState {
            model: Some("x".repeat(129)),
            locale: Some(String::new()),
            ..state()
        };
        wrong
            .push_addresses
            .push(address(&"x".repeat(MAX_CHARS + 1)));
        let problem = wrong.check().unwrap_err();
        let pointers: Vec<_> = problem.errors.iter().map(|e| e.pointer.as_str()).collect();
        assert_eq!(pointers, ["/model", "/push_addresses/1/value"]);
    }

    #[test]
    fn what_cannot_be_kept_is_dropped() {
        let odd = InstallationState {
            model: Some("x".repeat(129)),
            os_version: Some(" 12 ".to_owned()),
            app_version: Some("1\u{0}".to_owned()),
            locale: Some(" ".to_owned()),
            envelope_key: Some("k".repeat(ENVELOPE_KEY_CHARS - 1) + "="),
            push_addresses: vec![address("old"), address("new"), address("")],
            ..state()
        };
        let kept = InstallationState {
            model: None,
            app_version: None,
            locale: None,
            envelope_key: None,
            push_addresses: vec![address("new")],
            ..state()
        };
        assert_eq!(odd.cleaned(), kept);
    }

    #[test]
    fn the_newer_address_of_firebase_is_kept() {
        use PushAddressKind::{FcmFid, FcmToken, Rustore};
        let new = |kind, value| PushAddress::new(kind, value);
        for (older, newer) in [(FcmToken, FcmFid), (FcmFid, FcmToken)] {
            let both = InstallationState {
                push_addresses: vec![new(older, "1"), new(Rustore, "2"), new(newer, "3")],
                ..state()
            };
            let kept = [new(Rustore, "2"), new(newer, "3")];
            assert_eq!(both.cleaned().push_addresses, kept);
        }
    }

    #[test]
    fn another_versions_state_is_read() {
        let read: InstallationState = serde_json::from_value(json!({
            "platform": "fridge", "model": 7, "permission": "sometimes", "battery": 0.5,
            "push_addresses": [
                {"kind": "pigeon", "value": "coo", "loft": 3}, "odd",
                {"kind": "apns", "value": "a", "environment": "moon"}
            ],
            "envelopeKey": 7,
        }))
        .unwrap();
        assert_eq!(
            (read.platform.as_str(), read.permission.as_str()),
            ("fridge", "sometimes")
        );
        assert_eq!(read.model, None);
        let kinds: Vec<_> = read
            .push_addresses
            .iter()
            .map(|a| a.kind.as_str())
            .collect();
        assert_eq!(kinds, ["pigeon", "apns"]);
        let stored = serde_json::to_value(&read).unwrap();
        assert_eq!(stored["platform"], "fridge");
    }
}
