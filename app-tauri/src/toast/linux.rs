//! Toasts of freedesktop.org (Desktop Notifications Specification 1.2), over one D-Bus connection of
//! our own: its matches are there before the first toast goes out, so that no answer is missed, and it
//! stays open as long as the app, because GNOME removes the toasts of a connection that closes.

use std::time::Duration;

use tokio::{
    sync::{mpsc, oneshot},
    task::{JoinError, JoinSet},
    time::{MissedTickBehavior, interval},
};
use vestnik_model::NotificationId;

use super::{Delivery, Order, Orders, Toast, ToastError, ToastEvent, tag};

mod board;
mod bus;
mod picture;

use board::{Board, Signal};
use bus::Bus;

/// How long a notification service may take over one call. One that hangs would otherwise keep a
/// task for ever.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long until the session bus is tried again where there was none.
const RECONNECT: Duration = Duration::from_secs(15);

/// Hands toasts to the system for as long as the app runs.
pub(super) async fn run(orders: Orders, events: mpsc::Sender<ToastEvent>) {
    let mut screen = Screen::default();
    let mut retry = interval(RECONNECT);
    retry.set_missed_tick_behavior(MissedTickBehavior::Delay);
    retry.tick().await;
    let mut news = screen.connect().await;
    loop {
        for event in news {
            if events.send(event).await.is_err() {
                return;
            }
        }
        news = tokio::select! {
            order = orders.next() => screen.on_order(order).await,
            signal = bus::next(screen.bus.as_mut()) => screen.on_signal(signal).await,
            Some(end) = screen.calls.join_next() => screen.on_end(end),
            _ = retry.tick(), if screen.bus.is_none() => screen.connect().await,
        };
    }
}

/// How a call to the notification service ended.
enum End {
    /// A toast was given to it.
    Shown {
        id: NotificationId,
        outcome: Result<u32, ToastError>,
        /// For who waits for the outcome, if it is not a redraw.
        reply: Option<oneshot::Sender<Result<(), ToastError>>>,
    },
    /// It was asked whether it draws.
    Looked(Delivery),
    /// A toast was taken back.
    Closed,
}

/// The toasts, the service that draws them, and the calls that are under way.
#[derive(Default)]
struct Screen {
    bus: Option<Bus>,
    delivery: Delivery,
    board: Board,
    calls: JoinSet<End>,
}

impl Screen {
    /// Connects to the session bus, where there is one.
    async fn connect(&mut self) -> Vec<ToastEvent> {
        match tokio::time::timeout(PATIENCE, Bus::connect()).await {
            Ok(Ok(bus)) => self.bus = Some(bus),
            Ok(Err(error)) => tracing::warn!(%error, "there is no session bus"),
            Err(_) => tracing::warn!("the session bus does not answer"),
        }
        match &self.bus {
            Some(bus) => {
                self.look(bus.service());
                Vec::new()
            }
            None => self.delivers(Delivery::NoService),
        }
    }

    fn look(&mut self, service: bus::Service) {
        self.calls
            .spawn(async move { End::Looked(service.delivery().await) });
    }

    fn delivers(&mut self, delivery: Delivery) -> Vec<ToastEvent> {
        let is_news = self.delivery != delivery;
        self.delivery = delivery;
        Vec::from_iter(is_news.then_some(ToastEvent::Delivery(delivery)))
    }

    async fn on_order(&mut self, order: Order) -> Vec<ToastEvent> {
        let mut news = Vec::new();
        match order {
            Order::Show { toast, reply } => {
                if self.bus.is_none() {
                    news = self.connect().await;
                }
                self.show(toast, Some(reply));
            }
            Order::Redraw(toast) if self.board.holds(toast.id) => self.show(toast, None),
            Order::Redraw(_) => {}
            Order::Withdraw(ids) => {
                let leaving = self.board.withdraw(&ids);
                self.close(leaving);
            }
            Order::WithdrawAll => {
                let leaving = self.board.withdraw_all();
                self.close(leaving);
            }
        }
        news
    }

    fn show(&mut self, toast: Toast, reply: Option<oneshot::Sender<Result<(), ToastError>>>) {
        let Some(bus) = &self.bus else {
            answer(reply, Err(ToastError::NoService));
            return;
        };
        let (id, service) = (toast.id, bus.service());
        let replaces = self.board.number(id).unwrap_or_else(|| tag(id));
        self.board.begin(id);
        self.calls.spawn(async move {
            let outcome = service.notify(&toast, replaces).await;
            End::Shown { id, outcome, reply }
        });
    }

    fn close(&mut self, numbers: Vec<u32>) {
        let Some(bus) = &self.bus else { return };
        for number in numbers {
            let service = bus.service();
            self.calls.spawn(async move {
                service.close(number).await;
                End::Closed
            });
        }
    }

    async fn on_signal(&mut self, signal: Option<bus::News>) -> Vec<ToastEvent> {
        match signal {
            Some(bus::News::Toast(signal)) => Vec::from_iter(self.board.on_signal(signal)),
            Some(bus::News::Service) => {
                if let Some(bus) = &self.bus {
                    let service = bus.service();
                    self.look(service);
                }
                Vec::new()
            }
            None => {
                tracing::warn!("the session bus is gone");
                self.bus = None;
                self.board.on_signal(Signal::ServiceGone);
                self.connect().await
            }
        }
    }

    fn on_end(&mut self, end: Result<End, JoinError>) -> Vec<ToastEvent> {
        match end {
            Ok(End::Shown { id, outcome, reply }) => self.settle(id, outcome, reply),
            Ok(End::Looked(delivery)) => self.delivers(delivery),
            Ok(End::Closed) => Vec::new(),
            Err(error) => {
                tracing::error!(%error, "a call to the notification service failed");
                Vec::new()
            }
        }
    }

    fn settle(
        &mut self,
        id: NotificationId,
        outcome: Result<u32, ToastError>,
        reply: Option<oneshot::Sender<Result<(), ToastError>>>,
    ) -> Vec<ToastEvent> {
        match outcome {
            Ok(number) => {
                answer(reply, Ok(()));
                let placed = self.board.place(id, number);
                self.close(placed.leaving);
                Vec::from_iter(placed.heard)
            }
            Err(error) => {
                self.board.give_up(id);
                let is_gone = error == ToastError::NoService;
                answer(reply, Err(error));
                if is_gone {
                    self.delivers(Delivery::NoService)
                } else {
                    Vec::new()
                }
            }
        }
    }
}

fn answer(reply: Option<oneshot::Sender<Result<(), ToastError>>>, outcome: Result<(), ToastError>) {
    if let Some(reply) = reply
        && reply.send(outcome).is_err()
    {
        tracing::debug!("nobody waits for the outcome of a toast");
    }
}

#[cfg(test)]
mod tests;
