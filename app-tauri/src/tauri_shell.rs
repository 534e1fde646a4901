//! The shell on Tauri: the one module that knows windows, trays and menus.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tauri::{App, AppHandle, Manager, RunEvent, async_runtime::spawn, ipc::Channel};
use tokio::sync::mpsc;
use vestnik_core::clock::SystemClock;
use vestnik_model::NotificationId;

use crate::{
    commands,
    controller::{Controller, Desk, Intent, Setting},
    device,
    session::CoreLauncher,
    shell::DesktopShell,
    termination,
    toast::{Toast, ToastEvent, Toaster},
    view::{Language, UiEvent},
};

mod icon;
mod tray;
mod window;

use tray::Tray;

/// The name of the preferences' file in the app's configuration folder.
const PREFERENCES: &str = "preferences.toml";

/// How many events of toasts may wait for the controller.
const TOAST_EVENTS: usize = 64;

/// Runs the app until the person quits.
///
/// # Errors
/// What Tauri says when it cannot begin, as without a display.
pub(crate) fn run() -> anyhow::Result<()> {
    let (desk, intents) = Desk::new();
    tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, _, _| {
            app.state::<Desk>().tell(Intent::ShowWindow);
        }))
        .manage(desk)
        .invoke_handler(tauri::generate_handler![
            commands::attach,
            commands::history,
            commands::notification,
            commands::open,
            commands::mark_all_read,
            commands::follow_link,
            commands::retry_now,
            commands::save_preferences,
            commands::reload_configuration,
        ])
        .setup(|app| Ok(begin(app, intents)?))
        .build(tauri::generate_context!())?
        .run(|_, event| {
            // Without a window the app lives on in the tray; only `exit` with a code ends it.
            if let RunEvent::ExitRequested {
                api, code: None, ..
            } = event
            {
                api.prevent_exit();
            }
        });
    Ok(())
}

/// Starts the app's tasks.
fn begin(app: &App, intents: mpsc::Receiver<Intent>) -> anyhow::Result<()> {
    let config_dir = app.path().app_config_dir()?;
    let data_dir = app.path().app_local_data_dir()?;
    let desk = app.state::<Desk>().inner().clone();
    let system_language = device::language();

    let (events, toast_events) = mpsc::channel(TOAST_EVENTS);
    let (toaster, toasts) = Toaster::new(events);
    let tray = Tray::new(app.handle(), system_language)?;
    let shell = TauriShell {
        app: app.handle().clone(),
        toaster,
        tray: Arc::new(tray),
        window: Arc::default(),
    };
    app.manage(shell.clone());

    let controller = Controller::new(Setting {
        shell,
        launcher: CoreLauncher::new(config_dir.clone(), data_dir),
        intents,
        preferences: config_dir.join(PREFERENCES),
        system_language,
        clock: Arc::new(SystemClock),
    });
    spawn(toasts);
    spawn(pass_on(toast_events, desk.clone()));
    spawn(controller.run());
    spawn(async move {
        termination::requested().await;
        desk.send(Intent::Quit).await;
    });
    Ok(())
}

async fn pass_on(mut events: mpsc::Receiver<ToastEvent>, desk: Desk) {
    while let Some(event) = events.recv().await {
        desk.send(Intent::Toast(event)).await;
    }
}

/// The running app as a shell.
#[derive(Clone)]
pub(crate) struct TauriShell {
    app: AppHandle,
    toaster: Toaster,
    tray: Arc<Tray>,
    /// The window's channel, while there is a window that listens.
    window: Arc<Mutex<Option<Channel<UiEvent>>>>,
}

impl TauriShell {
    /// A window listens at this channel from now on.
    pub(crate) fn attach(&self, events: Channel<UiEvent>) {
        *self.window() = Some(events);
    }

    /// The window is gone.
    fn detach(&self) {
        *self.window() = None;
    }

    fn window(&self) -> MutexGuard<'_, Option<Channel<UiEvent>>> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DesktopShell for TauriShell {
    fn show_toast(&self, toast: Toast) {
        self.toaster.show(toast);
    }

    fn withdraw_toasts(&self, ids: Vec<NotificationId>) {
        if !ids.is_empty() {
            self.toaster.withdraw(ids);
        }
    }

    fn withdraw_all_toasts(&self) {
        self.toaster.withdraw_all();
    }

    fn show_unread(&self, count: u64, language: Language) {
        if let Err(error) = self.tray.show_unread(count, language) {
            tracing::warn!(%error, "the tray does not show what is unread");
        }
        window::show_unread(&self.app, count, language);
    }

    fn show_window(&self) {
        let shell = self.clone();
        let shown = self.app.run_on_main_thread(move || {
            let gone = shell.clone();
            if let Err(error) = window::show(&shell.app, move || gone.detach()) {
                tracing::error!(%error, "the window does not come up");
            }
        });
        if let Err(error) = shown {
            tracing::warn!(%error, "the app is ending");
        }
    }

    fn emit(&self, event: UiEvent) -> bool {
        let mut window = self.window();
        let is_heard = window
            .as_ref()
            .is_some_and(|channel| channel.send(event).is_ok());
        if !is_heard {
            *window = None;
        }
        is_heard
    }

    fn open_link(&self, url: &str) -> io::Result<()> {
        open::that_detached(url)
    }

    fn quit(&self) {
        self.app.exit(0);
    }
}
