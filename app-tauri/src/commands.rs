//! What the window may call: each command asks the controller and gives its answer.
//!
//! A new command is also named in `build.rs` and in `capabilities/window.json`.

use tauri::{State, ipc::Channel};
use vestnik_core::Secret;
use vestnik_model::NotificationId;

use crate::{
    controller::{Desk, Intent, SignInSource},
    tauri_shell::TauriShell,
    view::{
        CodeView, CommandError, ConsentView, HistoryRequest, HistoryView, NotificationView,
        OptOutRequest, Preferences, UiEvent,
    },
};

type Answer<T> = Result<T, CommandError>;

#[tauri::command]
pub(crate) async fn attach(
    desk: State<'_, Desk>,
    shell: State<'_, TauriShell>,
    events: Channel<UiEvent>,
) -> Answer<()> {
    shell.attach(events);
    desk.send(Intent::Attached).await;
    Ok(())
}

#[tauri::command]
pub(crate) async fn history(desk: State<'_, Desk>, request: HistoryRequest) -> Answer<HistoryView> {
    desk.ask(|reply| Intent::History { request, reply }).await
}

#[tauri::command]
pub(crate) async fn notification(
    desk: State<'_, Desk>,
    id: String,
) -> Answer<Option<NotificationView>> {
    let id = parse(&id)?;
    desk.ask(|reply| Intent::Row { id, reply }).await
}

#[tauri::command]
pub(crate) async fn open(desk: State<'_, Desk>, id: String) -> Answer<()> {
    let id = parse(&id)?;
    desk.ask(|reply| Intent::Open { id, reply }).await
}

#[tauri::command]
pub(crate) async fn mark_all_read(desk: State<'_, Desk>) -> Answer<u64> {
    desk.ask(|reply| Intent::MarkAllRead { reply }).await
}

#[tauri::command]
pub(crate) async fn follow_link(desk: State<'_, Desk>, id: String) -> Answer<()> {
    let id = parse(&id)?;
    desk.ask(|reply| Intent::FollowLink { id, reply }).await
}

#[tauri::command]
pub(crate) async fn press(desk: State<'_, Desk>, id: String, action: String) -> Answer<()> {
    let id = parse(&id)?;
    desk.ask(|reply| Intent::Press { id, action, reply }).await
}

#[tauri::command]
pub(crate) async fn reply(
    desk: State<'_, Desk>,
    id: String,
    action: String,
    text: String,
) -> Answer<()> {
    let id = parse(&id)?;
    let answer = |reply| Intent::Answer {
        id,
        action,
        text,
        reply,
    };
    desk.ask(answer).await
}

#[tauri::command]
pub(crate) async fn retry_now(desk: State<'_, Desk>) -> Answer<()> {
    desk.ask(|reply| Intent::RetryNow { reply }).await
}

#[tauri::command]
pub(crate) async fn read_code(desk: State<'_, Desk>, code: Option<String>) -> Answer<CodeView> {
    let source = source(code);
    desk.ask(|reply| Intent::ReadCode { source, reply }).await
}

#[tauri::command]
pub(crate) async fn sign_in(
    desk: State<'_, Desk>,
    code: Option<String>,
    replaces: bool,
) -> Answer<()> {
    let source = source(code);
    desk.ask(|reply| Intent::SignIn {
        source,
        replaces,
        reply,
    })
    .await
}

#[tauri::command]
pub(crate) async fn sign_out(desk: State<'_, Desk>) -> Answer<()> {
    desk.ask(|reply| Intent::SignOut { reply }).await
}

#[tauri::command]
pub(crate) async fn consent(desk: State<'_, Desk>) -> Answer<ConsentView> {
    desk.ask(|reply| Intent::Consent { reply }).await
}

#[tauri::command]
pub(crate) async fn opt_out(
    desk: State<'_, Desk>,
    what: OptOutRequest,
    is_off: bool,
) -> Answer<()> {
    desk.ask(|reply| Intent::OptOut {
        what,
        is_off,
        reply,
    })
    .await
}

#[tauri::command]
pub(crate) async fn save_preferences(
    desk: State<'_, Desk>,
    preferences: Preferences,
) -> Answer<()> {
    desk.ask(|reply| Intent::SavePreferences { preferences, reply })
        .await
}

#[tauri::command]
pub(crate) async fn start_at_login(desk: State<'_, Desk>, starts: bool) -> Answer<()> {
    desk.ask(|reply| Intent::StartAtLogin { starts, reply })
        .await
}

#[tauri::command]
pub(crate) async fn reload_configuration(
    desk: State<'_, Desk>,
    without_keyring: bool,
) -> Answer<()> {
    desk.ask(|reply| Intent::ReloadConfiguration {
        without_keyring,
        reply,
    })
    .await
}

#[tauri::command]
pub(crate) async fn quit(desk: State<'_, Desk>) -> Answer<()> {
    desk.send(Intent::Quit).await;
    Ok(())
}

/// Without a code, the configured one is meant.
fn source(code: Option<String>) -> SignInSource {
    code.map_or(SignInSource::Configured, |code| {
        SignInSource::Code(Secret::new(code))
    })
}

fn parse(id: &str) -> Answer<NotificationId> {
    id.parse()
        .map_err(|error| CommandError::not_found(&format!("the id {error}")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// The names of the functions above that are commands.
    fn commands() -> BTreeSet<String> {
        include_str!("commands.rs")
            .split("#[tauri::command]\n")
            .skip(1)
            .filter_map(|rest| rest.strip_prefix("pub(crate) async fn "))
            .filter_map(|rest| rest.split('(').next())
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn the_window_is_granted_exactly_the_commands() {
        let capability: serde_json::Value =
            serde_json::from_str(include_str!("../capabilities/window.json")).unwrap();
        let granted: BTreeSet<String> = capability["permissions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|permission| permission.as_str().unwrap())
            .map(|permission| permission.strip_prefix("allow-").unwrap().replace('-', "_"))
            .collect();
        assert!(commands().len() > 5);
        assert_eq!(granted, commands());
    }

    #[test]
    fn every_command_is_built_handled_and_called() {
        let shell = include_str!("tauri_shell.rs");
        let build = include_str!("../build.rs");
        let page = include_str!("../../ui/src/platform/tauri.ts");
        for name in commands() {
            assert!(
                build.contains(&format!("\"{name}\"")),
                "{name} is not in build.rs"
            );
            assert!(
                shell.contains(&format!("commands::{name},")),
                "{name} is not handled"
            );
            assert!(
                page.contains(&format!("\"{name}\"")),
                "{name} is never called"
            );
        }
    }
}
