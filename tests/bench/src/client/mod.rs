//! `client`: a device's inbox with a million notifications, beside plain statements over the same tables,
//! and a device with that history at a real server.
//!
//! The inbox and the statements take turns on one file, so that a ratio is one of a run. What came out
//! wrong ends the run with an error; a goal that is missed does not.

mod content;
mod device;
mod history;
mod library;
mod memory;
mod options;
mod plain;
mod read;
mod search;
mod write;

pub(crate) use self::{memory::Process, options::Options};

use anyhow::{Result, ensure};

use self::{history::Bench, options::Part};
use crate::{
    clock,
    figure::{Figure, Report},
    machine, say,
};

/// Measures what the options name and prints the figures.
pub(crate) fn run(options: &Options) -> Result<()> {
    clock::origin();
    let machine = machine::describe();
    say::progress(&machine);
    let mut bench = Bench::make(options.size())?;
    let mut report = Report::default();
    let mut failed = Vec::new();
    for part in options.parts() {
        match measure(&mut bench, part) {
            Ok(figures) => report.add(part, figures),
            Err(error) => {
                say::progress(format!("{part}: void: {error:#}"));
                failed.push(part.to_string());
            }
        }
    }
    say::progress(report.table());
    say::out(report.json(&machine));
    ensure!(failed.is_empty(), "void: {}", failed.join(", "));
    Ok(())
}

fn measure(bench: &mut Bench, part: Part) -> Result<Vec<Figure>> {
    let figures = match part {
        Part::Read => read::figures(bench),
        Part::Search => search::figures(bench),
        Part::Mark => write::marks(bench),
        Part::Insert => write::inserts(bench),
        Part::Memory => memory::figures(bench),
        Part::Start => device::start(bench),
        Part::Idle => device::idle(bench),
        Part::Library => library::figures(&bench.size),
    }?;
    for figure in &figures {
        figure.must_be_sound()?;
        say::progress(format!("    {part}: {figure}"));
    }
    Ok(figures)
}
