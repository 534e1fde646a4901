//! What a core needs to know.

use std::{path::PathBuf, time::Duration};

use reqwest::Url;
use vestnik_model::AppId;

use crate::device_info::DeviceInfo;

/// What a core needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// The server's address, as `https://push.example/`.
    pub server: Url,
    /// The App.
    pub app: AppId,
    /// A folder of the app's own; history and tokens live there. Made when it is not there.
    pub data_dir: PathBuf,
    /// What to tell the server of this device.
    pub device: DeviceInfo,
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
            device,
            tuning: Tuning::default(),
        }
    }
}

/// Times and sizes; each says what goes wrong when it is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuning {
    /// The most the first retry waits. Too low and a struggling server is hammered.
    pub backoff_base: Duration,
    /// The most any retry waits. Too high and a server that is back is noticed late.
    pub backoff_cap: Duration,
    /// How long a request may take. Too low and slow radios never succeed.
    pub request_timeout: Duration,
    /// How long a fact waits for others to be reported with. If it is too low, each fact is a message;
    /// if it is too high, senders see statuses late.
    pub report_delay: Duration,
    /// The most facts of one report.
    pub report_batch: u32,
    /// The most entries of one page of catch-up.
    pub page: u32,
    /// How many events wait for the shell.
    pub event_queue: usize,
    /// How many notifications the history keeps.
    pub history_rows: u32,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            backoff_base: Duration::from_secs(1),
            backoff_cap: Duration::from_secs(60),
            request_timeout: Duration::from_secs(20),
            report_delay: Duration::from_millis(50),
            report_batch: 100,
            page: 100,
            event_queue: 256,
            history_rows: 10_000,
        }
    }
}
