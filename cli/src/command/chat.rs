//! `vestnik user chat`: where a user gets messages of a messenger.

use console::style;
use vestnik_model::{
    contact::{ChatLinkView, ChatRequest, ChatView},
    route,
};

use crate::{
    api::Api,
    args::{ChatArgs, ChatCommand},
    exit::Failure,
    output::Output,
};

pub(crate) async fn run(command: ChatCommand, output: &Output) -> Result<(), Failure> {
    match command {
        ChatCommand::Link(of) => {
            let path = path(route::USER_CHAT_LINK, &of);
            let view: ChatLinkView = Api::new(&of.server)?.act(&path).await?;
            output.result(&view, link);
        }
        ChatCommand::Set { of, id } => {
            let request = ChatRequest { id };
            let path = path(route::USER_CHAT, &of);
            Api::new(&of.server)?.put(&path, &request).await?;
            let (user, gateway) = (&of.user, of.gateway);
            output.note(&format!(
                "{} {gateway} chat of {user}",
                style("set").green()
            ));
        }
        ChatCommand::Show(of) => {
            let path = path(route::USER_CHAT, &of);
            let view: ChatView = Api::new(&of.server)?.get(&path).await?;
            output.result(&view, words);
        }
        ChatCommand::Remove(of) => {
            let path = path(route::USER_CHAT, &of);
            Api::new(&of.server)?.delete(&path).await?;
            let (user, gateway) = (&of.user, of.gateway);
            output.note(&format!(
                "{} {gateway} chat of {user}",
                style("removed").red()
            ));
        }
    }
    Ok(())
}

fn path(route: &str, of: &ChatArgs) -> String {
    route::with(&route::with(route, of.user.as_str()), of.gateway.as_str())
}

fn link(view: &ChatLinkView) -> String {
    let ChatLinkView { url, expires_at } = view;
    format!("{}  until {expires_at:.0}", style(url).bold())
}

fn words(view: &ChatView) -> String {
    let ChatView {
        id,
        set_at,
        died_at,
    } = view;
    let dead = died_at.map(|at| format!("  {} {at:.0}", style("blocked since").red()));
    let dead = dead.unwrap_or_default();
    format!("{}  set {set_at:.0}{dead}", style(id).bold())
}
