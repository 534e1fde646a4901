//! `vestnik keys`: makes, lists and revokes API keys.

use std::path::Path;

use console::style;
use serde::Serialize;
use vestnik_model::{AppId, KeyCreated, KeyRequest, KeyView, Scope, route, view::List};

use crate::{api::Api, args::KeysCommand, device, exit::Failure, output::Output};

pub(crate) async fn run(command: KeysCommand, output: &Output) -> Result<(), Failure> {
    match command {
        KeysCommand::Bootstrap { app, database } => bootstrap(app, &database, output).await,
        KeysCommand::Vouch { app, user, secret } => {
            let kid = vestnik_server::BOOTSTRAP_IDENTITY_KEY;
            let identity_token = device::identity_token(&app, &user, kid, &secret)?;
            output.result(&Vouched { identity_token }, |vouched| {
                vouched.identity_token.clone()
            });
            Ok(())
        }
        KeysCommand::Create {
            server,
            name,
            scopes,
        } => {
            let request = KeyRequest {
                name,
                scopes: parse_scopes(&scopes)?,
            };
            let created: KeyCreated = Api::new(&server)?.post(route::KEYS, &request).await?;
            output.result(&created, created_words);
            Ok(())
        }
        KeysCommand::List { server } => {
            let keys: List<KeyView> = Api::new(&server)?.get(route::KEYS).await?;
            output.result(&keys, list_words);
            Ok(())
        }
        KeysCommand::Revoke { server, id } => {
            Api::new(&server)?
                .delete(&route::with(route::KEY, &id))
                .await?;
            output.note(&format!("{} {id}", style("revoked").red()));
            Ok(())
        }
    }
}

/// An identity token that holds for an hour.
#[derive(Serialize)]
struct Vouched {
    identity_token: String,
}

/// What a new App is given, shown this once.
#[derive(Serialize)]
struct Bootstrapped {
    app: AppId,
    key: String,
    identity_key_id: String,
    identity_secret: String,
}

async fn bootstrap(app: AppId, database: &Path, output: &Output) -> Result<(), Failure> {
    let made = vestnik_server::bootstrap(database, app.clone())
        .await
        .map_err(anyhow::Error::from)?;
    let made = Bootstrapped {
        app,
        key: made.admin_key,
        identity_key_id: made.identity_key_id,
        identity_secret: made.identity_secret,
    };
    output.result(&made, bootstrapped_words);
    output.note("Keep them now: the server stores no secret that could be shown again.");
    Ok(())
}

fn bootstrapped_words(made: &Bootstrapped) -> String {
    format!(
        "App              {}\nAPI key          {}\nIdentity key id  {}\nIdentity secret  {}",
        style(&made.app).bold(),
        style(&made.key).cyan(),
        made.identity_key_id,
        style(&made.identity_secret).cyan(),
    )
}

fn created_words(created: &KeyCreated) -> String {
    format!(
        "{}\n{}",
        style(&created.key).cyan(),
        scope_words(&created.scopes)
    )
}

fn list_words(keys: &List<KeyView>) -> String {
    let lines = keys.data.iter().map(|key| {
        let used = key
            .last_used_at
            .map_or_else(|| "never used".to_owned(), |at| format!("used {at:.0}"));
        format!(
            "{:16} {:20} {:28} {used}",
            style(&key.id).bold(),
            key.name,
            scope_words(&key.scopes)
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn scope_words(scopes: &[Scope]) -> String {
    scopes
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

fn parse_scopes(texts: &[String]) -> Result<Vec<Scope>, Failure> {
    let parse = |text: &String| {
        Scope::from_code(text).ok_or_else(|| {
            let known = scope_words(&Scope::ALL);
            Failure::Usage(format!("--scope {text}: must be one of {known}"))
        })
    };
    texts.iter().map(parse).collect()
}
