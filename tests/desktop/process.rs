//! Programs that live as long as the test.

use std::process::Stdio;

use anyhow::Context as _;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::retry;

/// Starts a program that tells something in its first line, and reads that line.
pub(crate) async fn start_telling(mut command: Command) -> anyhow::Result<(Child, String)> {
    let name = command
        .as_std()
        .get_program()
        .to_string_lossy()
        .into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{name} is not installed"))?;
    let stdout = child.stdout.take().context("its output is piped")?;
    let mut line = String::new();
    let mut stdout = BufReader::new(stdout);
    retry::within(&name, stdout.read_line(&mut line)).await??;
    anyhow::ensure!(!line.trim().is_empty(), "{name} ended at once");
    Ok((child, line.trim().to_owned()))
}

/// Ends a program and waits until it has ended.
pub(crate) async fn end(mut child: Child) -> anyhow::Result<()> {
    child
        .kill()
        .await
        .context("a program of the test does not end")
}
