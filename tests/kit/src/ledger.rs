//! What happened, on disk, so that it outlives a killed process; and the verdict on it.
//!
//! There are two ledgers: of publishes that the server acknowledged, and of toasts that a device
//! drew. An entry is one line of JSON, on the disk before the next step is taken. A line that a
//! kill cut short does not count: what it records had not happened yet.

mod writer;

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    marker::PhantomData,
    path::Path,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use vestnik_model::NotificationId;

pub use writer::LedgerWriter;

/// The server acknowledged a publish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// What was published.
    pub notification: NotificationId,
    /// The devices that must show the notification, by their names in the run.
    pub devices: Vec<String>,
}

/// A device drew a toast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The device's name in the run.
    pub device: String,
    /// What was drawn.
    pub notification: NotificationId,
    /// Whether the core marked it as one that may replace an earlier toast of the same tag, as after a crash.
    pub again: bool,
}

/// A file of entries that only grows.
#[derive(Debug)]
pub struct Ledger<T> {
    file: File,
    entries: PhantomData<fn(T)>,
}

impl<T: Serialize> Ledger<T> {
    /// Opens a ledger to write on, after a last line that was cut short is removed.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let whole = whole_lines(&fs::read(path)?).len();
        file.set_len(whole as u64)?;
        Ok(Self {
            file,
            entries: PhantomData,
        })
    }

    /// Writes entries down; they are on the disk when this returns.
    ///
    /// # Errors
    /// When the disk does not take them.
    pub fn append(&mut self, entries: &[T]) -> io::Result<()> {
        let mut lines = Vec::new();
        for entry in entries {
            serde_json::to_writer(&mut lines, entry)?;
            lines.push(b'\n');
        }
        self.file.write_all(&lines)?;
        self.file.sync_data()
    }
}

/// Reads a ledger as far as it was written; an absent one is empty.
///
/// # Errors
/// When it cannot be read, or a whole line of it is not an entry.
pub fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Vec<T>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    whole_lines(&bytes)
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).map_err(Into::into))
        .collect()
}

fn whole_lines(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte == b'\n');
    &bytes[..end.map_or(0, |last| last + 1)]
}

/// The comparison of the two ledgers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Publishes acknowledged.
    pub acknowledged: usize,
    /// Toasts that had to come: one a device of each publish.
    pub expected: usize,
    /// Toasts drawn, repeats that replace an earlier one not counted.
    pub shown: usize,
    /// Repeats that replace an earlier one.
    pub replaced: usize,
    /// Acknowledged, and never drawn on a device it was for.
    pub lost: Vec<(String, NotificationId)>,
    /// Drawn as new more than once on one device.
    pub shown_twice: Vec<(String, NotificationId)>,
    /// Drawn on a device that it was not for, or never acknowledged in a run where each
    /// publish was answered.
    pub unasked: usize,
}

impl Verdict {
    /// Compares what was acknowledged with what was shown.
    #[must_use]
    pub fn of(acknowledged: &[Acknowledged], shown: &[Shown]) -> Self {
        let mut toasts = tally(shown);
        let mut verdict = Self {
            acknowledged: acknowledged.len(),
            ..Self::default()
        };
        for publish in acknowledged {
            for device in &publish.devices {
                let key = (device.clone(), publish.notification);
                verdict.expected += 1;
                match toasts.remove(&key) {
                    Some(toast) => verdict.count(key, toast),
                    None => verdict.lost.push(key),
                }
            }
        }
        for (key, toast) in toasts {
            verdict.unasked += 1;
            verdict.count(key, toast);
        }
        verdict
    }

    /// Whether nothing was lost and nothing shown twice.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.lost.is_empty() && self.shown_twice.is_empty()
    }

    fn count(&mut self, key: (String, NotificationId), toast: Toast) {
        self.shown += 1;
        self.replaced += toast.repeats();
        if toast.new > 1 {
            self.shown_twice.push(key);
        }
    }
}

/// How often one notification was drawn on one device.
#[derive(Debug, Clone, Copy, Default)]
struct Toast {
    new: usize,
    again: usize,
}

impl Toast {
    /// A repeat whose first drawing was killed before it was written down stands for the first.
    const fn repeats(self) -> usize {
        if self.new == 0 {
            self.again - 1
        } else {
            self.again
        }
    }
}

fn tally(shown: &[Shown]) -> BTreeMap<(String, NotificationId), Toast> {
    let mut toasts = BTreeMap::<_, Toast>::new();
    for entry in shown {
        let toast = toasts
            .entry((entry.device.clone(), entry.notification))
            .or_default();
        if entry.again {
            toast.again += 1;
        } else {
            toast.new += 1;
        }
    }
    toasts
}

#[cfg(test)]
mod tests;
