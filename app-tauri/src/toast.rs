//! Toasts: what the system draws for notifications.
//!
//! A task of its own hands them to the system, so that a slow notification service holds up nothing
//! else. Each toast has an identifier that is made of the notification's id: a second show replaces
//! the first and never doubles it.

use tokio::sync::{mpsc, oneshot};
use vestnik_model::{NotificationId, Priority};

use crate::{model::Row, view::Language, words};

#[cfg(target_os = "linux")]
mod linux;
mod order;
#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(target_os = "macos")]
use macos as platform;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as platform;

use order::{Order, Orders};

/// The most of a text that a toast shows; the window has the rest.
const MAX_BODY_CHARS: usize = 300;

/// The app's name as the system shows it.
#[cfg(target_os = "linux")]
const APP_NAME: &str = "Vestnik";

/// What a toast says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toast {
    /// The notification it is for.
    pub(crate) id: NotificationId,
    /// Its first line.
    pub(crate) title: String,
    /// The rest, cut to what fits.
    pub(crate) body: String,
    /// How urgent it is.
    pub(crate) priority: Priority,
    /// The word on the button that opens it.
    pub(crate) open: &'static str,
}

impl Toast {
    /// The toast of a notification, in a language.
    pub(crate) fn of(row: &Row, language: Language) -> Self {
        let notification = &row.notification;
        Self {
            id: notification.id,
            title: notification.title.as_str().to_owned(),
            body: cut(notification.body.as_str()),
            priority: notification.priority.known_or_default(),
            open: words::open(language),
        }
    }
}

/// What became of a toast, or of all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ToastEvent {
    /// The person clicked it.
    Opened(NotificationId),
    /// The person put it away.
    Dismissed(NotificationId),
    /// Whether the system shows toasts changed.
    Delivery(Delivery),
}

/// Whether the system shows toasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Delivery {
    /// It does not say.
    #[default]
    Unknown,
    /// It accepts them.
    Ready,
    /// It accepts them and does not draw them now.
    #[cfg_attr(windows, allow(dead_code, reason = "Windows does not say so"))]
    Paused,
    /// The person switched them off for this app.
    #[cfg_attr(
        target_os = "linux",
        allow(dead_code, reason = "no service of Linux says so")
    )]
    Denied,
    /// Nothing runs that could show them.
    #[cfg_attr(windows, allow(dead_code, reason = "it is a part of Windows"))]
    NoService,
}

/// Why the system did not take a toast.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ToastError {
    /// Nothing runs that could show it.
    #[cfg_attr(windows, allow(dead_code, reason = "it is a part of Windows"))]
    #[error("no notification service runs")]
    NoService,
    /// The person switched notifications off for this app.
    #[cfg_attr(
        not(windows),
        allow(dead_code, reason = "the other systems take such a toast")
    )]
    #[error("the person switched notifications off")]
    Denied,
    /// The service did not answer in time.
    #[cfg_attr(
        not(target_os = "linux"),
        allow(dead_code, reason = "the other systems have no service to ask")
    )]
    #[error("the notification service does not answer")]
    Silent,
    /// The service refused.
    #[error("the notification service refuses: {0}")]
    Refused(String),
    /// The app is ending.
    #[error("the app is ending")]
    Ending,
}

impl ToastError {
    /// The reason in a word, as it is reported.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NoService => "toast.no_service",
            Self::Denied => "toast.denied",
            Self::Silent => "toast.silent",
            Self::Refused(_) => "toast.refused",
            Self::Ending => "toast.ending",
        }
    }
}

/// The handle of the task that hands toasts to the system.
#[derive(Debug, Clone)]
pub(crate) struct Toaster {
    orders: Orders,
}

impl Toaster {
    /// Makes the handle and the task, which sends `events` what becomes of toasts.
    pub(crate) fn new(
        events: mpsc::Sender<ToastEvent>,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let orders = Orders::default();
        let toaster = Self {
            orders: orders.clone(),
        };
        (toaster, platform::run(orders, events))
    }

    /// Shows a toast. The order counts from the call on, not from when the outcome is awaited.
    pub(crate) fn show(
        &self,
        toast: Toast,
    ) -> impl Future<Output = Result<(), ToastError>> + Send + use<> {
        let (reply, outcome) = oneshot::channel();
        self.orders.push(Order::Show { toast, reply });
        async { outcome.await.unwrap_or(Err(ToastError::Ending)) }
    }

    /// Shows a toast's new contents, if it is on the screen.
    pub(crate) fn redraw(&self, toast: Toast) {
        self.orders.push(Order::Redraw(toast));
    }

    /// Takes toasts off the screen.
    pub(crate) fn withdraw(&self, ids: Vec<NotificationId>) {
        self.orders.push(Order::Withdraw(ids));
    }

    /// Takes every toast off the screen.
    pub(crate) fn withdraw_all(&self) {
        self.orders.push(Order::WithdrawAll);
    }
}

/// The system's number for a notification's toast, where the system counts. The upper bit keeps it
/// clear of the small numbers that notification services count up for other programs.
#[cfg(target_os = "linux")]
fn tag(id: NotificationId) -> u32 {
    let (high, low) = id.uuid().as_u64_pair();
    let mixed = high ^ low.rotate_left(17);
    let folded = mixed ^ (mixed >> 32);
    u32::try_from(folded & 0x7fff_ffff).unwrap_or_default() | 0x8000_0000
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_BODY_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_tag_is_stable_and_out_of_the_way_of_counters() {
        let id: NotificationId = "ntf_01a2b3c4d5e67f8899aabbccddeeff00".parse().unwrap();
        let other: NotificationId = "ntf_01a2b3c4d5e67f8899aabbccddeeff01".parse().unwrap();
        assert_eq!(tag(id), tag(id));
        assert_ne!(tag(id), tag(other));
        assert!(tag(id) >= 0x8000_0000);
    }

    #[test]
    fn long_bodies_are_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        let long = "й".repeat(MAX_BODY_CHARS + 1);
        assert_eq!(cut(&long).chars().count(), MAX_BODY_CHARS + 1);
        assert!(cut(&long).ends_with("й…"));
    }
}
