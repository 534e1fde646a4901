//! The one task that knows what the app is doing.
//!
//! It hears intents (of the window, the tray, the toasts), the core's events and states, and the
//! outcomes of its own work, one at a time, and tells the shell what to show. It never waits for
//! the core or the system while it hears: whatever takes time is a task of its own whose outcome
//! comes back as one more input. So a slow disk cannot freeze the tray, and the core can never wait
//! for a controller that waits for the core.

use std::{ops::ControlFlow, path::PathBuf, sync::Arc, time::Duration};

use tokio::{sync::mpsc, task::JoinSet};
use vestnik_core::{Event, HistoryItem, Warning, clock::Clock};
use vestnik_model::NotificationId;

use crate::{
    preferences,
    session::{Launched, Launcher, Session},
    shell::DesktopShell,
    toast::{Toast, ToastEvent},
    view::{
        ConnectionView, Language, NotificationView, Phase, Preferences, SetupProblem, Snapshot,
        UiEvent, WarningView,
    },
    words,
};

mod input;
mod intent;
mod request;
mod reread;

use input::{ChangedRows, Done, Input};
pub(crate) use intent::{Desk, Intent, Reply};
pub(crate) use request::opens_in_browser;
use reread::{Next, Reread};

/// How long the core may take to write what is in hand when the app ends.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// What a controller is made with.
#[derive(Debug)]
pub(crate) struct Setting<S, L> {
    /// The system.
    pub(crate) shell: S,
    /// Starts the core.
    pub(crate) launcher: L,
    /// What is asked of the app.
    pub(crate) intents: mpsc::Receiver<Intent>,
    /// Where the preferences are kept.
    pub(crate) preferences: PathBuf,
    /// The language of the system.
    pub(crate) system_language: Language,
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
}

/// The state of the app.
pub(crate) struct Controller<S, L: Launcher> {
    shell: S,
    launcher: L,
    intents: mpsc::Receiver<Intent>,
    preferences_file: PathBuf,
    preferences: Preferences,
    system_language: Language,
    clock: Arc<dyn Clock>,
    phase: Phase,
    running: Option<Launched<L::Session>>,
    /// The notification whose toast was clicked while there was no window to show it in.
    opened: Option<NotificationId>,
    reread: Reread,
    /// Work under way.
    tasks: JoinSet<Done<L::Session>>,
}

impl<S: DesktopShell, L: Launcher> Controller<S, L> {
    /// Makes a controller that has not begun.
    pub(crate) fn new(setting: Setting<S, L>) -> Self {
        let Setting {
            shell,
            launcher,
            intents,
            preferences,
            system_language,
            clock,
        } = setting;
        Self {
            shell,
            launcher,
            intents,
            preferences: preferences::load(&preferences),
            preferences_file: preferences,
            system_language,
            clock,
            phase: Phase::Starting,
            running: None,
            opened: None,
            reread: Reread::default(),
            tasks: JoinSet::new(),
        }
    }

    /// Runs until the person quits.
    pub(crate) async fn run(mut self) {
        self.launch();
        self.show_unread();
        self.shell.show_window();
        while let Some(input) = self.next().await {
            if self.handle(input).is_break() {
                break;
            }
        }
        self.stop().await;
    }

    fn handle(&mut self, input: Input<L::Session>) -> ControlFlow<()> {
        match input {
            Input::Intent(intent) => return self.obey(intent),
            Input::Core(event) => self.hear(*event),
            Input::CoreEnded => self.fail("the core has stopped".to_owned()),
            Input::Connection => self.emit_connection(),
            Input::Unread => self.unread_changed(),
            Input::Done(done) => self.finish(done),
        }
        ControlFlow::Continue(())
    }

    /// Does what is asked; what takes an answer from the core is in [`request`].
    fn obey(&mut self, intent: Intent) -> ControlFlow<()> {
        match intent {
            Intent::Quit => return ControlFlow::Break(()),
            Intent::Attached => self.greet(),
            Intent::ShowWindow => self.show_window(),
            Intent::Toast(event) => self.toast_changed(event),
            Intent::History { request, reply } => self.read_history(&request, reply),
            Intent::Row { id, reply } => self.read_row(id, reply),
            Intent::Open { id, reply } => self.open(id, reply),
            Intent::MarkAllRead { reply } => self.mark_all_read(reply),
            Intent::FollowLink { id, reply } => self.follow_link(id, reply),
            Intent::RetryNow { reply } => self.retry_now(reply),
            Intent::SavePreferences { preferences, reply } => self.prefer(preferences, reply),
            Intent::ReloadConfiguration { reply } => self.reload(reply),
        }
        ControlFlow::Continue(())
    }

    /// Hears the core.
    fn hear(&mut self, event: Event) {
        match event {
            // Drawn again or not, the tag is the same: the system replaces.
            Event::Show { item, again: _ } => self.show(&item),
            Event::Withdraw(ids) => self.shell.withdraw_toasts(ids),
            Event::Changed(ids) => {
                let next = self.reread.want(ids);
                self.read_again(next);
            }
            Event::NeedsIdentity => tracing::warn!("the server wants a fresh identity"),
            Event::Warning(warning) => self.warn(&warning),
            event => tracing::debug!(?event, "an event this version does not know"),
        }
    }

    /// Takes up the outcome of work.
    fn finish(&mut self, done: Done<L::Session>) {
        match done {
            Done::Launched(Ok(launched)) => self.begin(launched),
            Done::Launched(Err(problem)) => self.enter(self.setup(problem)),
            Done::Rows(changed) => {
                self.rows_changed(&changed);
                let next = self.reread.done();
                self.read_again(next);
            }
            Done::AllRead => self.shell.withdraw_all_toasts(),
            Done::Nothing => {}
        }
    }

    fn warn(&self, warning: &Warning) {
        tracing::warn!(%warning, "the core warns");
        if let Warning::HistoryRebuilt { .. } = warning {
            self.emit(UiEvent::Warned {
                warning: WarningView::HistoryRebuilt,
            });
        }
    }

    fn show(&self, item: &HistoryItem) {
        self.emit(UiEvent::Arrived {
            item: NotificationView::from(item),
        });
        self.shell.show_toast(Toast::of(item, self.language()));
    }

    fn rows_changed(&self, changed: &ChangedRows) {
        let ChangedRows { rows, removed } = changed;
        let items: Vec<_> = rows.iter().map(NotificationView::from).collect();
        let read = |(row, view): (&HistoryItem, &NotificationView)| {
            view.is_read.then_some(row.notification.id)
        };
        let read = rows.iter().zip(&items).filter_map(read);
        self.shell
            .withdraw_toasts(read.chain(removed.iter().copied()).collect());
        let removed = removed.iter().map(ToString::to_string).collect();
        self.emit(UiEvent::Changed { items, removed });
    }

    fn toast_changed(&mut self, event: ToastEvent) {
        match event {
            ToastEvent::Shown(id) => {
                self.tell_core(move |core| async move { core.report_shown(id).await });
            }
            ToastEvent::Dismissed(id) => {
                self.tell_core(move |core| async move { core.dismiss(id).await });
            }
            ToastEvent::Opened(id) => self.toast_opened(id),
            ToastEvent::Failed { id, reason } => {
                tracing::warn!(%id, reason, "the system did not show a toast");
            }
        }
    }

    fn toast_opened(&mut self, id: NotificationId) {
        self.tell_core(move |core| async move { core.open(id).await });
        let is_heard = self.emit(UiEvent::Opened { id: id.to_string() });
        self.opened = (!is_heard).then_some(id);
        self.show_window();
    }

    /// Tells a new window everything it has to know.
    fn greet(&mut self) {
        let snapshot = Snapshot {
            phase: self.phase.clone(),
            connection: self.connection(),
            unread: self.unread(),
            preferences: self.preferences,
            language: self.language(),
            opened: self.opened.take().map(|id| id.to_string()),
        };
        self.emit(UiEvent::Snapshot { snapshot });
        self.show_unread();
    }

    fn show_window(&self) {
        self.shell.show_window();
        if let Some(running) = &self.running {
            running.session.foregrounded();
        }
    }

    fn launch(&mut self) {
        self.enter(Phase::Starting);
        let launcher = self.launcher.clone();
        self.tasks
            .spawn(async move { Done::Launched(launcher.launch().await) });
    }

    fn begin(&mut self, launched: Launched<L::Session>) {
        self.running = Some(launched);
        self.enter(Phase::Ready);
        self.emit_connection();
        self.unread_changed();
    }

    fn fail(&mut self, detail: String) {
        self.running = None;
        self.enter(self.setup(SetupProblem::Failed { detail }));
    }

    fn setup(&self, problem: SetupProblem) -> Phase {
        Phase::Setup {
            config_path: self.launcher.config_path(),
            problem,
        }
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase.clone();
        self.emit(UiEvent::Phase { phase });
    }

    fn emit_connection(&self) {
        self.emit(UiEvent::Connection {
            connection: self.connection(),
        });
    }

    fn unread_changed(&self) {
        self.emit(UiEvent::Unread {
            count: self.unread(),
        });
        self.show_unread();
    }

    fn show_unread(&self) {
        self.shell.show_unread(self.unread(), self.language());
    }

    fn emit(&self, event: UiEvent) -> bool {
        self.shell.emit(event)
    }

    fn connection(&self) -> ConnectionView {
        self.running
            .as_ref()
            .map_or(ConnectionView::Connecting, |running| {
                ConnectionView::at(*running.connection.borrow(), self.clock.as_ref())
            })
    }

    fn unread(&self) -> u64 {
        self.running
            .as_ref()
            .map_or(0, |running| *running.unread.borrow())
    }

    fn language(&self) -> Language {
        words::language(self.preferences.language, self.system_language)
    }

    /// Ends the core and then the app.
    async fn stop(mut self) {
        self.tasks.shutdown().await;
        if let Some(running) = self.running.take() {
            match tokio::time::timeout(LAST_WORDS, running.session.stop()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "the core did not end well"),
                Err(_) => tracing::error!("the core did not end in time"),
            }
        }
        self.shell.quit();
    }

    /// Reads rows again, or has the window do so when they are too many.
    fn read_again(&mut self, next: Next) {
        match next {
            Next::Wait => {}
            Next::TooMany => {
                self.emit(UiEvent::Stale);
            }
            Next::Read(ids) => self.spawn_rows(ids),
        }
    }
}

#[cfg(test)]
mod tests;
