//! Running other programs, loudly.

use std::{
    io::{self, Write as _},
    process::Command,
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};

use crate::place;

/// A program to run at the top of the repository.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(place::root());
    command
}

/// A program to run in a folder of the repository.
pub(crate) fn command_in(folder: &str, program: &str, arguments: &[&str]) -> Command {
    let mut command = command(program, arguments);
    command.current_dir(place::root().join(folder));
    command
}

/// Runs a program to its end; it must succeed.
pub(crate) fn run(mut command: Command) -> Result<()> {
    say(&format!("$ {}", words(&command)));
    let status = command
        .status()
        .with_context(|| format!("cannot run {}", words(&command)))?;
    ensure!(status.success(), "{} ended with {status}", words(&command));
    Ok(())
}

/// Writes a line for whoever watches.
pub(crate) fn say(text: &str) {
    let mut out = io::stdout().lock();
    // Nobody reading is no reason to stop.
    if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {}
}

/// When a step begins.
#[expect(clippy::disallowed_methods, reason = "automation times itself")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The command as one would type it.
pub(crate) fn words(command: &Command) -> String {
    let parts = [command.get_program()]
        .into_iter()
        .chain(command.get_args());
    parts
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
