//! `vestnik listen`: a device that prints what it is notified of.

use std::path::Path;

use console::style;
use serde::Serialize;
use vestnik_core::{Secret, Vestnik};
use vestnik_model::{Notification, UserId};

use crate::{args::ListenArgs, device, exit::Failure, output::Output};

pub(crate) async fn run(args: ListenArgs, output: &Output) -> Result<(), Failure> {
    let (user, token) = identity(&args)?;
    let data_dir = prepare(&args.data_dir)?;
    let config = device::config(args.server.clone(), args.app.clone(), data_dir, "terminal");
    let client = Vestnik::open(config).await?;
    client.go_online();
    // Who runs it looks at it.
    client.foregrounded();
    let told = tell_connection(&client, output);
    let outcome = tokio::select! {
        outcome = receive(&args, &client, (user, token), output) => outcome,
        () = told => Ok(()),
        _ = tokio::signal::ctrl_c() => Ok(()),
    };
    client.stop().await;
    outcome
}

async fn receive(
    args: &ListenArgs,
    client: &Vestnik,
    (user, token): (UserId, Secret),
    output: &Output,
) -> Result<(), Failure> {
    client.login(user, token).await?;
    subscribe(args, client).await?;
    let mut received = 0;
    while args.count.is_none_or(|count| received < count) {
        let Some(ticket) = client.next_show().await else {
            return Ok(());
        };
        let item = ticket.item();
        let line = Line {
            notification: &item.notification,
            again: ticket.again(),
        };
        output.result(&line, |_| words(&item.notification));
        let id = item.notification.id;
        ticket.shown().await?;
        if args.mark_read {
            client.mark_read(vec![id]).await?;
        }
        received += 1;
    }
    client.flush().await?;
    Ok(())
}

async fn subscribe(args: &ListenArgs, client: &Vestnik) -> Result<(), Failure> {
    for topic in &args.topics {
        client.subscribe(topic.clone()).await?;
    }
    Ok(())
}

/// Tells each change of the connection to a person, for as long as the device runs.
async fn tell_connection(client: &Vestnik, output: &Output) {
    let mut snapshot = client.snapshot();
    let mut told = String::new();
    loop {
        let state = snapshot.borrow_and_update().to_string();
        if state != told {
            output.note(&style(format!("· {state}")).dim().to_string());
            told = state;
        }
        if snapshot.changed().await.is_err() {
            return;
        }
    }
}

/// What a program reads of one notification.
#[derive(Serialize)]
struct Line<'a> {
    notification: &'a Notification,
    /// It may have been printed before: the program ended without saying so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    again: bool,
}

fn words(notification: &Notification) -> String {
    let time = style(format!("{:.0}", notification.accepted_at)).dim();
    let title = style(notification.title.as_str()).bold();
    let body = notification.body.as_str();
    let separator = if body.is_empty() { "" } else { "  " };
    format!("{time}  {title}{separator}{body}")
}

/// The user, and the identity token that vouches for them.
fn identity(args: &ListenArgs) -> Result<(UserId, Secret), Failure> {
    match (&args.identity_token, &args.identity_secret, &args.user) {
        (Some(token), _, user) => {
            let user = user.clone().or_else(|| device::subject(token));
            let user = user.ok_or_else(|| {
                Failure::Usage("the identity token names no user: give --user".to_owned())
            })?;
            Ok((user, Secret::new(token)))
        }
        (None, Some(secret), Some(user)) => {
            let key = vestnik_server::BOOTSTRAP_IDENTITY_KEY;
            let token = device::identity_token(&args.app, user, key, secret)?;
            Ok((user.clone(), Secret::new(token)))
        }
        (None, _, _) => Err(Failure::Usage(
            "somebody must vouch for the user: give --identity-token, or --user and --identity-secret"
                .to_owned(),
        )),
    }
}

fn prepare(data_dir: &Path) -> Result<std::path::PathBuf, Failure> {
    std::fs::create_dir_all(data_dir)
        .map_err(|error| Failure::Usage(format!("--data-dir {}: {error}", data_dir.display())))?;
    Ok(data_dir.to_owned())
}
