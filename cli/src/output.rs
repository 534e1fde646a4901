//! What goes to the terminal: words and colours for people, JSON for programs.
//!
//! Results go to standard output, everything else to standard error, so that `--json` output can
//! be piped as it is. A result that cannot be written is a failure of the command ([`Output::check`]):
//! a key that nobody could read is lost.

use std::{
    io::{self, IsTerminal as _},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use console::{Style, style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde_json::json;

use crate::{args::ColorChoice, exit::Failure};

/// Where a command writes to.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    /// Why a result could not be written, the first time that happened.
    lost: Mutex<Option<io::Error>>,
}

impl Output {
    pub(crate) fn new(json: bool, color: ColorChoice) -> Self {
        match color {
            ColorChoice::Auto => {}
            ColorChoice::Always => set_colors(true),
            ColorChoice::Never => set_colors(false),
        }
        Self {
            json,
            lost: Mutex::default(),
        }
    }

    /// The command's result: one JSON line, or the words for it.
    pub(crate) fn result<T: Serialize>(&self, value: &T, words: impl FnOnce(&T) -> String) {
        let text = if self.json {
            serde_json::to_string(value)
                .unwrap_or_else(|error| json!({"error": error.to_string()}).to_string())
        } else {
            words(value)
        };
        self.write_result(&text);
    }

    fn write_result(&self, text: &str) {
        if let Err(error) = write_line(&mut io::stdout().lock(), text) {
            let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
            lost.get_or_insert(error);
        }
    }

    /// Whether every result so far was written.
    ///
    /// # Errors
    /// The first that was not.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let lost = self
            .lost
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        lost.map_or(Ok(()), |error| {
            Err(Failure::Other(
                anyhow::Error::new(error).context("the result cannot be written"),
            ))
        })
    }

    /// Raw text for standard output, as it is.
    pub(crate) fn raw(&self, text: &str) {
        self.write_result(text.trim_end_matches('\n'));
    }

    /// Something a person may want to know; programs are spared it.
    pub(crate) fn note(&self, text: &str) {
        if !self.json {
            write_note(text);
        }
    }

    /// Why the command failed.
    pub(crate) fn failure(&self, failure: &Failure) {
        if self.json {
            let error = json!({"error": {"code": failure.code(), "detail": failure.text()}});
            self.write_result(&error.to_string());
        } else {
            let mark = style("error:").for_stderr().red().bold();
            write_note(&format!("{mark} {}", failure.text()));
        }
    }

    /// A bar for something long; drawn on a terminal only.
    pub(crate) fn progress(&self, length: u64, what: &str) -> ProgressBar {
        let is_drawn = !self.json && io::stderr().is_terminal();
        let target = if is_drawn {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(length), target);
        let shape = ProgressStyle::with_template("{msg:24} {bar:32.cyan} {pos}/{len}");
        bar.set_style(shape.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(what.to_owned());
        if is_drawn {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        bar
    }
}

/// The colour that a status has everywhere.
pub(crate) fn status_style(status: &str) -> Style {
    match status {
        "delivered" | "sent" => Style::new().cyan(),
        "read" => Style::new().green(),
        "undelivered" | "unconfirmed" | "expired" | "cancelled" | "error" => Style::new().red(),
        _ => Style::new().yellow(),
    }
}

fn set_colors(enabled: bool) {
    console::set_colors_enabled(enabled);
    console::set_colors_enabled_stderr(enabled);
}

fn write_line(stream: &mut impl io::Write, text: &str) -> io::Result<()> {
    writeln!(stream, "{text}")?;
    stream.flush()
}

/// Notes are for a person who looks; without one they are dropped.
fn write_note(text: &str) {
    if let Err(error) = write_line(&mut io::stderr().lock(), text) {
        tracing::debug!(%error, "standard error is not read any more");
    }
}
