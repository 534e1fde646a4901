//! The users whose devices are due, in a fair order.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;
use vestnik_model::{AppId, UserId};

/// A set of users whose logs have grown. A user is in it once, however often their log grows, so it
/// is bounded by the number of users with live devices. Apps take turns, and within an App users come
/// in the order in which they became due.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    users: Mutex<Users>,
    due: Notify,
}

#[derive(Debug, Default)]
struct Users {
    /// The queue of each App that has a due user.
    queues: BTreeMap<AppId, VecDeque<UserId>>,
    /// The Apps with a due user, in the order of their turns.
    turns: VecDeque<AppId>,
    state: HashMap<(AppId, UserId), State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Waits in its App's queue.
    Queued,
    /// A worker serves it.
    Served,
    /// A worker serves it, and its log has grown since.
    Again,
}

impl Dirty {
    /// Marks a user. Never waits.
    pub(crate) fn mark(&self, app: &AppId, user: &UserId) {
        if lock(&self.users).mark(app, user) {
            self.due.notify_one();
        }
    }

    /// Takes the next user, when there is one. The user is served by one caller at a time, until
    /// [`done`](Self::done).
    pub(crate) async fn next(&self) -> (AppId, UserId) {
        loop {
            let due = self.due.notified();
            if let Some(user) = self.take() {
                return user;
            }
            due.await;
        }
    }

    fn take(&self) -> Option<(AppId, UserId)> {
        let mut users = lock(&self.users);
        let user = users.take()?;
        if !users.turns.is_empty() {
            // A permit is stored for one waiter only: who takes wakes the next.
            self.due.notify_one();
        }
        Some(user)
    }

    /// Says that a user was served; `more` when there is more to send than one turn allows.
    pub(crate) fn done(&self, app: &AppId, user: &UserId, more: bool) {
        if lock(&self.users).done(app, user, more) {
            self.due.notify_one();
        }
    }

    /// How many users are due or being served.
    #[cfg(test)]
    fn len(&self) -> usize {
        lock(&self.users).state.len()
    }
}

impl Users {
    fn mark(&mut self, app: &AppId, user: &UserId) -> bool {
        let key = (app.clone(), user.clone());
        match self.state.get_mut(&key) {
            Some(State::Queued | State::Again) => false,
            Some(state @ State::Served) => {
                *state = State::Again;
                false
            }
            None => {
                self.state.insert(key, State::Queued);
                self.queue(app, user);
                true
            }
        }
    }

    fn queue(&mut self, app: &AppId, user: &UserId) {
        let queue = self.queues.entry(app.clone()).or_default();
        if queue.is_empty() {
            self.turns.push_back(app.clone());
        }
        queue.push_back(user.clone());
    }

    fn take(&mut self) -> Option<(AppId, UserId)> {
        let app = self.turns.pop_front()?;
        let queue = self.queues.get_mut(&app)?;
        let user = queue.pop_front()?;
        if queue.is_empty() {
            self.queues.remove(&app);
        } else {
            self.turns.push_back(app.clone());
        }
        self.state
            .insert((app.clone(), user.clone()), State::Served);
        Some((app, user))
    }

    fn done(&mut self, app: &AppId, user: &UserId, more: bool) -> bool {
        let key = (app.clone(), user.clone());
        let is_due = more || self.state.get(&key) == Some(&State::Again);
        if is_due {
            self.state.insert(key, State::Queued);
            self.queue(app, user);
        } else {
            self.state.remove(&key);
        }
        is_due
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(name: &str) -> AppId {
        AppId::parse(name).unwrap()
    }

    fn user(name: &str) -> UserId {
        UserId::parse(name).unwrap()
    }

    fn taken(dirty: &Dirty) -> Vec<String> {
        std::iter::from_fn(|| dirty.take())
            .map(|(app, user)| format!("{}/{}", app.as_str(), user.as_str()))
            .collect()
    }

    #[test]
    fn a_user_is_due_once_however_often_their_log_grows() {
        let dirty = Dirty::default();
        for _ in 0..1_000 {
            dirty.mark(&app("shop"), &user("anna"));
        }
        assert_eq!(dirty.len(), 1);
        assert_eq!(taken(&dirty), ["shop/anna"]);
        dirty.done(&app("shop"), &user("anna"), false);
        assert_eq!(dirty.len(), 0);
    }

    #[test]
    fn apps_take_turns() {
        let dirty = Dirty::default();
        for name in ["a", "b", "c"] {
            dirty.mark(&app("big"), &user(name));
        }
        dirty.mark(&app("small"), &user("anna"));
        assert_eq!(taken(&dirty), ["big/a", "small/anna", "big/b", "big/c"]);
    }

    #[test]
    fn a_log_that_grows_while_its_user_is_served_is_not_forgotten() {
        let dirty = Dirty::default();
        dirty.mark(&app("shop"), &user("anna"));
        assert_eq!(taken(&dirty).len(), 1);
        dirty.mark(&app("shop"), &user("anna"));
        // Nobody else serves the user meanwhile.
        assert_eq!(taken(&dirty).len(), 0);
        dirty.done(&app("shop"), &user("anna"), false);
        assert_eq!(taken(&dirty), ["shop/anna"]);
    }

    #[test]
    fn who_needs_another_turn_goes_to_the_end() {
        let dirty = Dirty::default();
        for name in ["a", "b"] {
            dirty.mark(&app("shop"), &user(name));
        }
        assert!(dirty.take().is_some());
        dirty.done(&app("shop"), &user("a"), true);
        assert_eq!(taken(&dirty), ["shop/b", "shop/a"]);
    }

    #[tokio::test]
    async fn every_waiting_worker_is_woken() {
        let dirty = std::sync::Arc::new(Dirty::default());
        let waiting: Vec<_> = (0..4)
            .map(|_| {
                let dirty = std::sync::Arc::clone(&dirty);
                tokio::spawn(async move { dirty.next().await })
            })
            .collect();
        tokio::task::yield_now().await;
        for name in ["a", "b", "c", "d"] {
            dirty.mark(&app("shop"), &user(name));
        }
        for worker in waiting {
            worker.await.unwrap();
        }
    }
}
