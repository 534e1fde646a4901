//! Toasts: the pictures that the system shows for notifications.
//!
//! A task of its own gives them to the system, so that a slow notification daemon holds up nobody,
//! and tells what became of each. The system's tag of a toast comes from the notification's id: a
//! second show replaces the first and never doubles it.

use tokio::sync::mpsc;
use vestnik_core::HistoryItem;
use vestnik_model::{NotificationId, Priority};

use crate::{view::Language, words};

#[cfg(target_os = "linux")]
mod linux;
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

/// How many toasts may wait for the system. When hundreds arrive at once, more would only bury the
/// person: the rest stay unread in the history without a toast.
const QUEUE: usize = 256;

/// The most of a body that a toast shows; the window has the rest.
const MAX_BODY_CHARS: usize = 300;

/// The app's name as the system shows it.
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
    /// How loudly it asks for attention.
    pub(crate) priority: Priority,
    /// The word on the button that opens it.
    pub(crate) open: &'static str,
}

impl Toast {
    /// The toast of a notification, in a language.
    pub(crate) fn of(item: &HistoryItem, language: Language) -> Self {
        let notification = &item.notification;
        Self {
            id: notification.id,
            title: notification.title.as_str().to_owned(),
            body: cut(notification.body.as_str()),
            priority: notification.priority.known_or_default(),
            open: words::open(language),
        }
    }
}

/// What became of a toast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ToastEvent {
    /// The system took it.
    Shown(NotificationId),
    /// The system did not take it.
    Failed {
        /// The notification it was for.
        id: NotificationId,
        /// What the system says.
        reason: String,
    },
    /// The person clicked it.
    Opened(NotificationId),
    /// The person put it away.
    Dismissed(NotificationId),
}

/// The handle of the task that gives toasts to the system.
#[derive(Debug, Clone)]
pub(crate) struct Toaster {
    orders: mpsc::Sender<Order>,
}

/// What the task is asked.
#[derive(Debug)]
enum Order {
    Show(Toast),
    Withdraw(Vec<NotificationId>),
    WithdrawAll,
}

impl Toaster {
    /// Makes the handle and the task, which tells `events` what becomes of each toast.
    pub(crate) fn new(
        events: mpsc::Sender<ToastEvent>,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (orders, inbox) = mpsc::channel(QUEUE);
        (Self { orders }, platform::run(inbox, events))
    }

    /// Shows a toast.
    pub(crate) fn show(&self, toast: Toast) {
        self.order(Order::Show(toast));
    }

    /// Takes toasts off the screen.
    pub(crate) fn withdraw(&self, ids: Vec<NotificationId>) {
        self.order(Order::Withdraw(ids));
    }

    /// Takes every toast off the screen.
    pub(crate) fn withdraw_all(&self) {
        self.order(Order::WithdrawAll);
    }

    fn order(&self, order: Order) {
        if self.orders.try_send(order).is_err() {
            tracing::warn!("too many toasts wait for the system; one is left out");
        }
    }
}

/// The system's tag of a notification's toast. The upper bit keeps it clear of the small numbers
/// that notification daemons count up for everybody else.
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
