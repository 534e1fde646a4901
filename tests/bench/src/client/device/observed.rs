//! What the system says of a process.

use std::{collections::BTreeMap, fs};

use anyhow::{Context as _, Result};

/// The resident memory of a process, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    /// All of it, with what other processes have as well.
    pub(super) resident: f64,
    /// Its share of it.
    pub(super) share: f64,
    /// What is no copy of a file: heap, stacks, and what was changed.
    pub(super) anonymous: f64,
}

impl Memory {
    pub(super) fn of(process: u32) -> Result<Self> {
        let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self> {
        let bytes = |field| {
            number(text, field)
                .map(|kib| kib as f64 * 1_024.0)
                .with_context(|| format!("the system does not say {field}"))
        };
        Ok(Self {
            resident: bytes("Rss:")?,
            share: bytes("Pss:")?,
            anonymous: bytes("Anonymous:")?,
        })
    }
}

/// How often each thread of a process has gone to sleep by itself: as often, something has woken it.
pub(super) fn sleeps(process: u32) -> Result<BTreeMap<String, u64>> {
    let mut sleeps = BTreeMap::new();
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let thread = thread?;
        // A thread may have ended meanwhile.
        let status = fs::read_to_string(thread.path().join("status")).unwrap_or_default();
        let (Some(count), Some(name)) = (
            number(&status, "voluntary_ctxt_switches:"),
            status.lines().find_map(|line| line.strip_prefix("Name:")),
        ) else {
            continue;
        };
        let id = thread.file_name().to_string_lossy().into_owned();
        sleeps.insert(format!("{} {id}", name.trim()), count);
    }
    Ok(sleeps)
}

/// How many bytes a process has written into files, up to what the system has put together.
pub(super) fn written(process: u32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/io"))?;
    number(&text, "write_bytes:").context("the system does not say what was written")
}

fn number(text: &str, field: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_the_system_writes_it() {
        let text = "55d8 [rollup]\nRss:      2048 kB\nPss:    1024 kB\nPss_Anon: 1 kB\n\
                    Anonymous:   512 kB\n";
        let memory = Memory::parse(text).unwrap();
        let all = [memory.resident, memory.share, memory.anonymous];
        assert_eq!(all, [2_097_152.0, 1_048_576.0, 524_288.0]);
        assert!(Memory::parse("Rss: 1 kB\n").is_err());
    }

    #[test]
    fn the_own_threads_are_seen() {
        let sleeps = sleeps(std::process::id()).unwrap();
        assert!(!sleeps.is_empty());
    }
}
