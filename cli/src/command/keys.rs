//! `vestnik keys`: makes, lists and revokes API keys.

use console::style;
use serde::Serialize;
use vestnik_model::{
    AppId, KeyCreated, KeyRequest, KeyView, Open, Problem, ProblemCode, Scope, Word as _, route,
    view::List,
};
use vestnik_server::BootstrapError;

use crate::{
    api::Api,
    args::{KeysCommand, SettingsArgs},
    device,
    exit::Failure,
    output::Output,
    settings,
};

pub(crate) async fn run(command: KeysCommand, output: &Output) -> Result<(), Failure> {
    match command {
        KeysCommand::Bootstrap { app, settings } => bootstrap(app, settings, output).await,
        KeysCommand::Admin { app, settings } => admin(app, settings, output).await,
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
            let keys: List<KeyView> = Api::new(&server)?.list(route::KEYS).await?;
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

async fn bootstrap(app: AppId, args: SettingsArgs, output: &Output) -> Result<(), Failure> {
    let config = settings::load(args, None)?;
    let key = vestnik_server::seal_key(&config).map_err(anyhow::Error::from)?;
    let made = vestnik_server::bootstrap(&config.database, key, app.clone()).await;
    let made = made.map_err(|error| match error {
        BootstrapError::Exists { .. } => {
            Failure::from(Problem::new(ProblemCode::Conflict, error.to_string()))
        }
        BootstrapError::Open(_) | BootstrapError::Store(_) => Failure::Other(error.into()),
    })?;
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

async fn admin(app: AppId, args: SettingsArgs, output: &Output) -> Result<(), Failure> {
    let config = settings::load(args, None)?;
    let key = vestnik_server::seal_key(&config).map_err(anyhow::Error::from)?;
    let created = vestnik_server::make_admin_key(&config.database, key, app)
        .await
        .map_err(anyhow::Error::from)?;
    output.result(&created, created_words);
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

fn scope_words(scopes: &[Open<Scope>]) -> String {
    let words: Vec<_> = scopes.iter().map(Open::as_str).collect();
    words.join(", ")
}

fn parse_scopes(texts: &[String]) -> Result<Vec<Scope>, Failure> {
    let parse = |text: &String| {
        Scope::from_word(text).ok_or_else(|| {
            let known: Vec<_> = Scope::WORDS.iter().map(|scope| scope.as_str()).collect();
            let known = known.join(", ");
            Failure::Usage(format!("--scope {text}: must be one of {known}"))
        })
    };
    texts.iter().map(parse).collect()
}
