//! The users whose devices are due, in a fair order.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;
use vestnik_model::{AppId, NotificationId, UserId};
use vestnik_store::effect::Gained;

/// The most bytes of entries that wait here; one that is shared by users counts for each. What does not
/// fit is read from the logs.
const HELD_BYTES: usize = 64 * 1_024 * 1_024;

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
    held: Held,
}

/// The bytes of the entries that wait.
#[derive(Debug, Default)]
struct Held(usize);

impl Held {
    /// Keeps an entry if there is room for it.
    fn keep(&mut self, gained: Option<&Gained>) -> News {
        let room = HELD_BYTES.saturating_sub(self.0);
        let gained = gained.filter(|gained| gained.arrived.bytes <= room)?;
        self.0 += gained.arrived.bytes;
        Some(gained.clone())
    }

    /// Gives the room of an entry back.
    fn release(&mut self, news: &mut News) -> News {
        let gained = news.take()?;
        self.0 = self.0.saturating_sub(gained.arrived.bytes);
        Some(gained)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// Waits in its App's queue.
    Queued(News),
    /// A worker serves it.
    Served,
    /// A worker serves it, and its log has grown since.
    Again(News),
}

/// What is known of a log that has grown: the one entry that it gained, if it gained no more. Anything
/// else is read.
type News = Option<Gained>;

/// A user whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) app: AppId,
    pub(crate) user: UserId,
    /// The one entry that the log gained, if no more is known to have happened.
    pub(crate) gained: Option<Gained>,
}

impl Dirty {
    /// Marks a user. Never waits.
    pub(crate) fn mark(&self, app: &AppId, user: &UserId) {
        self.mark_gained(app, user, None);
    }

    /// Marks a user whose log gained an entry. Never waits.
    pub(crate) fn mark_gained(&self, app: &AppId, user: &UserId, gained: Option<&Gained>) {
        if lock(&self.users).mark(app, user, gained) {
            self.due.notify_one();
        }
    }

    /// Takes the next user, when there is one. The user is served by one caller at a time, until
    /// [`done`](Self::done).
    pub(crate) async fn next(&self) -> Due {
        loop {
            let due = self.due.notified();
            if let Some(turn) = self.take() {
                return turn;
            }
            due.await;
        }
    }

    fn take(&self) -> Option<Due> {
        let mut users = lock(&self.users);
        let turn = users.take()?;
        if !users.turns.is_empty() {
            // A permit is stored for one waiter only: who takes wakes the next.
            self.due.notify_one();
        }
        Some(turn)
    }

    /// Says that a user was served; `more` when there is more to send than one turn allows.
    pub(crate) fn done(&self, app: &AppId, user: &UserId, more: bool) {
        if lock(&self.users).done(app, user, more) {
            self.due.notify_one();
        }
    }

    /// Forgets the entries of a notification that was cancelled or recalled: their logs are read, which
    /// withholds it where it has to be.
    pub(crate) fn stop(&self, app: &AppId, id: NotificationId) {
        let mut users = lock(&self.users);
        let Users { state, held, .. } = &mut *users;
        for ((of, _), state) in state {
            if let State::Queued(news) | State::Again(news) = state
                && of == app
                && news
                    .as_ref()
                    .is_some_and(|news| news.arrived.notification.id == id)
            {
                drop(held.release(news));
            }
        }
    }

    /// How many users are due or being served.
    #[cfg(test)]
    fn len(&self) -> usize {
        lock(&self.users).state.len()
    }
}

impl Users {
    fn mark(&mut self, app: &AppId, user: &UserId, gained: Option<&Gained>) -> bool {
        let key = (app.clone(), user.clone());
        match self.state.get_mut(&key) {
            // Two entries are read together.
            Some(State::Queued(news) | State::Again(news)) => {
                drop(self.held.release(news));
                false
            }
            Some(state @ State::Served) => {
                *state = State::Again(self.held.keep(gained));
                false
            }
            None => {
                let news = self.held.keep(gained);
                self.state.insert(key, State::Queued(news));
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

    fn take(&mut self) -> Option<Due> {
        let app = self.turns.pop_front()?;
        let queue = self.queues.get_mut(&app)?;
        let user = queue.pop_front()?;
        if queue.is_empty() {
            self.queues.remove(&app);
        } else {
            self.turns.push_back(app.clone());
        }
        let key = (app.clone(), user.clone());
        let gained = match self.state.insert(key, State::Served) {
            Some(State::Queued(mut news)) => self.held.release(&mut news),
            Some(State::Served | State::Again(_)) | None => None,
        };
        Some(Due { app, user, gained })
    }

    fn done(&mut self, app: &AppId, user: &UserId, more: bool) -> bool {
        let key = (app.clone(), user.clone());
        let news = match self.state.remove(&key) {
            Some(State::Again(mut news)) => {
                if more {
                    drop(self.held.release(&mut news));
                }
                Some(news)
            }
            Some(State::Served | State::Queued(_)) | None => more.then_some(None),
        };
        let Some(news) = news else {
            return false;
        };
        self.state.insert(key, State::Queued(news));
        self.queue(app, user);
        true
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use vestnik_rules::log::{Epoch, Place, Tag};
    use vestnik_store::effect::Arrived;

    use super::*;

    fn arrived() -> Arc<Arrived> {
        let text = r#"{"id":"ntf_00000000000000000000000000000001","title":"t",
            "trafficType":"service","priority":"normal","acceptedAt":"2026-11-28T09:00:00Z",
            "expiresAt":"2026-11-29T09:00:00Z"}"#;
        let notification: vestnik_model::Notification = serde_json::from_str(text).unwrap();
        Arc::new(Arrived {
            at: notification.accepted_at,
            bytes: text.len(),
            notification,
        })
    }

    fn app(name: &str) -> AppId {
        AppId::parse(name).unwrap()
    }

    fn user(name: &str) -> UserId {
        UserId::parse(name).unwrap()
    }

    fn taken(dirty: &Dirty) -> Vec<String> {
        std::iter::from_fn(|| dirty.take())
            .map(|turn| format!("{}/{}", turn.app.as_str(), turn.user.as_str()))
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
    fn one_entry_is_passed_on_and_several_are_read() {
        let gained = |seq| {
            let place = |seq| Place {
                epoch: Epoch(1),
                seq,
                tag: Tag(7),
            };
            Gained {
                after: place(seq - 1),
                to: place(seq),
                arrived: arrived(),
            }
        };
        let (shop, anna) = (app("shop"), user("anna"));
        let dirty = Dirty::default();
        let turn = || dirty.take().map(|turn| turn.gained);
        dirty.mark_gained(&shop, &anna, Some(&gained(1)));
        assert_eq!(turn(), Some(Some(gained(1))));
        // While the user is served, their log gains one entry.
        dirty.mark_gained(&shop, &anna, Some(&gained(2)));
        dirty.done(&shop, &anna, false);
        assert_eq!(turn(), Some(Some(gained(2))));
        // Two entries, or an entry and something unknown.
        for other in [Some(gained(4)), None] {
            dirty.mark_gained(&shop, &anna, Some(&gained(3)));
            dirty.mark_gained(&shop, &anna, other.as_ref());
            dirty.done(&shop, &anna, false);
            assert_eq!(turn(), Some(None));
        }
        // The notification was cancelled meanwhile, or another one was.
        for (id, expected) in [
            (gained(6).arrived.notification.id, None),
            (other(), Some(gained(6))),
        ] {
            dirty.mark_gained(&shop, &anna, Some(&gained(6)));
            dirty.stop(&shop, id);
            dirty.done(&shop, &anna, false);
            assert_eq!(turn(), Some(expected));
        }
        // More is left of the turn before than one entry.
        dirty.mark_gained(&shop, &anna, Some(&gained(5)));
        dirty.done(&shop, &anna, true);
        assert_eq!(turn(), Some(None));
        assert_eq!(lock(&dirty.users).held.0, 0);
    }

    #[test]
    fn entries_that_wait_are_bounded_in_bytes() {
        let place = |seq| Place {
            epoch: Epoch(1),
            seq,
            tag: Tag(7),
        };
        let large = Gained {
            after: place(0),
            to: place(1),
            arrived: Arc::new(Arrived {
                bytes: HELD_BYTES / 3,
                ..Arc::unwrap_or_clone(arrived())
            }),
        };
        let dirty = Dirty::default();
        let users: Vec<_> = (0..5).map(|number| user(&format!("u{number}"))).collect();
        for user in &users {
            dirty.mark_gained(&app("shop"), user, Some(&large));
        }
        let kept = std::iter::from_fn(|| dirty.take()).map(|turn| turn.gained.is_some());
        assert_eq!(kept.collect::<Vec<_>>(), [true, true, true, false, false]);
        assert_eq!(lock(&dirty.users).held.0, 0);
    }

    fn other() -> NotificationId {
        NotificationId::from_uuid(uuid::Uuid::from_u128(2))
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
        let dirty = Arc::new(Dirty::default());
        let waiting: Vec<_> = (0..4)
            .map(|_| {
                let dirty = Arc::clone(&dirty);
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
