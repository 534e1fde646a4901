//! The memory of one push.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use jiff::SignedDuration;
use vestnik_inbox::{HistoryFile, Inbox, Offset, Payload, Stamp, Suspicion};

use super::{
    content,
    device::Device,
    history::{Bench, user},
};
use crate::{
    figure::{Figure, Goal},
    process, say,
    setting::own_program,
    stat::Figures,
};

/// A process that is measured.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Process {
    /// It does nothing.
    Nothing,
    /// It stores the notification of a push payload.
    Push {
        #[arg(long)]
        folder: PathBuf,
        #[arg(long)]
        number: u64,
    },
    /// It is a device, online, until its input ends.
    Device(Device),
}

impl Process {
    /// Does it and prints the most bytes that were ever resident; a device prints when it has come how far.
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Nothing => {}
            Self::Push { folder, number } => push(&folder, number)?,
            Self::Device(device) => return device.run(),
        }
        let status = fs::read_to_string("/proc/self/status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: u64 = line
            .and_then(|line| line.split_whitespace().next())
            .context("the system does not say it")?
            .parse()?;
        say::out(kib * 1_024);
        Ok(())
    }
}

fn push(folder: &Path, number: u64) -> Result<()> {
    let json = serde_json::to_vec(&Payload::new(Some(user()?), content::notification(number)?))?;
    let stamp = Stamp {
        now: content::begin(),
        offset: Offset::Heard(SignedDuration::ZERO),
        random: [9; 32],
    };
    let mut database = HistoryFile::open(folder, &user()?, Suspicion::None, &stamp)?.database;
    let payload = Payload::parse(&json)?;
    let applied = database.write(|db| Inbox::new(db, stamp).handle_push(&payload))?;
    ensure!(applied.is_some(), "the payload is for somebody else");
    Ok(database.close()?)
}

pub(super) fn figures(bench: &mut Bench) -> Result<Vec<Figure>> {
    bench.close()?;
    let program = own_program()?.display().to_string();
    let words = |rest: &[&str]| -> Vec<String> {
        let begin = [program.as_str(), "process"];
        begin
            .iter()
            .chain(rest)
            .map(|word| (*word).to_owned())
            .collect()
    };
    let folder = bench.folder().display().to_string();
    let mut figures = Figures::default();
    for run in 0..bench.size.runs as u64 {
        let number = (bench.next + 1 + run).to_string();
        let empty = resident(&words(&["nothing"]))?;
        let push = ["push", "--folder", &folder, "--number", &number];
        figures.push((resident(&words(&push))? - empty) / 1e6);
    }
    Ok(vec![
        Figure::new(
            "one push through the inbox, over an empty process",
            "MB",
            figures,
        )
        .with(Goal::Below(8.0)),
    ])
}

fn resident(words: &[String]) -> Result<f64> {
    let output = process::run(words, None)?;
    Ok(String::from_utf8(output)?.trim().parse()?)
}
