//! `vestnik user`: what a server knows of a user.

use std::collections::BTreeMap;

use console::style;
use vestnik_model::{
    UserId,
    attributes::{UserAttributes, UserView},
    contact::{EmailRequest, EmailView},
    preference::{OptOutChange, OptOuts, Preferences, PreferencesPatch},
    route,
    view::{InstallationView, List},
};

use crate::{
    api::Api,
    args::{AttributesCommand, EmailCommand, OptOutArgs, PreferencesCommand, UserCommand},
    exit::Failure,
    output::Output,
};

pub(crate) async fn run(command: UserCommand, output: &Output) -> Result<(), Failure> {
    match command {
        UserCommand::Devices { server, user } => {
            let path = route::with(route::USER_INSTALLATIONS, user.as_str());
            let devices: List<InstallationView> = Api::new(&server)?.get(&path).await?;
            output.result(&devices, device_list);
            Ok(())
        }
        UserCommand::Import(args) => super::import::run(args, output).await,
        UserCommand::Email(command) => email(command, output).await,
        UserCommand::Chat(command) => super::chat::run(command, output).await,
        UserCommand::Attributes(command) => attributes(command, output).await,
        UserCommand::Preferences(command) => preferences(command, output).await,
    }
}

fn device_list(devices: &List<InstallationView>) -> String {
    if devices.data.is_empty() {
        return "none".to_owned();
    }
    let lines: Vec<_> = devices.data.iter().map(device_line).collect();
    lines.join("\n")
}

fn device_line(view: &InstallationView) -> String {
    let state = view.state.as_ref();
    let platform = state.map_or("unknown", |state| state.platform.as_str());
    let seen = view.updated_at;
    let opened = view
        .opened_at
        .map(|at| format!("  opened {at:.0}"))
        .unwrap_or_default();
    let primary = if view.is_primary {
        format!("  {}", style("primary").green())
    } else {
        String::new()
    };
    let imported = view
        .imported_at
        .map(|at| format!("  imported {at:.0}, unproven"))
        .unwrap_or_default();
    format!(
        "{}  {platform}  seen {seen:.0}{opened}{imported}{primary}",
        style(view.id).bold()
    )
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

async fn attributes(command: AttributesCommand, output: &Output) -> Result<(), Failure> {
    match command {
        AttributesCommand::Set {
            server,
            user,
            zone,
            quiet,
            phone,
        } => {
            let request = UserAttributes {
                time_zone: zone,
                quiet_hours: quiet,
                phone,
            };
            let path = route::with(route::USER, user.as_str());
            Api::new(&server)?.put(&path, &request).await?;
            output.note(&format!("{} attributes of {user}", style("set").green()));
        }
        AttributesCommand::Show { server, user } => {
            let path = route::with(route::USER, user.as_str());
            let view: UserView = Api::new(&server)?.get(&path).await?;
            output.result(&view, known);
        }
    }
    Ok(())
}

async fn preferences(command: PreferencesCommand, output: &Output) -> Result<(), Failure> {
    match command {
        PreferencesCommand::Change {
            server,
            user,
            change,
        } => {
            let patch = PreferencesPatch {
                opt_out: opt_out_change(change),
            };
            let path = route::with(route::USER_PREFERENCES, user.as_str());
            let view: Preferences = Api::new(&server)?.patch(&path, &patch).await?;
            output.result(&view, unwanted);
        }
        PreferencesCommand::Show { server, user } => {
            let path = route::with(route::USER_PREFERENCES, user.as_str());
            let view: Preferences = Api::new(&server)?.get(&path).await?;
            output.result(&view, unwanted);
        }
    }
    Ok(())
}

fn opt_out_change(args: OptOutArgs) -> OptOutChange {
    let OptOutArgs {
        nothing,
        something,
        no_categories,
        categories,
        no_topics,
        topics,
    } = args;
    OptOutChange {
        all: (nothing || something).then_some(nothing),
        categories: each(categories, no_categories),
        topics: each(topics, no_topics),
    }
}

/// What is wanted again and what is not wanted; what is both is not wanted.
fn each<T: Ord>(wanted: Vec<T>, unwanted: Vec<T>) -> BTreeMap<T, bool> {
    let wanted = wanted.into_iter().map(|name| (name, false));
    let unwanted = unwanted.into_iter().map(|name| (name, true));
    wanted.chain(unwanted).collect()
}

fn unwanted(view: &Preferences) -> String {
    let OptOuts {
        all,
        categories,
        topics,
    } = &view.opt_out;
    if view.opt_out.is_empty() {
        return "wants everything".to_owned();
    }
    let everything = all.then(|| "wants nothing".to_owned());
    let categories = categories.iter().map(|name| format!("no category {name}"));
    let topics = topics.iter().map(|name| format!("no topic {name}"));
    let lines: Vec<_> = everything
        .into_iter()
        .chain(categories)
        .chain(topics)
        .collect();
    lines.join("\n")
}

fn known(view: &UserView) -> String {
    let UserView {
        time_zone,
        quiet_hours,
        phone,
    } = view;
    let phone = phone.as_deref().unwrap_or("not known");
    let zone = time_zone.as_deref().unwrap_or("not known");
    let quiet = quiet_hours.as_ref();
    let quiet = quiet.map_or_else(
        || "none".to_owned(),
        |quiet| format!("{}-{}", quiet.from, quiet.to),
    );
    format!("time zone    {zone}\nquiet hours  {quiet}\nphone        {phone}")
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
