//! `server`: the whole server under load, beside the plain thing that its work amounts to.
//!
//! Server, load generator and plain baselines are processes of their own. A figure is a ratio within
//! one run, its two sides take turns, and what is lost, doubled or miscounted ends the run with an
//! error; a goal that is missed does not.

mod device;
mod load;
mod login;
mod options;
mod part;
mod rest;
mod role;
mod running;
pub(crate) mod seed;
mod site;
mod size;

pub(crate) use self::{
    login::identity,
    options::Options,
    rest::Rest,
    role::Role,
    running::{Kind, Running},
    site::{APP, Site},
};

use anyhow::{Result, ensure};

use self::{options::Part, part::Bench};
use crate::{
    clock,
    figure::{Figure, Report},
    machine, process, say,
    setting::own_program,
};

/// Measures what the options name and prints the figures.
pub(crate) fn run(options: &Options) -> Result<()> {
    clock::origin();
    let cores = options.cores();
    let machine = machine::describe();
    say::progress(&machine);
    let bench = Bench {
        size: options.size(),
        cores,
        program: own_program()?.display().to_string(),
    };
    process::pin(cores.load)?;
    let mut report = Report::default();
    let mut failed = Vec::new();
    for part in options.parts() {
        say::progress(format!("{part}: begins"));
        match measure(&bench, part) {
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

fn measure(bench: &Bench, part: Part) -> Result<Vec<Figure>> {
    let begun = clock::now();
    let figures = match part {
        Part::Publish => part::publish(bench),
        Part::Topic => part::topic(bench),
        Part::Live => part::live(bench),
        Part::Catchup => part::catch_up(bench),
        Part::Greedy => part::greedy(bench),
        Part::Retention => part::retention(bench),
    }?;
    say::progress(format!(
        "{part}: {:.0} s",
        (clock::now() - begun).as_secs_f64()
    ));
    for figure in &figures {
        figure.must_be_sound()?;
        say::progress(format!("    {figure}"));
    }
    Ok(figures)
}
