//! `delivery`: what a push costs its sender.
//!
//! The whole server sends mailings over TLS and HTTP/2 to a sink, which checks nothing, in a process of its
//! own. `h2load` sends the same bytes to the same sink from the same core: what is beyond it is the price of
//! durable results, of sealing and of Vestnik itself. A push that is lost, or comes twice, makes a part void.

mod ground;
mod options;
mod part;
mod peer;
mod role;
mod sealing;
mod seed;
mod sink;
mod size;

pub use self::sealing::measure as measure_sealing;
pub(crate) use self::{options::Options, role::SinkRole, sealing::Sealed};

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
        Part::Cpu => part::cpu(bench),
        Part::Mailing => part::mailing(bench),
        Part::Sealing => part::sealing(bench),
        Part::Peers => part::peers(bench),
    }?;
    let seconds = (clock::now() - begun).as_secs_f64();
    say::progress(format!("{part}: {seconds:.0} s"));
    for figure in &figures {
        figure.must_be_sound()?;
        say::progress(format!("    {figure}"));
    }
    Ok(figures)
}
