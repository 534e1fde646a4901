//! Servers as processes of their own: on their core, measured, and ended with certainty.

use std::{
    fs,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

use crate::clock;

/// Ends what it starts when its parent dies: a bench that is interrupted leaves nothing behind.
const SETPRIV: &str = "/usr/bin/setpriv";

/// How often a server is looked at that was asked to end, and how many times.
const LOOK: Duration = Duration::from_millis(5);
const LOOKS: u32 = 600;

/// A server and all its processes; ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    group: Pid,
}

impl Server {
    /// Starts a server on a core.
    pub(crate) fn start(words: &[String], core: Option<usize>) -> Result<Self> {
        let mut command = guarded(words);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        let home = sched_getaffinity(Pid::from_raw(0))?;
        // A child inherits the cores of the thread that starts it.
        pin(core)?;
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {words:?}"));
        sched_setaffinity(Pid::from_raw(0), &home)?;
        let child = child?;
        let group = Pid::from_raw(i32::try_from(child.id())?);
        Ok(Self { child, group })
    }

    /// Whether it ended by itself, which it must not.
    pub(crate) fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// CPU time of all its threads so far, in nanoseconds.
    pub(crate) fn cpu_nanos(&self) -> u64 {
        self.processes().iter().map(|process| cpu(process)).sum()
    }

    /// Resident memory of all its processes, in bytes.
    pub(crate) fn resident(&self) -> u64 {
        self.memory("VmRSS:")
    }

    /// The most resident memory that each of its processes ever had, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        self.memory("VmHWM:")
    }

    fn memory(&self, field: &str) -> u64 {
        let processes = self.processes();
        processes.iter().map(|process| memory(process, field)).sum()
    }

    fn processes(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names
            .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
            .filter(|name| group_of(name) == Some(self.group.as_raw()))
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself. A profiler writes what it has when it is asked to end.
        killpg(self.group, Signal::SIGTERM).ok();
        for _ in 0..LOOKS {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            clock::settle(LOOK);
        }
        killpg(self.group, Signal::SIGKILL).ok();
        self.child.wait().ok();
    }
}

/// Runs a program on a core to its end and gives what it wrote to its standard output.
pub(crate) fn run(words: &[String], core: Option<usize>) -> Result<Vec<u8>> {
    let mut command = guarded(words);
    command.stdin(Stdio::null()).stderr(Stdio::inherit());
    let home = sched_getaffinity(Pid::from_raw(0))?;
    pin(core)?;
    let output = command
        .output()
        .with_context(|| format!("cannot start {words:?}"));
    sched_setaffinity(Pid::from_raw(0), &home)?;
    let output = output?;
    ensure!(
        output.status.success(),
        "{words:?} ended: {}",
        output.status
    );
    Ok(output.stdout)
}

/// Puts the calling thread, and what it starts, on one core.
pub(crate) fn pin(core: Option<usize>) -> Result<()> {
    let Some(core) = core else { return Ok(()) };
    let mut set = CpuSet::new();
    set.set(core)?;
    sched_setaffinity(Pid::from_raw(0), &set).with_context(|| format!("cannot use core {core}"))
}

fn guarded(words: &[String]) -> Command {
    let program = words.first().map_or("", String::as_str);
    let mut command = if Path::new(SETPRIV).exists() {
        let mut command = Command::new(SETPRIV);
        command.args(["--pdeathsig", "KILL", program]);
        command
    } else {
        Command::new(program)
    };
    command.args(words.iter().skip(1));
    command
}

fn group_of(process: &str) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The program's name is in parentheses and may hold anything.
    let (_, rest) = stat.rsplit_once(") ")?;
    rest.split(' ').nth(2)?.parse().ok()
}

fn cpu(process: &str) -> u64 {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return 0;
    };
    let time = |thread: fs::DirEntry| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    };
    threads
        .filter_map(|thread| thread.ok().and_then(time))
        .sum()
}

fn memory(process: &str, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_measured_and_ended_with_its_children() {
        let words = ["sh", "-c", "tail -f /dev/null & wait"].map(str::to_owned);
        let server = Server::start(&words, None).unwrap();
        while server.processes().len() < 2 {
            std::thread::yield_now();
        }
        let children = server.processes();
        assert!(server.resident() > 0);
        drop(server);
        let gone = |process: &String| {
            let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            stat.is_empty() || stat.contains(") Z ")
        };
        while !children.iter().all(gone) {
            std::thread::yield_now();
        }
    }
}
