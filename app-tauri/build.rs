//! Makes a permission for each command, so that the window can be granted exactly these.

const COMMANDS: &[&str] = &[
    "attach",
    "history",
    "notification",
    "open",
    "mark_all_read",
    "follow_link",
    "retry_now",
    "save_preferences",
    "reload_configuration",
];

fn main() {
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))
        .expect("the app's configuration is complete");
}
