//! What the task that hands toasts to the system is asked, in order.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, oneshot};
use vestnik_model::NotificationId;

use super::{Toast, ToastError};

/// What the task is asked.
#[derive(Debug)]
pub(super) enum Order {
    /// Show a toast.
    Show {
        /// The toast.
        toast: Toast,
        /// For the outcome.
        reply: oneshot::Sender<Result<(), ToastError>>,
    },
    /// Show a toast's new contents, if it is on the screen.
    Redraw(Toast),
    /// Take toasts off the screen.
    Withdraw(Vec<NotificationId>),
    /// Take every toast off the screen.
    WithdrawAll,
}

/// The orders that wait. None is ever dropped: shows are bounded by those who wait for their outcome,
/// and what takes toasts off the screen is merged with what waits before it.
#[derive(Debug, Clone, Default)]
pub(super) struct Orders(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<VecDeque<Order>>,
    pushed: Notify,
}

impl Orders {
    /// Puts an order behind the others.
    pub(super) fn push(&self, order: Order) {
        let mut waiting = self.waiting();
        match (waiting.back_mut(), order) {
            (Some(Order::WithdrawAll), Order::Withdraw(_) | Order::WithdrawAll) => {}
            (Some(Order::Withdraw(ids)), Order::Withdraw(more)) => ids.extend(more),
            (Some(last @ Order::Withdraw(_)), Order::WithdrawAll) => *last = Order::WithdrawAll,
            (_, order) => waiting.push_back(order),
        }
        drop(waiting);
        self.0.pushed.notify_one();
    }

    /// Waits for the next order. Safe to drop and to call again; one task takes orders.
    pub(super) async fn next(&self) -> Order {
        loop {
            if let Some(order) = self.waiting().pop_front() {
                return order;
            }
            self.0.pushed.notified().await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Order>> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sample, view::Language};

    fn show(orders: &Orders) {
        let toast = Toast::of(&sample::row(1), Language::En);
        let (reply, _) = oneshot::channel();
        orders.push(Order::Show { toast, reply });
    }

    async fn drain(orders: &Orders) -> Vec<String> {
        let mut all = Vec::new();
        while !orders.waiting().is_empty() {
            all.push(match orders.next().await {
                Order::Show { .. } => "show".to_owned(),
                Order::Redraw(_) => "redraw".to_owned(),
                Order::Withdraw(ids) => format!("withdraw {}", ids.len()),
                Order::WithdrawAll => "withdraw all".to_owned(),
            });
        }
        all
    }

    #[tokio::test]
    async fn what_takes_toasts_off_is_merged_and_keeps_its_place_among_shows() {
        let orders = Orders::default();
        for _ in 0..1_000 {
            orders.push(Order::Withdraw(vec![sample::id(1)]));
        }
        show(&orders);
        orders.push(Order::Withdraw(vec![sample::id(1)]));
        orders.push(Order::WithdrawAll);
        orders.push(Order::Withdraw(vec![sample::id(2)]));
        show(&orders);
        let expected = ["withdraw 1000", "show", "withdraw all", "show"];
        assert_eq!(drain(&orders).await, expected);
    }
}
