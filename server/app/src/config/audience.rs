//! Bounds of uploaded audiences.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use vestnik_model::AppId;
use vestnik_rules::audience_file::Keeping;

use crate::share::Shares;

/// The most uploads at once, of all Apps: each holds some 64 KiB.
const MOST_UPLOADS: usize = 64;

/// What audiences that are uploaded as files may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AudienceConfig {
    /// The most audiences of one App.
    pub audiences_per_app: u32,
    /// The most lines that name somebody in all audiences of one App.
    pub lines_per_app: u64,
    /// How many uploads of one App are taken at once.
    pub uploads_per_app: usize,
    /// The most bytes of a file.
    pub file_bytes: u64,
    /// The most lines of a file, empty ones and the header aside.
    pub file_lines: u64,
    /// The most lines of a file of which it is kept what is wrong with them. All are counted.
    pub problems: u64,
    /// How long one request of an upload may take, in seconds. The upload goes on with another one.
    pub upload_seconds: u32,
    /// For how many hours an audience is kept to which nothing more is uploaded.
    pub unfinished_hours: u32,
    /// For how many days an audience is kept that is ready.
    pub keep_days: u32,
}

impl Default for AudienceConfig {
    fn default() -> Self {
        Self {
            audiences_per_app: 100,
            lines_per_app: 50_000_000,
            uploads_per_app: 4,
            file_bytes: 1_024 * 1_024 * 1_024,
            file_lines: 10_000_000,
            problems: 100_000,
            upload_seconds: 60 * 60,
            unfinished_hours: 24,
            keep_days: 30,
        }
    }
}

impl AudienceConfig {
    /// The places of uploads.
    pub(crate) fn upload_places(&self) -> Shares<AppId> {
        Shares::new(MOST_UPLOADS, self.uploads_per_app)
    }

    /// How long audiences are kept.
    pub(crate) fn keeping(&self) -> Keeping {
        let hours = |hours: u32| SignedDuration::from_hours(i64::from(hours));
        Keeping {
            unfinished: hours(self.unfinished_hours),
            ready: hours(self.keep_days.saturating_mul(24)),
        }
    }
}
