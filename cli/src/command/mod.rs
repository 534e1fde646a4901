//! A file per command.

mod app;
mod audience;
mod backup;
mod bounce;
mod chat;
mod completions;
mod costs;
mod events;
mod explain;
mod gateway;
mod import;
mod keys;
mod listen;
mod preview;
mod provider;
mod restore;
mod retry;
mod send;
mod serve;
mod sim;
mod status;
mod user;
mod watch;
mod webhook;
mod withdraw;

use crate::{args::Command, demo, exit::Failure, output::Output};

/// Runs one command to its end.
pub(crate) async fn run(command: Command, output: &Output) -> Result<(), Failure> {
    match command {
        Command::Serve(args) => serve::run(args, output).await,
        Command::Keys(command) => keys::run(command, output).await,
        Command::Provider(command) => provider::run(command, output).await,
        Command::Gateway(command) => gateway::run(command, output),
        Command::App(command) => app::run(command, output).await,
        Command::Costs(args) => costs::run(args, output).await,
        Command::User(command) => user::run(command, output).await,
        Command::Webhook(command) => webhook::run(command, output).await,
        Command::Audience(command) => audience::run(command, output).await,
        Command::Send(args) => send::run(*args, output).await,
        Command::Preview(args) => preview::run(*args, output).await,
        Command::Listen(args) => listen::run(args, output).await,
        Command::Status(args) => status::run(args, output).await,
        Command::Explain(args) => explain::run(args, output).await,
        Command::Cancel(args) => withdraw::cancel(args, output).await,
        Command::Pause(args) => withdraw::pause(args, output).await,
        Command::Resume(args) => withdraw::resume(args, output).await,
        Command::Recall(args) => withdraw::recall(args, output).await,
        Command::Retry(args) => retry::run(args, output).await,
        Command::Events(args) => events::run(args, output).await,
        Command::Bounce(args) => bounce::run(args, output).await,
        Command::Backup(args) => backup::run(args, output),
        Command::Restore(args) => restore::run(args, output).await,
        Command::Sim(args) => sim::run(args, output).await,
        Command::Demo(args) => demo::run(args, output).await,
        Command::Completions { shell } => {
            completions::run(shell, output);
            Ok(())
        }
    }
}
