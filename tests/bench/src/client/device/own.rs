//! A device's process that is measured.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

use super::role::{ONLINE, PAGE};
use crate::{clock, setting::own_program};

/// A device's process. It ends when its input does, so also when this program ends.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// Nanoseconds from the start of the process to the first page of the history.
    pub(super) page: u64,
    /// Nanoseconds from the start of the process until it was online.
    pub(super) online: u64,
}

impl Process {
    /// Starts a device and waits until it is online.
    pub(super) fn start(folder: &Path, server: &str) -> Result<Self> {
        let mut command = Command::new(own_program()?);
        command.args(["process", "device", "--server", server, "--folder"]);
        command.arg(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let begun = clock::boot_nanos();
        let mut child = command.spawn().context("cannot start a device")?;
        let output = child.stdout.take().context("the device has no output")?;
        let mut process = Self {
            input: child.stdin.take(),
            output: BufReader::new(output),
            child,
            page: 0,
            online: 0,
        };
        process.page = process.moment(PAGE)? - begun;
        process.online = process.moment(ONLINE)? - begun;
        Ok(process)
    }

    fn moment(&mut self, name: &str) -> Result<u64> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let nanos = line.trim().strip_prefix(name);
        let nanos = nanos.with_context(|| format!("the device ended before it was at '{name}'"))?;
        Ok(nanos.trim().parse()?)
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Lets it end as an app ends.
    pub(super) fn stop(mut self) -> Result<()> {
        drop(self.input.take());
        let status = self.child.wait()?;
        ensure!(status.success(), "the device ended: {status}");
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.input.take());
        // It may have ended.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
