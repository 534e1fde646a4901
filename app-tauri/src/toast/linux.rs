//! Toasts of freedesktop.org. notify-rust sends them; what people do with them is heard by one
//! D-Bus connection of our own, which listens before the first toast goes out. notify-rust's own
//! way of waiting begins to listen after the toast is up and loses a fast answer.

use std::time::Duration;

use notify_rust::{Hint, Notification, NotificationHandle, Urgency};
use tokio::{
    sync::mpsc,
    task::{JoinError, JoinSet},
};
use vestnik_model::{NotificationId, Priority};

use super::{APP_NAME, Order, Toast, ToastEvent, tag};

mod board;
mod bus;

use board::{Board, Placed};

/// The name of the file that describes the app to the desktop, as the package installs it; toasts
/// are grouped and permitted by it.
const DESKTOP_ENTRY: &str = "Vestnik";

/// The name of the app's icon, as the package installs it.
const ICON: &str = "vestnik-desktop";

/// How long a notification daemon may take over one toast. One that hangs would otherwise keep a
/// task for ever.
const PATIENCE: Duration = Duration::from_secs(10);

/// Gives toasts to the system until no more orders can come.
pub(super) async fn run(mut orders: mpsc::Receiver<Order>, events: mpsc::Sender<ToastEvent>) {
    let mut screen = Screen {
        signals: bus::listen().await,
        board: Board::default(),
        showing: JoinSet::new(),
        closing: JoinSet::new(),
    };
    loop {
        let news = tokio::select! {
            order = orders.recv() => match order {
                Some(order) => screen.obey(order),
                None => break,
            },
            Some(signal) = screen.signals.next() => screen.board.hear(signal).into_iter().collect(),
            Some(shown) = screen.showing.join_next() => screen.settle(shown),
            Some(_) = screen.closing.join_next() => Vec::new(),
        };
        for event in news {
            if events.send(event).await.is_err() {
                return;
            }
        }
    }
}

/// A toast's way to the daemon, and how it ended.
type Shown = (NotificationId, Result<NotificationHandle, String>);

/// The toasts, the daemon that draws them, and what is under way between the two.
struct Screen {
    signals: bus::Signals,
    board: Board<NotificationHandle>,
    showing: JoinSet<Shown>,
    closing: JoinSet<()>,
}

impl Screen {
    fn obey(&mut self, order: Order) -> Vec<ToastEvent> {
        let leaving = match order {
            Order::Show(toast) => {
                self.show(toast);
                Vec::new()
            }
            Order::Withdraw(ids) => self.board.withdraw(&ids),
            Order::WithdrawAll => self.board.withdraw_all(),
        };
        leaving.into_iter().for_each(|handle| self.close(handle));
        Vec::new()
    }

    fn show(&mut self, toast: Toast) {
        self.board.begin(toast.id);
        let daemon = self.signals.daemon();
        self.showing
            .spawn(async move { (toast.id, show(&toast, daemon).await) });
    }

    fn close(&mut self, handle: NotificationHandle) {
        self.closing.spawn(async move {
            if tokio::time::timeout(PATIENCE, handle.close_async())
                .await
                .is_err()
            {
                tracing::warn!("the notification daemon does not take a toast back");
            }
        });
    }

    fn settle(&mut self, shown: Result<Shown, JoinError>) -> Vec<ToastEvent> {
        match shown {
            Ok((id, Ok(handle))) => self.place(id, handle),
            Ok((id, Err(reason))) => {
                self.board.give_up(id);
                vec![ToastEvent::Failed { id, reason }]
            }
            Err(error) => {
                tracing::error!(%error, "showing a toast failed");
                Vec::new()
            }
        }
    }

    fn place(&mut self, id: NotificationId, handle: NotificationHandle) -> Vec<ToastEvent> {
        let shown = ToastEvent::Shown(id);
        match self.board.place(id, handle.id(), handle) {
            Placed::Stays(heard) => [Some(shown), heard].into_iter().flatten().collect(),
            Placed::Leaves(handle) => {
                self.close(handle);
                vec![shown]
            }
        }
    }
}

async fn show(toast: &Toast, daemon: Option<bus::Daemon>) -> Result<NotificationHandle, String> {
    let send = async {
        let has_markup = match daemon {
            Some(daemon) => daemon.has_markup().await,
            None => false,
        };
        picture(toast, has_markup).show_async().await
    };
    match tokio::time::timeout(PATIENCE, send).await {
        Ok(Ok(handle)) => Ok(handle),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the notification daemon does not answer".to_owned()),
    }
}

fn picture(toast: &Toast, has_markup: bool) -> Notification {
    let body = if has_markup {
        escape(&toast.body)
    } else {
        toast.body.clone()
    };
    Notification::new()
        .appname(APP_NAME)
        .summary(&toast.title)
        .body(&body)
        .icon(ICON)
        .id(tag(toast.id))
        .action(bus::DEFAULT_ACTION, toast.open)
        .urgency(urgency(toast.priority))
        .hint(Hint::DesktopEntry(DESKTOP_ENTRY.to_owned()))
        .hint(Hint::Custom(
            "x-dunst-stack-tag".to_owned(),
            toast.id.to_string(),
        ))
        .finalize()
}

/// Daemons that know markup would read text with angle brackets as such.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn urgency(priority: Priority) -> Urgency {
    match priority {
        Priority::Low => Urgency::Low,
        Priority::Normal | Priority::High => Urgency::Normal,
        Priority::Critical => Urgency::Critical,
    }
}

#[cfg(test)]
mod tests;
