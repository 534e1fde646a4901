//! The process of a notification extension: it is given one push, writes it into the spool, draws it and
//! says so. It has no database and no network. Told so, it kills itself at a named point.

use std::{
    io::{self, Read as _, Write as _},
    path::PathBuf,
    time::Duration,
};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use vestnik_core::inbox::{Payload, spool};
use vestnik_testkit::ledger::{Ledger, Shown};

use super::device::die;

/// Where an extension kills itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum PushPoint {
    /// The push is in the spool, and not drawn.
    BeforeDrawing,
    /// The toast is drawn, and the spool does not say so.
    AfterDrawing,
    /// The spool says so.
    AfterTelling,
}

impl PushPoint {
    /// Every point.
    pub(crate) const ALL: [Self; 3] = [Self::BeforeDrawing, Self::AfterDrawing, Self::AfterTelling];

    /// Its name on the command line and in figures.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::BeforeDrawing => "before-drawing",
            Self::AfterDrawing => "after-drawing",
            Self::AfterTelling => "after-telling",
        }
    }
}

/// Handles one push, whose payload comes by the standard input.
#[derive(Debug, Args)]
pub(crate) struct ExtensionRole {
    /// The folder of the device's data.
    #[arg(long)]
    folder: PathBuf,
    /// The device's name.
    #[arg(long)]
    device: String,
    /// Where to write down what is drawn.
    #[arg(long)]
    ledger: PathBuf,
    /// How long to take before the toast is drawn, in milliseconds.
    #[arg(long)]
    slow: u64,
    /// Where to die.
    #[arg(long)]
    die: Option<PushPoint>,
}

impl ExtensionRole {
    /// Plays the role.
    ///
    /// # Errors
    /// When the push cannot be read, stored or drawn.
    pub(crate) async fn play(self) -> anyhow::Result<()> {
        let mut payload = Vec::new();
        io::stdin().read_to_end(&mut payload)?;
        let payload = Payload::parse(&payload)?;
        let folder = self.folder.join("spool");
        let ticket = spool::write(&folder, &payload)?.context("nobody has this push")?;
        say("written")?;
        self.point(PushPoint::BeforeDrawing)?;
        tokio::time::sleep(Duration::from_millis(self.slow)).await;
        let shown = Shown {
            device: self.device.clone(),
            notification: payload.notification.id,
            again: false,
        };
        Ledger::open(&self.ledger)?.append(std::slice::from_ref(&shown))?;
        say(&serde_json::to_string(&shown)?)?;
        self.point(PushPoint::AfterDrawing)?;
        ticket.shown()?;
        self.point(PushPoint::AfterTelling)
    }

    fn point(&self, here: PushPoint) -> anyhow::Result<()> {
        if self.die == Some(here) {
            die()
        } else {
            Ok(())
        }
    }
}

fn say(line: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}
