//! `vestnik completions`: a script that completes commands and flags in a shell.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::{args::Cli, output::Output};

pub(crate) fn run(shell: Shell, output: &Output) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "vestnik", &mut script);
    output.raw(&String::from_utf8_lossy(&script));
}
