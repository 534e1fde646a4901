//! How to reach the server, and what to tell it of the device.

use std::{fmt, path::PathBuf, time::Duration};

use reqwest::Url;
use vestnik_core::Change;
use vestnik_model as model;

use super::parse;
use crate::error::VestnikError;

/// How to reach the server, and what to tell it of the device.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Config {
    /// The server's address, as `https://push.example/`. A path stays a part of it.
    pub server: String,
    /// The App's id.
    pub app: String,
    /// A folder of the app's own for history and state, which no other process opens; it is made if it
    /// is not there. It must not be part of a backup that another device may restore.
    pub data_dir: String,
    /// What to tell the server of the device.
    pub device: DeviceInfo,
    /// Where a notification extension leaves pushes for the app; absent for `spool` in `data_dir`. On iOS
    /// it is a folder of the app group.
    #[uniffi(default = None)]
    pub spool_dir: Option<String>,
    /// What becomes of a user's history when they log out or another user logs in.
    #[uniffi(default = None)]
    pub former_history: Option<FormerHistory>,
    /// How to reach the network; absent for the system's own ways.
    #[uniffi(default = None)]
    pub network: Option<Network>,
    /// Times and sizes; absent for the usual ones.
    #[uniffi(default = None)]
    pub tuning: Option<Tuning>,
}

/// What the server is told of the device.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DeviceInfo {
    /// The system it runs on.
    pub platform: Platform,
    /// Whether the system lets the app show notifications.
    pub permission: Permission,
    /// The device's model.
    #[uniffi(default = None)]
    pub model: Option<String>,
    /// The system's version.
    #[uniffi(default = None)]
    pub os_version: Option<String>,
    /// The app's version.
    #[uniffi(default = None)]
    pub app_version: Option<String>,
    /// A BCP 47 language tag.
    #[uniffi(default = None)]
    pub locale: Option<String>,
    /// The IANA name of the time zone.
    #[uniffi(default = None)]
    pub time_zone: Option<String>,
}

/// A change of what the server is told of the device. What is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct DeviceChange {
    /// A BCP 47 language tag.
    #[uniffi(default = None)]
    pub locale: Option<String>,
    /// The IANA name of the time zone.
    #[uniffi(default = None)]
    pub time_zone: Option<String>,
    /// The app's version.
    #[uniffi(default = None)]
    pub app_version: Option<String>,
    /// The system's version.
    #[uniffi(default = None)]
    pub os_version: Option<String>,
}

/// The system an installation runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
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

/// Whether the app may show notifications, by the system and by its own switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Permission {
    /// The system does not say.
    Unknown,
    /// The person was not asked yet.
    NotAsked,
    /// It does.
    Granted,
    /// It does, without sound or banner.
    Provisional,
    /// It does not: the core suppresses each show, and none appears later.
    Denied,
    /// It does, and the person switched notifications off in the app: the core suppresses each show, and the
    /// server tries other channels.
    SwitchedOff,
}

/// What becomes of a user's history when they log out or another user logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum FormerHistory {
    /// Its content is deleted.
    Wipe,
    /// Its file stays, and nobody opens it until its user logs in again.
    Seal,
}

/// How to reach the network.
#[derive(Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct Network {
    /// The address of a proxy.
    #[uniffi(default = None)]
    pub proxy: Option<String>,
    /// Certificates to trust beside the system's, as PEM.
    #[uniffi(default = [])]
    pub roots: Vec<Vec<u8>>,
}

/// Times and sizes. What is absent has its usual value.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct Tuning {
    /// The most that the first retry waits. If it is too low, a struggling server gets no rest.
    #[uniffi(default = None)]
    pub backoff_base: Option<Duration>,
    /// The most that any retry waits. If it is too high, a server that is back is noticed late.
    #[uniffi(default = None)]
    pub backoff_cap: Option<Duration>,
    /// How long a request may take. If it is too low, nothing succeeds over a slow radio.
    #[uniffi(default = None)]
    pub request_timeout: Option<Duration>,
    /// How many notifications the history keeps.
    #[uniffi(default = None)]
    pub history_rows: Option<u32>,
}

/// Without addresses, which may have secrets in them.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let app = &self.app;
        f.debug_struct("Config")
            .field("app", app)
            .finish_non_exhaustive()
    }
}

/// As above.
impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roots = self.roots.len();
        f.debug_struct("Network")
            .field("roots", &roots)
            .finish_non_exhaustive()
    }
}

impl Config {
    /// Checks what the app gave.
    ///
    /// # Errors
    /// [`VestnikError::InvalidArgument`] that names the field.
    pub(crate) fn parse(self) -> Result<vestnik_core::Config, VestnikError> {
        let Self {
            server,
            app,
            data_dir,
            device,
            spool_dir,
            former_history,
            network,
            tuning,
        } = self;
        if data_dir.is_empty() {
            return Err(VestnikError::invalid("data_dir", "is required"));
        }
        let (server, app) = (address("server", &server)?, parse("app", &app)?);
        let mut config =
            vestnik_core::Config::new(server, app, PathBuf::from(data_dir), device.into());
        config.spool_dir = spool_dir.map(PathBuf::from);
        config.former_history = former_history.unwrap_or(FormerHistory::Wipe).into();
        config.network = network.unwrap_or_default().parse()?;
        tuning.unwrap_or_default().apply(&mut config.tuning)?;
        Ok(config)
    }
}

/// An address that requests can be sent to.
fn address(field: &str, text: &str) -> Result<Url, VestnikError> {
    let url: Url = parse(field, text)?;
    if !["http", "https"].contains(&url.scheme()) || !url.has_host() {
        return Err(VestnikError::invalid(field, "must be an https address"));
    }
    Ok(url)
}

impl Network {
    fn parse(self) -> Result<vestnik_core::NetworkOptions, VestnikError> {
        let Self { proxy, roots } = self;
        let proxy = proxy.map(|text| parse("proxy", &text)).transpose()?;
        let is_certificate = |root: &Vec<u8>| {
            let text = String::from_utf8_lossy(root);
            text.contains("-----BEGIN CERTIFICATE-----")
        };
        if !roots.iter().all(is_certificate) {
            return Err(VestnikError::invalid("roots", "must be PEM"));
        }
        Ok(vestnik_core::NetworkOptions { proxy, roots })
    }
}

impl Tuning {
    fn apply(self, tuning: &mut vestnik_core::Tuning) -> Result<(), VestnikError> {
        let Self {
            backoff_base,
            backoff_cap,
            request_timeout,
            history_rows,
        } = self;
        let times = [
            ("backoff_base", backoff_base, &mut tuning.backoff_base),
            ("backoff_cap", backoff_cap, &mut tuning.backoff_cap),
            (
                "request_timeout",
                request_timeout,
                &mut tuning.request_timeout,
            ),
        ];
        for (field, given, used) in times {
            match given {
                Some(Duration::ZERO) => {
                    return Err(VestnikError::invalid(field, "must be more than nothing"));
                }
                Some(given) => *used = given,
                None => {}
            }
        }
        match history_rows {
            Some(0) => return Err(VestnikError::invalid("history_rows", "must be at least 1")),
            Some(rows) => tuning.history_rows = rows,
            None => {}
        }
        Ok(())
    }
}

impl From<FormerHistory> for vestnik_core::FormerHistory {
    fn from(policy: FormerHistory) -> Self {
        match policy {
            FormerHistory::Wipe => Self::Wipe,
            FormerHistory::Seal => Self::Seal,
        }
    }
}

impl From<DeviceInfo> for vestnik_core::DeviceInfo {
    fn from(device: DeviceInfo) -> Self {
        let DeviceInfo {
            platform,
            permission,
            model,
            os_version,
            app_version,
            locale,
            time_zone,
        } = device;
        Self {
            platform: platform.into(),
            model,
            os_version,
            app_version,
            locale,
            time_zone,
            permission: permission.into(),
        }
    }
}

impl From<DeviceChange> for Change {
    fn from(change: DeviceChange) -> Self {
        let DeviceChange {
            locale,
            time_zone,
            app_version,
            os_version,
        } = change;
        Self {
            permission: None,
            locale,
            time_zone,
            app_version,
            os_version,
            envelope_key: None,
        }
    }
}

impl From<Permission> for model::Permission {
    fn from(permission: Permission) -> Self {
        match permission {
            Permission::Unknown => Self::Unknown,
            Permission::NotAsked => Self::NotAsked,
            Permission::Granted => Self::Granted,
            Permission::Provisional => Self::Provisional,
            Permission::Denied => Self::Denied,
            Permission::SwitchedOff => Self::SwitchedOff,
        }
    }
}

impl From<Platform> for model::Platform {
    fn from(platform: Platform) -> Self {
        match platform {
            Platform::Android => Self::Android,
            Platform::Ios => Self::Ios,
            Platform::Linux => Self::Linux,
            Platform::Macos => Self::Macos,
            Platform::Windows => Self::Windows,
            Platform::Web => Self::Web,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config {
            server: "https://push.example/a/".to_owned(),
            app: "shop".to_owned(),
            data_dir: "/data".to_owned(),
            device: DeviceInfo {
                platform: Platform::Android,
                permission: Permission::Granted,
                model: None,
                os_version: None,
                app_version: None,
                locale: None,
                time_zone: None,
            },
            spool_dir: None,
            former_history: None,
            network: None,
            tuning: None,
        }
    }

    fn refused(config: Config) -> Option<String> {
        match config.parse() {
            Err(VestnikError::InvalidArgument { field, .. }) => Some(field),
            Err(other) => panic!("{other:?}"),
            Ok(_) => None,
        }
    }

    fn network(proxy: Option<&str>, root: &str) -> Config {
        let network = Network {
            proxy: proxy.map(str::to_owned),
            roots: vec![root.as_bytes().to_vec()],
        };
        Config {
            network: Some(network),
            ..config()
        }
    }

    fn server(server: &str) -> Config {
        Config {
            server: server.to_owned(),
            ..config()
        }
    }

    fn tuned(tuning: Tuning) -> Config {
        Config {
            tuning: Some(tuning),
            ..config()
        }
    }

    #[test]
    fn a_wrong_field_is_named() {
        let (nothing, nowhere) = (Tuning::default(), String::new());
        let cases = [
            ("server", server("push.example")),
            ("server", server("ftp://push.example")),
            (
                "app",
                Config {
                    app: nowhere.clone(),
                    ..config()
                },
            ),
            (
                "data_dir",
                Config {
                    data_dir: nowhere,
                    ..config()
                },
            ),
            ("proxy", network(Some("::"), "")),
            ("roots", network(None, "no PEM")),
            (
                "request_timeout",
                tuned(Tuning {
                    request_timeout: Some(Duration::ZERO),
                    ..nothing.clone()
                }),
            ),
            (
                "history_rows",
                tuned(Tuning {
                    history_rows: Some(0),
                    ..nothing
                }),
            ),
        ];
        for (field, config) in cases {
            assert_eq!(refused(config).as_deref(), Some(field));
        }
        assert_eq!(refused(config()), None);
    }

    #[test]
    fn what_is_not_tuned_is_as_usual() {
        let tuning = Tuning {
            history_rows: Some(7),
            ..Tuning::default()
        };
        let parsed = Config {
            tuning: Some(tuning),
            ..config()
        }
        .parse()
        .unwrap();
        let usual = config().parse().unwrap().tuning;
        assert_eq!(parsed.tuning.history_rows, 7);
        assert_eq!(parsed.tuning.backoff_cap, usual.backoff_cap);
        assert_eq!(parsed.server.path(), "/a/");
    }
}
