//! A program that runs beside us, and is ended by its id.

use std::{
    io::{BufRead as _, BufReader, Error},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

use crate::step::{say, words};

/// How often a program is looked at that was asked to end, and how often in all: ten seconds.
const LOOK: Duration = Duration::from_millis(20);
const LOOKS: u32 = 500;

/// A program that runs beside us. It ends at the latest when this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    /// Held open: a program that cannot print any more may end.
    output: Option<BufReader<ChildStdout>>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run {}", words(command)))?;
        Ok(Self {
            child,
            output: None,
        })
    }

    /// Starts a program that says in its first line what others need to know.
    pub(crate) fn start_telling(command: &mut Command) -> Result<(Self, String)> {
        let mut running = Self::start(command.stdout(Stdio::piped()))?;
        let output = running.child.stdout.take();
        let mut output = BufReader::new(output.context("its output is piped")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        running.output = Some(output);
        ensure!(!line.trim().is_empty(), "{} ended at once", words(command));
        Ok((running, line.trim().to_owned()))
    }

    /// Waits until it ends by itself.
    pub(crate) fn ended(&mut self) -> Result<ExitStatus> {
        Ok(self.child.wait()?)
    }

    /// How it ended, if it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Asks it to end, so that it cleans up behind itself; ends it where it does not listen.
    fn end(&mut self) -> Result<(), Error> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        let id = self.child.id().to_string();
        if Command::new("kill")
            .args(["-s", "TERM", &id])
            .status()?
            .success()
        {
            for _ in 0..LOOKS {
                if self.child.try_wait()?.is_some() {
                    return Ok(());
                }
                pause(LOOK);
            }
        }
        self.child.kill()?;
        self.child.wait().map(drop)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            say(&format!("{} may still run: {error}", self.child.id()));
        }
    }
}

/// Waits: a demonstration has a pace, and another program's progress is looked at now and then.
#[expect(
    clippy::disallowed_methods,
    reason = "nothing tells of another program's progress"
)]
pub(crate) fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_program_tells_and_is_ended() {
        let mut command = shell("echo ready; exec tail -f /dev/null");
        let (mut running, line) = Running::start_telling(&mut command).unwrap();
        assert_eq!(line, "ready");
        assert!(running.has_ended().unwrap().is_none());
        let id = running.child.id();
        drop(running);
        assert!(!std::path::Path::new(&format!("/proc/{id}")).exists());
    }

    #[test]
    fn a_program_that_tells_nothing_is_an_error() {
        assert!(Running::start_telling(&mut shell("exit 3")).is_err());
    }
}
