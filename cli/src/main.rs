//! One binary for Vestnik: a server, the tools of its senders, a device for the terminal, a demo.

#![forbid(unsafe_code)]

mod api;
mod args;
mod clock;
mod command;
mod demo;
mod device;
mod exit;
mod output;
mod settings;
mod termination;

use std::process::ExitCode;

use clap::Parser as _;

use crate::{args::Cli, exit::Failure, output::Output};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.json, cli.color);
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::from)
        .and_then(|runtime| runtime.block_on(command::run(cli.command, &output)))
        .and_then(|()| output.check());
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            failure.exit_code()
        }
    }
}
