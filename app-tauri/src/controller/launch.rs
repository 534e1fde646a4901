//! The core's start and its end.

use vestnik_model::Permission;

use super::{Controller, Done, Reply, Told, input::Outcome, reread::Reread};
use crate::{
    session::{Launched, Launcher, Session},
    shell::DesktopShell,
    view::{Phase, SetupProblem, UiEvent},
};

impl<S: DesktopShell, L: Launcher> Controller<S, L> {
    pub(super) fn launch(&mut self, without_keyring: bool) {
        self.enter(Phase::Starting);
        let launcher = self.launcher.clone();
        self.tasks
            .spawn(async move { Done::Launched(launcher.launch(without_keyring).await) });
    }

    /// The person says that the configuration is complete now, or that the keyring is unlocked.
    pub(super) fn reload(&mut self, without_keyring: bool, reply: Reply<()>) {
        if matches!(self.phase, Phase::Setup { .. }) {
            self.launch(without_keyring);
        }
        super::request::send(reply, Ok(()));
    }

    pub(super) fn on_launched(&mut self, outcome: Outcome<L::Session>) {
        match outcome {
            Ok(launched) => self.begin(launched),
            Err(problem) => self.enter(self.setup(problem)),
        }
    }

    fn begin(&mut self, launched: Launched<L::Session>) {
        if self.is_in_front {
            launched.session.foregrounded();
        }
        self.running = Some(launched);
        self.told = Told::default();
        self.permit();
        self.emit_system();
        self.on_state();
        self.enter(Phase::Ready);
    }

    pub(super) fn on_core_ended(&mut self) {
        self.running = None;
        self.reread = Reread::default();
        let detail = "the core has stopped".to_owned();
        self.enter(self.setup(SetupProblem::Failed { detail }));
    }

    fn setup(&self, problem: SetupProblem) -> Phase {
        Phase::Setup {
            config_path: self.launcher.config_path(),
            problem,
        }
    }

    /// Tells the window, tray and badge what changed of the core's state.
    pub(super) fn on_state(&mut self) {
        let account = self.account_view();
        if self.told.account.as_ref() != Some(&account) {
            self.told.account = Some(account.clone());
            self.emit(UiEvent::Account { account });
            self.on_standing();
        }
        let connection = self.connection_view();
        if self.told.connection.as_ref() != Some(&connection) {
            self.told.connection = Some(connection.clone());
            self.emit(UiEvent::Connection { connection });
        }
        let count = self.unread();
        if self.told.unread != Some(count) {
            self.told.unread = Some(count);
            self.emit(UiEvent::Unread { count });
            self.show_unread();
        }
        self.consider_configured_code();
    }

    /// Tells the core whether notifications may be shown: by the person's switch in the app, and by the system.
    pub(super) fn permit(&mut self) {
        let permission = if self.preferences.is_switched_off {
            Permission::SwitchedOff
        } else {
            self.surroundings.delivery.permission()
        };
        self.tell_core(move |core| async move { core.permit(permission).await });
    }
}
