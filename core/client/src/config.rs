//! What a device needs to know.

use std::{fmt, path::PathBuf, time::Duration};

use reqwest::Url;
use vestnik_model::AppId;

use crate::{device_info::DeviceInfo, storage::FormerHistory, transport::NetworkOptions};

/// What a device needs to know.
#[derive(Clone)]
pub struct Config {
    /// The server's address, as `https://push.example/`. It may have a path of its own.
    pub server: Url,
    /// The App.
    pub app: AppId,
    /// A folder of the app's own for history and identity. It is made if it is not there. It must not be
    /// part of a backup, and on iOS it lies outside of the app group: see ADR 16.
    pub data_dir: PathBuf,
    /// Where a notification extension leaves what it was given; absent for `spool` in `data_dir`. On iOS
    /// it lies in the app group.
    pub spool_dir: Option<PathBuf>,
    /// What the server is told of this device.
    pub device: DeviceInfo,
    /// What becomes of a user's history when they log out or another user logs in.
    pub former_history: FormerHistory,
    /// The way to the server, where it is not the usual one.
    pub network: NetworkOptions,
    /// Times and sizes.
    pub tuning: Tuning,
}

impl Config {
    /// The usual settings.
    #[must_use]
    pub fn new(server: Url, app: AppId, data_dir: PathBuf, device: DeviceInfo) -> Self {
        Self {
            server,
            app,
            data_dir,
            spool_dir: None,
            device,
            former_history: FormerHistory::default(),
            network: NetworkOptions::default(),
            tuning: Tuning::default(),
        }
    }
}

/// With the server's host only: an address that has secrets in it is refused, and may be printed before.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            server,
            app,
            data_dir,
            spool_dir,
            device,
            former_history,
            network,
            tuning,
        } = self;
        f.debug_struct("Config")
            .field("server", &server.host_str())
            .field("app", app)
            .field("data_dir", data_dir)
            .field("spool_dir", spool_dir)
            .field("device", device)
            .field("former_history", former_history)
            .field("network", network)
            .field("tuning", tuning)
            .finish()
    }
}

/// Times and sizes; each says what goes wrong if it is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuning {
    /// The first retry waits at most this long. If it is too short, a struggling server is hammered.
    pub backoff_base: Duration,
    /// Any retry waits at most this long, unless the server asks for more. If it is too long, a server
    /// that is back is noticed late.
    pub backoff_cap: Duration,
    /// How long a request may take. If it is too short, slow radios never succeed.
    pub request_timeout: Duration,
    /// How many notifications the history keeps.
    pub history_rows: u32,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            backoff_base: Duration::from_secs(1),
            backoff_cap: Duration::from_secs(60),
            request_timeout: Duration::from_secs(20),
            history_rows: 10_000,
        }
    }
}
