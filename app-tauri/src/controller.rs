//! The one task that knows the state of the app.
//!
//! It takes intents (of the window, the tray, the toasts), the core's events, states and tickets, and
//! the outcomes of its own work, one at a time, and tells the shell what to show. It never waits for
//! the core or the system while it does so: whatever takes time is a task of its own whose outcome
//! is one more input. So a slow disk cannot freeze the tray, and the core can never wait for a
//! controller that waits for the core.

use std::{ops::ControlFlow, path::PathBuf, time::Duration};

use tokio::{sync::mpsc, task::JoinSet};
use vestnik_model::NotificationId;

use crate::{
    model::State,
    preferences,
    session::{Launched, Launcher, Session},
    shell::DesktopShell,
    toast::Delivery,
    view::{
        AccountView, ConnectionView, Language, Phase, Preferences, Snapshot, SystemView, UiEvent,
    },
    words,
};

mod account;
mod disk;
mod drawn;
mod event;
mod input;
mod intent;
mod launch;
mod request;
mod reread;
mod show;
mod surroundings;

use account::Account;
use disk::Disk;
use drawn::Drawn;
use input::{Done, Input, Look};
pub(crate) use intent::{Desk, Intent, Reply, SignInSource};
use reread::Reread;
use surroundings::Surroundings;

/// How long each of the core and the disk may take to write what is in hand when the app ends.
const LAST_WRITES: Duration = Duration::from_secs(10);

/// What a controller is made with.
#[derive(Debug)]
pub(crate) struct Setting<S, L> {
    /// The system.
    pub(crate) shell: S,
    /// Starts the core.
    pub(crate) launcher: L,
    /// What is asked of the app.
    pub(crate) intents: mpsc::Receiver<Intent>,
    /// The folder of preferences.
    pub(crate) config_dir: PathBuf,
    /// The language of the system.
    pub(crate) system_language: Language,
    /// Whether the app starts without its window.
    pub(crate) is_in_background: bool,
}

/// The name of the preferences' file.
const PREFERENCES: &str = "preferences.toml";

/// The state of the app.
pub(crate) struct Controller<S, L: Launcher> {
    shell: S,
    launcher: L,
    intents: mpsc::Receiver<Intent>,
    preferences_file: PathBuf,
    preferences: Preferences,
    system_language: Language,
    is_in_background: bool,
    /// Whether the window is in front.
    is_in_front: bool,
    phase: Phase,
    running: Option<Launched<L::Session>>,
    account: Account,
    surroundings: Surroundings,
    /// What the window was told last, so that it is told changes only.
    told: Told,
    /// The notification whose toast was clicked while there was no window to show it in.
    opened: Option<NotificationId>,
    reread: Reread,
    /// The toasts that may be on the screen.
    drawn: Drawn,
    /// How many tickets are with the system.
    showing: usize,
    /// Preferences and the like on their way to their files.
    disk: Disk,
    /// Work under way.
    tasks: JoinSet<Done<L::Session>>,
}

/// What the window was told last.
#[derive(Debug, Default)]
struct Told {
    account: Option<AccountView>,
    connection: Option<ConnectionView>,
    unread: Option<u64>,
}

impl<S: DesktopShell, L: Launcher> Controller<S, L> {
    /// Makes a controller that has not begun.
    pub(crate) fn new(setting: Setting<S, L>) -> Self {
        let preferences_file = setting.config_dir.join(PREFERENCES);
        Self {
            shell: setting.shell,
            launcher: setting.launcher,
            intents: setting.intents,
            preferences: preferences::load(&preferences_file),
            preferences_file,
            system_language: setting.system_language,
            is_in_background: setting.is_in_background,
            is_in_front: false,
            phase: Phase::Starting,
            running: None,
            account: Account::load(&setting.config_dir),
            surroundings: Surroundings::default(),
            told: Told::default(),
            opened: None,
            reread: Reread::default(),
            drawn: Drawn::default(),
            showing: 0,
            disk: Disk::default(),
            tasks: JoinSet::new(),
        }
    }

    /// Runs until the person quits.
    pub(crate) async fn run(mut self) {
        self.launch(false);
        self.look_at_login_items();
        self.show_unread();
        if !self.is_in_background {
            self.shell.show_window();
        }
        while let Some(input) = self.next().await {
            if self.handle(input).is_break() {
                break;
            }
        }
        self.stop().await;
    }

    fn handle(&mut self, input: Input<L::Session>) -> ControlFlow<()> {
        match input {
            Input::Intent(Intent::Quit) => return ControlFlow::Break(()),
            Input::Intent(intent) => self.on_intent(intent),
            Input::Core(event) => self.on_event(event),
            Input::CoreEnded => self.on_core_ended(),
            Input::State => self.on_state(),
            Input::Ticket(ticket) => self.on_ticket(ticket),
            Input::Done(done) => self.on_done(done),
        }
        ControlFlow::Continue(())
    }

    /// Does what is asked; what takes an answer from the core is in [`request`].
    fn on_intent(&mut self, intent: Intent) {
        match intent {
            Intent::Attached => self.greet(),
            Intent::ShowWindow => self.show_window(),
            Intent::Focus(is_in_front) => self.on_focus(is_in_front),
            Intent::Toast(event) => self.on_toast(&event),
            Intent::Machine(event) => self.on_machine(event),
            Intent::Tray(has_tray) => self.on_tray(has_tray),
            Intent::Link(text) => self.on_link(&text),
            Intent::History { request, reply } => self.read_history(request, reply),
            Intent::Row { id, reply } => self.read_row(id, reply),
            Intent::Open { id, reply } => self.open(id, reply),
            Intent::MarkAllRead { reply } => self.mark_all_read(reply),
            Intent::FollowLink { id, reply } => self.follow_link(id, reply),
            Intent::Press { id, action, reply } => self.press(id, action, reply),
            Intent::Answer {
                id,
                action,
                text,
                reply,
            } => self.answer_notification(id, (action, text), reply),
            Intent::RetryNow { reply } => self.retry_now(reply),
            Intent::ReadCode { source, reply } => self.read_code(source, reply),
            Intent::SignIn {
                source,
                replaces,
                reply,
            } => self.sign_in(source, replaces, reply),
            Intent::SignOut { reply } => self.sign_out(reply),
            Intent::Consent { reply } => self.read_consent(reply),
            Intent::OptOut {
                what,
                is_off,
                reply,
            } => self.opt_out(what, is_off, reply),
            Intent::SavePreferences { preferences, reply } => self.prefer(preferences, reply),
            Intent::StartAtLogin { starts, reply } => self.start_at_login(starts, reply),
            Intent::ReloadConfiguration {
                without_keyring,
                reply,
            } => self.reload(without_keyring, reply),
            // `handle` ends the app.
            Intent::Quit => {}
        }
    }

    /// Takes up the outcome of work.
    fn on_done(&mut self, done: Done<L::Session>) {
        match done {
            Done::Launched(outcome) => self.on_launched(outcome),
            Done::Rows(reading, changed) => self.on_rows(reading, &changed),
            Done::Redraw(reading, rows) => self.on_redraw(reading, &rows),
            Done::AllRead => self.look_at_toasts(Look::AllRead),
            Done::Looked(why, reading, found) => self.on_looked((why, reading), &found),
            Done::Shown => self.showing = self.showing.saturating_sub(1),
            Done::Configured(credential, asked) => self.on_configured(credential, asked),
            Done::SignedIn {
                outcome,
                sign_outs,
                reply,
            } => self.on_signed_in(outcome, sign_outs, reply),
            Done::LoginItems(starts) => self.on_login_items(starts),
            Done::Nothing => {}
        }
    }

    /// Tells a new window everything it has to know.
    fn greet(&mut self) {
        let snapshot = Snapshot {
            phase: self.phase.clone(),
            account: self.account_view(),
            connection: self.connection_view(),
            system: self.system_view(),
            unread: self.unread(),
            preferences: self.preferences,
            language: self.language(),
            opened: self.opened.take().map(|id| id.to_string()),
            offered: self.account.offered.take(),
            sign_in_problem: self.account.problem,
        };
        self.told = Told {
            account: Some(snapshot.account.clone()),
            connection: Some(snapshot.connection.clone()),
            unread: Some(snapshot.unread),
        };
        self.emit(UiEvent::Snapshot {
            snapshot: Box::new(snapshot),
        });
        self.show_unread();
    }

    fn show_window(&mut self) {
        self.shell.show_window();
        if let Some(running) = &self.running {
            running.session.foregrounded();
        }
        self.reconsider_configured_code();
    }

    /// The person looks at the app: by that this device becomes the one that they use.
    fn on_focus(&mut self, is_in_front: bool) {
        self.is_in_front = is_in_front;
        if let Some(running) = self.running.as_ref().filter(|_| is_in_front) {
            running.session.foregrounded();
        }
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase.clone();
        self.emit(UiEvent::Phase { phase });
    }

    fn show_unread(&self) {
        self.shell.show_unread(self.unread(), self.language());
    }

    fn emit(&self, event: UiEvent) -> bool {
        self.shell.emit(event)
    }

    /// The core's present state.
    fn state(&self) -> Option<State> {
        self.running
            .as_ref()
            .map(|running| running.state.borrow().clone())
    }

    fn account_view(&self) -> AccountView {
        self.state()
            .as_ref()
            .map_or(AccountView::NOBODY, AccountView::from)
    }

    fn connection_view(&self) -> ConnectionView {
        self.state()
            .as_ref()
            .map_or(ConnectionView::Connecting, ConnectionView::from)
    }

    fn system_view(&self) -> SystemView {
        let running = self.running.as_ref();
        SystemView {
            delivery: self.surroundings.delivery.into(),
            secrets: running.map(|running| running.secrets.into()),
            starts_at_login: self.surroundings.starts_at_login,
            has_tray: self.surroundings.has_tray,
            server: running.map(|running| running.server.clone()),
        }
    }

    fn unread(&self) -> u64 {
        self.state().map_or(0, |state| state.unread)
    }

    fn language(&self) -> Language {
        words::language(self.preferences.language, self.system_language)
    }

    /// Whether a ticket could be shown now: something can draw, the person lets it, and not too many are under
    /// way.
    fn takes_tickets(&self) -> bool {
        self.showing < show::MOST
            && self.surroundings.delivery != Delivery::NoService
            && !self.preferences.is_switched_off
    }

    /// Ends the core and then the app.
    async fn stop(mut self) {
        self.tasks.shutdown().await;
        if let Some(running) = self.running.take() {
            let stopped = tokio::time::timeout(LAST_WRITES, running.session.stop()).await;
            if stopped.is_err() {
                tracing::error!("the core did not end in time");
            }
        }
        let written = tokio::time::timeout(LAST_WRITES, self.disk.finish()).await;
        if written.is_err() {
            tracing::error!("what was changed last is not kept");
        }
        self.shell.quit();
    }
}

#[cfg(test)]
mod tests;
