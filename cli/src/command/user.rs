//! `vestnik user`: what a server knows of a user.

use console::style;
use vestnik_model::{
    UserId,
    contact::{EmailRequest, EmailView},
    route,
};

use crate::{
    api::Api,
    args::{EmailCommand, UserCommand},
    exit::Failure,
    output::Output,
};

pub(crate) async fn run(command: UserCommand, output: &Output) -> Result<(), Failure> {
    match command {
        UserCommand::Email(command) => email(command, output).await,
    }
}

async fn email(command: EmailCommand, output: &Output) -> Result<(), Failure> {
    match command {
        EmailCommand::Set {
            server,
            user,
            address,
        } => {
            let request = EmailRequest { address };
            Api::new(&server)?.put(&path(&user), &request).await?;
            output.note(&format!("{} e-mail of {user}", style("set").green()));
        }
        EmailCommand::Show { server, user } => {
            let view: EmailView = Api::new(&server)?.get(&path(&user)).await?;
            output.result(&view, words);
        }
        EmailCommand::Remove { server, user } => {
            Api::new(&server)?.delete(&path(&user)).await?;
            output.note(&format!("{} e-mail of {user}", style("removed").red()));
        }
    }
    Ok(())
}

fn path(user: &UserId) -> String {
    route::with(route::USER_EMAIL, user.as_str())
}

fn words(view: &EmailView) -> String {
    let EmailView {
        address,
        set_at,
        died_at,
    } = view;
    let dead = died_at.map(|at| format!("  {} {at:.0}", style("dead since").red()));
    let dead = dead.unwrap_or_default();
    format!("{}  set {set_at:.0}{dead}", style(address).bold())
}
