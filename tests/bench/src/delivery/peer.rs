//! Other senders: programs that send so many pushes and end.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use nix::sys::resource::{UsageWho, getrusage};
use vestnik_sim::Sample;

use super::{part::Bench, sink::RunningSink};
use crate::{process, say};

/// What the server has as well: connections to one origin, and requests at a time on each.
const CONNECTIONS: &str = "4";
const STREAMS: &str = "100";
/// Where the senders of the Go module are, once `cargo xtask bench` has built them.
const GO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/go/sender");

/// Whether a program is there; says so if it is not.
pub(super) fn has_h2load() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has = std::env::split_paths(&path).any(|folder| folder.join("h2load").exists());
    if !has {
        say::progress("  h2load is not installed, skipped (apt-get install nghttp2-client)");
    }
    has
}

/// The program of the Go module, if it was built; says so if not.
pub(super) fn go() -> Option<PathBuf> {
    let program = Path::new(GO).to_owned();
    if program.exists() {
        return Some(program);
    }
    say::progress(
        "  the senders in Go are not built, skipped (cargo xtask bench delivery, with Go 1.26)",
    );
    None
}

/// Has `h2load` send a push so often, and gives its processor time in seconds.
pub(super) fn h2load(
    bench: &Bench,
    sink: &RunningSink,
    (sample, pushes): (&Sample, usize),
) -> Result<f64> {
    let body = sink.folder.path().join("body.json");
    fs::write(&body, BASE64_STANDARD.decode(&sample.body)?)?;
    let mut words: Vec<String> = ["h2load", "-t1", "-c", CONNECTIONS, "-m", STREAMS]
        .map(str::to_owned)
        .to_vec();
    words.extend([
        "-n".to_owned(),
        pushes.to_string(),
        "-d".to_owned(),
        body.display().to_string(),
    ]);
    for (name, value) in &sample.headers {
        // It says the length itself.
        if name != "content-length" {
            words.extend(["-H".to_owned(), format!("{name}: {value}")]);
        }
    }
    words.push(format!("{}{}", sink.url()?, sample.path));
    let said = measured(bench, sink, &words, pushes)?;
    let text = String::from_utf8_lossy(&said.output).into_owned();
    ensure!(
        text.contains(&format!("{pushes} succeeded, 0 failed, 0 errored")),
        "h2load did not send them all: {text}"
    );
    Ok(said.cpu)
}

/// What a program said and took.
pub(super) struct Said {
    output: Vec<u8>,
    /// Processor time in seconds.
    pub(super) cpu: f64,
}

/// Runs a sender on the server's core to its end. All of its pushes came.
pub(super) fn measured(
    bench: &Bench,
    sink: &RunningSink,
    words: &[String],
    pushes: usize,
) -> Result<Said> {
    sink.reset()?;
    let before = children()?;
    let output = process::run(words, bench.cores.server)?;
    let cpu = children()? - before;
    let came = sink.counts()?.pushes();
    let program = words.first().context("a program has a name")?;
    ensure!(
        came == pushes as u64,
        "{program}: {came} pushes came, of {pushes}"
    );
    Ok(Said { output, cpu })
}

/// Processor time of all processes that this one has started and that have ended, in seconds.
fn children() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}
