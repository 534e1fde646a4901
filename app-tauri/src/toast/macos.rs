//! Toasts of macOS, by notify-rust whole: its way of waiting loses nothing here.

use notify_rust::{CloseReason, Notification, NotificationResponse};
use tokio::sync::mpsc;
use vestnik_model::NotificationId;

use super::{APP_NAME, Order, Toast, ToastEvent, tag};

/// Gives toasts to the system until no more orders can come.
///
/// notify-rust cannot take a toast back here; a withdrawn one leaves when its time is up.
pub(super) async fn run(mut orders: mpsc::Receiver<Order>, events: mpsc::Sender<ToastEvent>) {
    while let Some(order) = orders.recv().await {
        match order {
            Order::Show(toast) => {
                let events = events.clone();
                tokio::task::spawn_blocking(move || show(&toast, &events));
            }
            Order::Withdraw(_) | Order::WithdrawAll => {}
        }
    }
}

/// Shows a toast and waits, on a thread of its own, for what the person does with it.
fn show(toast: &Toast, events: &mpsc::Sender<ToastEvent>) {
    let shown = Notification::new()
        .appname(APP_NAME)
        .summary(&toast.title)
        .body(&toast.body)
        .id(tag(toast.id))
        .action("default", toast.open)
        .show();
    let id = toast.id;
    let handle = match shown {
        Ok(handle) => handle,
        Err(error) => {
            let reason = error.to_string();
            return tell(events, ToastEvent::Failed { id, reason });
        }
    };
    tell(events, ToastEvent::Shown(id));
    let heard = handle.wait_for_response(|response: &NotificationResponse| {
        if let Some(event) = answer(id, response) {
            tell(events, event);
        }
    });
    if let Err(error) = heard {
        tracing::warn!(%error, "nothing can be heard of a toast");
    }
}

fn answer(id: NotificationId, response: &NotificationResponse) -> Option<ToastEvent> {
    match response {
        NotificationResponse::Default
        | NotificationResponse::Action(_)
        | NotificationResponse::Reply(_) => Some(ToastEvent::Opened(id)),
        NotificationResponse::Closed(CloseReason::Dismissed) => Some(ToastEvent::Dismissed(id)),
        NotificationResponse::Closed(
            CloseReason::Expired | CloseReason::CloseAction | CloseReason::Other(_),
        ) => None,
    }
}

fn tell(events: &mpsc::Sender<ToastEvent>, event: ToastEvent) {
    if events.blocking_send(event).is_err() {
        tracing::debug!("the app ended before its toast");
    }
}
