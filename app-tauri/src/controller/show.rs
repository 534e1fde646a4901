//! What is shown, and what becomes of it.

use jiff::SignedDuration;
use vestnik_core::{Error, Suppression};
use vestnik_model::NotificationId;

use super::{Controller, Done};
use crate::{
    session::{Launcher, Session, Ticket},
    shell::DesktopShell,
    toast::{Toast, ToastError, ToastEvent},
    view::UiEvent,
};

/// How many tickets may be with the system. The others wait in the core, where they are durable.
pub(super) const MOST: usize = 8;

/// What came longer ago is not shown any more, but listed: after hours without a notification
/// service, toasts of all these hours would only bury the person.
const TOO_OLD: SignedDuration = SignedDuration::from_hours(1);

impl<S: DesktopShell, L: Launcher> Controller<S, L> {
    /// Something is to be shown. Its ticket is settled when the system took it, not before.
    pub(super) fn on_ticket<T: Ticket>(&mut self, ticket: T) {
        if ticket.is_void() {
            return;
        }
        let row = ticket.row();
        self.showing += 1;
        // The system's clock may be wrong, so the core says how old it is.
        if ticket.age() > TOO_OLD {
            self.tasks
                .spawn(async move { settled(ticket.suppressed(Suppression::Failed).await) });
            return;
        }
        // Shown before or not, the identifier is the same: the system replaces.
        let toast = Toast::of(&row, self.language());
        self.drawn.drew(toast.clone());
        let outcome = self.shell.show_toast(toast);
        self.tasks.spawn(async move {
            settled(match outcome.await {
                Ok(()) => ticket.shown().await,
                Err(ToastError::Denied) => ticket.suppressed(Suppression::BlockedOs).await,
                Err(error) => {
                    tracing::warn!(%error, "a toast is not shown");
                    ticket.failed(error.code()).await
                }
            })
        });
    }

    pub(super) fn on_toast(&mut self, event: &ToastEvent) {
        match *event {
            ToastEvent::Dismissed(id) => {
                self.drawn.left(&[id]);
                self.tell_core(move |core| async move { core.dismissed(id).await });
            }
            ToastEvent::Opened(id) => self.on_toast_opened(id),
            ToastEvent::Delivery(delivery) => self.on_delivery(delivery),
        }
    }

    fn on_toast_opened(&mut self, id: NotificationId) {
        self.tell_core(move |core| async move { core.clicked(id).await.map(drop) });
        let is_received = self.emit(UiEvent::Opened { id: id.to_string() });
        self.opened = (!is_received).then_some(id);
        self.show_window();
    }
}

fn settled<S: Session>(settled: Result<(), Error>) -> Done<S> {
    if let Err(error) = settled {
        tracing::warn!(%error, "the core did not take the outcome of a toast");
    }
    Done::Shown
}
