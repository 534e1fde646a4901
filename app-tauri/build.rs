//! Makes a permission for each command, so that the window can be granted exactly these.

const COMMANDS: &[&str] = &[
    "attach",
    "history",
    "notification",
    "open",
    "mark_all_read",
    "follow_link",
    "press",
    "reply",
    "retry_now",
    "read_code",
    "sign_in",
    "sign_out",
    "consent",
    "opt_out",
    "save_preferences",
    "start_at_login",
    "reload_configuration",
    "quit",
];

fn main() {
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))
        .expect("the app's configuration is complete");
}
