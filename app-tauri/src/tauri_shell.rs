//! The shell on Tauri: the one module that knows windows, trays and menus.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tauri::{App, AppHandle, Manager, RunEvent, WindowEvent, async_runtime::spawn, ipc::Channel};
use tauri_plugin_autostart::{MacosLauncher, ManagerExt as _};
use tauri_plugin_window_state::StateFlags;
use tokio::sync::mpsc;
use vestnik_model::NotificationId;

use crate::{
    commands,
    controller::{Controller, Desk, Intent, Setting},
    device,
    session::CoreLauncher,
    shell::DesktopShell,
    termination,
    toast::{Toast, ToastError, Toaster},
    view::{Language, UiEvent},
    wake,
};

mod icon;
mod tray;
mod tray_host;
mod window;

use tray::Tray;

/// How many events of toasts may wait for the controller.
const TOAST_EVENTS: usize = 64;

/// The argument with which the system starts the app at the person's login: without its window.
const IN_BACKGROUND: &str = "--background";

/// Runs the app until the person quits.
///
/// # Errors
/// Tauri's error when it cannot begin, as without a display.
pub(crate) fn run() -> anyhow::Result<()> {
    let (desk, intents) = Desk::new();
    let links = desk.clone();
    tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, arguments, _| {
            another_start(&app.state::<Desk>(), arguments);
        }))
        .plugin(tauri_plugin_autostart::init(
            MacosLauncher::LaunchAgent,
            Some(vec![IN_BACKGROUND]),
        ))
        .plugin(
            tauri_plugin_window_state::Builder::default()
                .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED)
                .build(),
        )
        .manage(desk)
        .invoke_handler(tauri::generate_handler![
            commands::attach,
            commands::history,
            commands::notification,
            commands::open,
            commands::mark_all_read,
            commands::follow_link,
            commands::press,
            commands::reply,
            commands::retry_now,
            commands::read_code,
            commands::sign_in,
            commands::sign_out,
            commands::consent,
            commands::opt_out,
            commands::save_preferences,
            commands::start_at_login,
            commands::reload_configuration,
            commands::quit,
        ])
        .setup(|app| Ok(begin(app, intents)?))
        .build(tauri::generate_context!())?
        .run(move |_, event| on_run_event(&links, event));
    Ok(())
}

/// A second start of the app ends at once and hands its arguments to the first.
fn another_start(desk: &Desk, arguments: Vec<String>) {
    desk.tell(Intent::ShowWindow);
    for argument in arguments.into_iter().skip(1) {
        desk.tell(Intent::Link(argument));
    }
}

fn on_run_event(desk: &Desk, event: RunEvent) {
    match event {
        // Without a window the app lives on in the tray; only `exit` with a code ends it.
        RunEvent::ExitRequested {
            api, code: None, ..
        } => api.prevent_exit(),
        RunEvent::WindowEvent {
            event: WindowEvent::Focused(is_in_front),
            ..
        } => desk.tell(Intent::Focus(is_in_front)),
        // macOS hands links over as events. A click on the app's icon there is one, too.
        #[cfg(target_os = "macos")]
        RunEvent::Opened { urls } => {
            for url in urls {
                desk.tell(Intent::Link(url.to_string()));
            }
        }
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => desk.tell(Intent::ShowWindow),
        _ => {}
    }
}

/// Starts the app's tasks.
fn begin(app: &App, intents: mpsc::Receiver<Intent>) -> anyhow::Result<()> {
    let config_dir = app.path().app_config_dir()?;
    let data_dir = app.path().app_local_data_dir()?;
    let desk = app.state::<Desk>().inner().clone();
    let system_language = device::language();
    let arguments: Vec<String> = std::env::args().skip(1).collect();

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
        config_dir,
        system_language,
        is_in_background: arguments.iter().any(|argument| argument == IN_BACKGROUND),
    });
    spawn(toasts);
    spawn(pass_on(toast_events, desk.clone(), Intent::Toast));
    let (machine_events, machine) = wake::watch();
    spawn(machine);
    spawn(pass_on(machine_events, desk.clone(), Intent::Machine));
    spawn(tray_host::watch(desk.clone()));
    spawn(controller.run());
    for argument in arguments {
        desk.tell(Intent::Link(argument));
    }
    spawn(async move {
        termination::requested().await;
        desk.send(Intent::Quit).await;
    });
    Ok(())
}

async fn pass_on<T>(mut events: mpsc::Receiver<T>, desk: Desk, intent: fn(T) -> Intent) {
    while let Some(event) = events.recv().await {
        desk.send(intent(event)).await;
    }
}

/// The running app as a shell.
#[derive(Clone)]
pub(crate) struct TauriShell {
    app: AppHandle,
    toaster: Toaster,
    tray: Arc<Tray>,
    /// The window's channel, while there is a window that is attached.
    window: Arc<Mutex<Option<Channel<UiEvent>>>>,
}

impl TauriShell {
    /// A window receives events by this channel from now on.
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
    fn show_toast(
        &self,
        toast: Toast,
    ) -> impl Future<Output = Result<(), ToastError>> + Send + use<> {
        self.toaster.show(toast)
    }

    fn redraw_toast(&self, toast: Toast) {
        self.toaster.redraw(toast);
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
        let is_received = window
            .as_ref()
            .is_some_and(|channel| channel.send(event).is_ok());
        if !is_received {
            *window = None;
        }
        is_received
    }

    fn open_link(&self, url: &str) -> io::Result<()> {
        open::that_detached(url)
    }

    fn starts_at_login(&self) -> Option<bool> {
        self.app.autolaunch().is_enabled().ok()
    }

    fn start_at_login(&self, starts: bool) -> io::Result<()> {
        let items = self.app.autolaunch();
        let done = if starts {
            items.enable()
        } else {
            items.disable()
        };
        done.map_err(io::Error::other)
    }

    fn quit(&self) {
        self.app.exit(0);
    }
}
