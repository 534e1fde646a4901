//! What the system does for the app, and what happens to the machine.

use vestnik_model::Permission;

use super::{Controller, Done, Reply, request::send};
use crate::{
    session::{Launcher, Session as _},
    shell::DesktopShell,
    toast::Delivery,
    view::{CommandError, DeliveryView, UiEvent},
    wake::MachineEvent,
};

/// What the system does for the app.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    /// Whether it shows toasts.
    pub(super) delivery: Delivery,
    /// Whether there is a tray.
    pub(super) has_tray: bool,
    /// Whether it starts the app at the person's login.
    pub(super) starts_at_login: Option<bool>,
}

impl<S: DesktopShell, L: Launcher> Controller<S, L> {
    pub(super) fn on_delivery(&mut self, delivery: Delivery) {
        tracing::info!(?delivery, "the system shows toasts like this");
        self.surroundings.delivery = delivery;
        self.permit();
        self.emit_system();
    }

    pub(super) fn on_tray(&mut self, has_tray: bool) {
        if self.surroundings.has_tray != has_tray {
            self.surroundings.has_tray = has_tray;
            self.emit_system();
        }
    }

    pub(super) fn on_machine(&mut self, event: MachineEvent) {
        let Some(session) = self.session() else {
            return;
        };
        match event {
            MachineEvent::Sleeps => session.suspend(),
            MachineEvent::Wakes => session.resume(),
            MachineEvent::NetworkChanged => session.network_changed(),
        }
    }

    pub(super) fn look_at_login_items(&mut self) {
        let shell = self.shell.clone();
        self.tasks
            .spawn_blocking(move || Done::LoginItems(shell.starts_at_login()));
    }

    pub(super) fn start_at_login(&mut self, starts: bool, reply: Reply<()>) {
        let shell = self.shell.clone();
        self.tasks.spawn_blocking(move || {
            let done = shell.start_at_login(starts);
            send(reply, done.map_err(|error| CommandError::system(&error)));
            Done::LoginItems(shell.starts_at_login())
        });
    }

    pub(super) fn on_login_items(&mut self, starts: Option<bool>) {
        self.surroundings.starts_at_login = starts;
        self.emit_system();
    }

    pub(super) fn emit_system(&self) {
        let system = self.system_view();
        self.emit(UiEvent::System { system });
    }
}

impl Delivery {
    /// What the server and the core are told of it. Without a service, or in "do not disturb",
    /// nothing is forbidden.
    pub(super) const fn permission(self) -> Permission {
        match self {
            Self::Unknown | Self::NoService => Permission::Unknown,
            Self::Ready | Self::Paused => Permission::Granted,
            Self::Denied => Permission::Denied,
        }
    }
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        match delivery {
            Delivery::Unknown => Self::Unknown,
            Delivery::Ready => Self::Ready,
            Delivery::Paused => Self::Paused,
            Delivery::Denied => Self::Denied,
            Delivery::NoService => Self::NoService,
        }
    }
}
