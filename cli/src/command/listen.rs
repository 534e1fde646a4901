//! `vestnik listen`: a device that prints what it is notified of.

use std::path::Path;

use console::style;
use serde::Serialize;
use vestnik_core::{Client, ConnectionState, Event, HistoryItem, identity};
use vestnik_model::Notification;

use crate::{args::ListenArgs, device, exit::Failure, output::Output};

pub(crate) async fn run(args: ListenArgs, output: &Output) -> Result<(), Failure> {
    let token = identity_token(&args)?;
    let data_dir = prepare(&args.data_dir)?;
    let config = device::config(args.server.clone(), args.app.clone(), data_dir, "terminal");
    let (client, mut events) = Client::builder(config)
        .identity(identity::fixed(token))
        .start()
        .await?;
    let told = tell_connection(&client, output);
    let outcome = tokio::select! {
        outcome = receive(&args, &client, &mut events, output) => outcome,
        () = told => Ok(()),
        _ = tokio::signal::ctrl_c() => Ok(()),
    };
    client.stop().await?;
    outcome
}

async fn receive(
    args: &ListenArgs,
    client: &Client,
    events: &mut vestnik_core::EventStream,
    output: &Output,
) -> Result<(), Failure> {
    subscribe(args, client).await?;
    let mut received = 0;
    while args.count.is_none_or(|count| received < count) {
        let Some(event) = events.recv().await else {
            return Ok(());
        };
        if let Event::Show { item, again } = event {
            if !again {
                output.result(&Line::from(item.as_ref()), |_| words(&item.notification));
            }
            let id = item.notification.id;
            client.report_shown(id).await?;
            if args.mark_read {
                client.mark_read(vec![id]).await?;
            }
            received += 1;
        }
    }
    client.flush().await?;
    Ok(())
}

async fn subscribe(args: &ListenArgs, client: &Client) -> Result<(), Failure> {
    if args.topics.is_empty() {
        return Ok(());
    }
    let mut connection = client.connection();
    let online = connection
        .wait_for(|state| matches!(state, ConnectionState::Online))
        .await;
    online.map_err(|_| {
        Failure::Unreachable("the device was stopped before it was online".to_owned())
    })?;
    for topic in &args.topics {
        client.subscribe(topic.clone()).await?;
    }
    Ok(())
}

/// Tells each change of the connection to a person, for as long as the device runs.
async fn tell_connection(client: &Client, output: &Output) {
    let mut connection = client.connection();
    loop {
        let state = *connection.borrow_and_update();
        output.note(&style(format!("· {state}")).dim().to_string());
        if connection.changed().await.is_err() {
            return;
        }
    }
}

/// What a program reads of one notification.
#[derive(Serialize)]
struct Line<'a> {
    notification: &'a Notification,
}

impl<'a> From<&'a HistoryItem> for Line<'a> {
    fn from(item: &'a HistoryItem) -> Self {
        Self {
            notification: &item.notification,
        }
    }
}

fn words(notification: &Notification) -> String {
    let time = style(format!("{:.0}", notification.accepted_at)).dim();
    let title = style(notification.title.as_str()).bold();
    let body = notification.body.as_str();
    let separator = if body.is_empty() { "" } else { "  " };
    format!("{time}  {title}{separator}{body}")
}

fn identity_token(args: &ListenArgs) -> Result<String, Failure> {
    match (&args.identity_token, &args.identity_secret, &args.user) {
        (Some(token), _, _) => Ok(token.clone()),
        (None, Some(secret), Some(user)) => {
            device::identity_token(&args.app, user, vestnik_server::BOOTSTRAP_IDENTITY_KEY, secret)
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
