//! What happened in a world, line by line, and a digest of it.

use std::hash::{DefaultHasher, Hasher as _};

use crate::time::At;

/// What happened in a world.
#[derive(Debug)]
pub(crate) struct Trace {
    digest: DefaultHasher,
    lines: Option<Vec<String>>,
    count: u64,
}

impl Trace {
    pub(crate) fn new(is_kept: bool) -> Self {
        Self {
            digest: DefaultHasher::new(),
            lines: is_kept.then(Vec::new),
            count: 0,
        }
    }

    pub(crate) fn add(&mut self, at: At, line: impl FnOnce() -> String) {
        let line = format!("{:>9}.{:03} {}", at / 1_000, at % 1_000, line());
        self.digest.write(line.as_bytes());
        self.count += 1;
        if let Some(lines) = &mut self.lines {
            lines.push(line);
        }
    }

    /// A number that differs as soon as a byte of the trace does, and how many lines there are.
    pub(crate) fn digest(&self) -> (u64, u64) {
        (self.digest.finish(), self.count)
    }

    pub(crate) fn into_lines(self) -> Vec<String> {
        self.lines.unwrap_or_default()
    }
}
