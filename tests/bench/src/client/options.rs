//! What `client` is asked to measure.

use std::{fmt, path::PathBuf, time::Duration};

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only these parts.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// How often each figure is made.
    #[arg(long)]
    runs: Option<usize>,
    /// How many notifications the history has; otherwise a million.
    #[arg(long)]
    rows: Option<u64>,
    /// Few notifications: that each figure comes out.
    #[arg(long)]
    brief: bool,
    /// Keep the history in this folder, and use the one that is there.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// How many seconds a device is idle; 3600 for a whole hour. Otherwise what is counted is scaled.
    #[arg(long)]
    idle: Option<u64>,
    /// The stripped native library, to tell its size.
    #[arg(long)]
    library: Option<PathBuf>,
}

/// A part of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Part {
    /// Pages and counts.
    Read,
    /// Searches.
    Search,
    /// Marks as read.
    Mark,
    /// Arrivals.
    Insert,
    /// The memory of one push.
    Memory,
    /// From the start of a process to the first page, and to online.
    Start,
    /// The memory and the idle hour of a device that is online.
    Idle,
    /// The size of the native library.
    Library,
}

const ALL: [Part; 8] = [
    Part::Read,
    Part::Search,
    Part::Mark,
    Part::Insert,
    Part::Memory,
    Part::Start,
    Part::Idle,
    Part::Library,
];

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Search => "search",
            Self::Mark => "mark",
            Self::Insert => "insert",
            Self::Memory => "memory",
            Self::Start => "start",
            Self::Idle => "idle",
            Self::Library => "library",
        })
    }
}

/// How large the history is, and how often each figure is made.
#[derive(Debug, Clone)]
pub(super) struct Size {
    pub(super) runs: usize,
    /// How often one side of a short figure is repeated in a run.
    pub(super) repeats: u32,
    /// Notifications of the history.
    pub(super) rows: u64,
    /// How many of them are unread, the newest.
    pub(super) unread: u64,
    pub(super) keep: Option<PathBuf>,
    /// How long a device is idle.
    pub(super) idle: Duration,
    pub(super) library: Option<PathBuf>,
}

impl Options {
    pub(super) fn size(&self) -> Size {
        let (rows, runs, repeats, idle) = if self.brief {
            (2_000, 1, 3, 2)
        } else {
            (1_000_000, 5, 50, 120)
        };
        let rows = self.rows.unwrap_or(rows);
        Size {
            runs: self.runs.unwrap_or(runs).max(1),
            repeats,
            rows,
            unread: rows / 10,
            keep: self.keep.clone(),
            idle: Duration::from_secs(self.idle.unwrap_or(idle).max(1)),
            library: self.library.clone(),
        }
    }

    /// The parts to measure, in their usual order.
    pub(super) fn parts(&self) -> Vec<Part> {
        let wanted = |part: &Part| self.only.is_empty() || self.only.contains(part);
        ALL.into_iter().filter(wanted).collect()
    }
}
