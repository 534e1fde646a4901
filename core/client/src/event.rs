//! What happened in the history. What waits for a slow shell is merged, so that it is bounded, and is
//! dropped when its user is gone.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::sync::Notify;
use vestnik_model::{NotificationId, Open, ProblemCode};

use crate::storage::News;

/// The most identifiers of each kind that wait; beyond it the history is read again.
const MAX_WAITING: usize = 1_000;

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The history is another user's, or nobody's: take every notification off the screen and forget
    /// what was read of the history. Also at a start at which nobody is logged in.
    Forgotten,
    /// The history was damaged. It was set aside, what could be read of it was kept, and the rest is
    /// read from the server.
    HistoryRebuilt {
        /// Where the damaged file lies.
        aside: PathBuf,
    },
    /// Read or deleted on another device, or recalled: take these off the screen.
    Withdraw(Vec<NotificationId>),
    /// These have new content: if one is still on the screen, draw it again under the same identifier,
    /// without a sound.
    Redraw(Vec<NotificationId>),
    /// These are new in the history, or changed.
    Changed(Vec<NotificationId>),
    /// So much changed that the history has to be read again. Notifications that are still on the screen
    /// are looked up: what is read or gone comes off, what has new content is drawn again. Also when the
    /// history is opened at a start, because an earlier process may have ended before it did so.
    Reread,
    /// What the user does not want is another than before, or the server was told: ask
    /// [`Vestnik::preferences`](crate::Vestnik::preferences).
    Preferences {
        /// Why the server refused a change that was made here. The change is dropped.
        refused: Option<Open<ProblemCode>>,
    },
}

/// What happened, oldest first, as far as it was not merged.
#[derive(Debug)]
pub struct EventStream(Arc<Mailbox>);

impl EventStream {
    /// Waits for the next event; `None` once the device has stopped.
    pub async fn recv(&mut self) -> Option<Event> {
        loop {
            let notified = self.0.news.notified();
            {
                let mut waiting = self.0.lock();
                if let Some(event) = waiting.next() {
                    return Some(event);
                }
                if waiting.is_over {
                    return None;
                }
            }
            notified.await;
        }
    }
}

/// What waits for one stream.
#[derive(Debug, Default)]
struct Mailbox {
    waiting: Mutex<Waiting>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    is_forgotten: bool,
    rebuilt: Option<PathBuf>,
    withdrawn: BTreeSet<NotificationId>,
    redraw: BTreeSet<NotificationId>,
    changed: BTreeSet<NotificationId>,
    is_reread: bool,
    has_preferences: bool,
    refused: Option<Open<ProblemCode>>,
    is_over: bool,
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, put: impl FnOnce(&mut Waiting)) {
        put(&mut self.lock());
        self.news.notify_one();
    }
}

impl Waiting {
    fn add(&mut self, news: &News) {
        if let Some(rebuilt) = &news.rebuilt {
            self.rebuilt = Some(rebuilt.aside.clone());
            self.is_reread = true;
        }
        self.withdrawn.extend(&news.withdrawn);
        self.redraw.extend(&news.redraw);
        // What came off the screen is not drawn again.
        self.redraw.retain(|id| !self.withdrawn.contains(id));
        self.changed.extend(&news.changed);
        self.is_reread |= news.is_reread;
        self.has_preferences |= news.opt_outs.is_some();
        if let Some(code) = &news.opt_outs_refused {
            self.refused = Some(code.clone());
        }
        for waiting in [&mut self.withdrawn, &mut self.redraw, &mut self.changed] {
            if waiting.len() > MAX_WAITING {
                waiting.clear();
                self.is_reread = true;
            }
        }
        if self.is_reread {
            self.changed.clear();
        }
    }

    /// What belongs to a former user is dropped.
    fn forget(&mut self) {
        *self = Self {
            is_forgotten: true,
            is_over: self.is_over,
            ..Self::default()
        };
    }

    fn next(&mut self) -> Option<Event> {
        if std::mem::take(&mut self.is_forgotten) {
            return Some(Event::Forgotten);
        }
        if let Some(aside) = self.rebuilt.take() {
            return Some(Event::HistoryRebuilt { aside });
        }
        if let Some(ids) = taken(&mut self.withdrawn) {
            return Some(Event::Withdraw(ids));
        }
        if let Some(ids) = taken(&mut self.redraw) {
            return Some(Event::Redraw(ids));
        }
        if std::mem::take(&mut self.is_reread) {
            return Some(Event::Reread);
        }
        if let Some(ids) = taken(&mut self.changed) {
            return Some(Event::Changed(ids));
        }
        let refused = self.refused.take();
        let has_preferences = std::mem::take(&mut self.has_preferences) || refused.is_some();
        has_preferences.then_some(Event::Preferences { refused })
    }
}

fn taken(ids: &mut BTreeSet<NotificationId>) -> Option<Vec<NotificationId>> {
    let ids = std::mem::take(ids);
    (!ids.is_empty()).then(|| ids.into_iter().collect())
}

/// All streams of a device.
#[derive(Debug, Default)]
pub(crate) struct Events {
    streams: Mutex<Streams>,
    is_over: AtomicBool,
    /// How often everything of a user was forgotten; changes only while the streams are locked.
    forgotten: AtomicU64,
}

/// The mailboxes that somebody has.
#[derive(Debug)]
struct Streams {
    open: Vec<Weak<Mailbox>>,
    /// What happens before anybody watches, as when the files are opened: the first stream's.
    early: Option<Arc<Mailbox>>,
}

impl Default for Streams {
    fn default() -> Self {
        let early = Arc::new(Mailbox::default());
        Self {
            open: vec![Arc::downgrade(&early)],
            early: Some(early),
        }
    }
}

impl Streams {
    fn next(&mut self) -> Arc<Mailbox> {
        if let Some(early) = self.early.take() {
            return early;
        }
        let mailbox = Arc::new(Mailbox::default());
        self.open.retain(|stream| stream.strong_count() > 0);
        self.open.push(Arc::downgrade(&mailbox));
        mailbox
    }
}

impl Events {
    pub(crate) fn subscribe(&self) -> EventStream {
        let mut streams = self.lock();
        let mailbox = streams.next();
        mailbox.lock().is_over = self.is_over.load(Ordering::SeqCst);
        EventStream(mailbox)
    }

    /// Adds news of a storage that has hidden what was forgotten so often. If it is behind, they may be a
    /// former user's and are dropped.
    pub(crate) fn add(&self, news: &News, hidden: u64) {
        let streams = self.lock();
        if self.forgotten() == hidden {
            put(&streams, |waiting| waiting.add(news));
        }
    }

    pub(crate) fn forget(&self) {
        let streams = self.lock();
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        put(&streams, Waiting::forget);
    }

    /// A ticket was given out. What a shell draws before it watches does not come off the screen when it does.
    pub(crate) fn begin_drawing(&self) {
        if let Some(early) = &self.lock().early {
            early.lock().is_forgotten = false;
        }
    }

    pub(crate) fn forgotten(&self) -> u64 {
        self.forgotten.load(Ordering::SeqCst)
    }

    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        put(&self.lock(), |waiting| waiting.is_over = true);
    }

    fn lock(&self) -> MutexGuard<'_, Streams> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn put(streams: &Streams, put: impl Fn(&mut Waiting)) {
    for stream in streams.open.iter().filter_map(Weak::upgrade) {
        stream.put(&put);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> NotificationId {
        NotificationId::from_uuid(Uuid::from_u128(number))
    }

    fn changed(ids: impl IntoIterator<Item = u128>) -> News {
        News {
            changed: ids.into_iter().map(id).collect(),
            ..News::default()
        }
    }

    #[tokio::test]
    async fn what_waits_is_merged_and_bounded() {
        let events = Events::default();
        let mut stream = events.subscribe();
        events.add(&changed([1, 2]), 0);
        events.add(&changed([2, 3]), 0);
        assert_eq!(
            stream.recv().await,
            Some(Event::Changed(vec![id(1), id(2), id(3)]))
        );
        for number in 0..3 {
            events.add(&changed(number * 500..(number + 1) * 500), 0);
        }
        assert_eq!(stream.recv().await, Some(Event::Reread));
        events.end();
        assert_eq!(stream.recv().await, None);
    }

    #[tokio::test]
    async fn nothing_of_a_former_user_is_given() {
        let events = Events::default();
        let mut stream = events.subscribe();
        events.add(&changed([1]), 0);
        events.forget();
        // The storage does not know it yet.
        events.add(&changed([2]), 0);
        events.add(&changed([9]), 1);
        assert_eq!(stream.recv().await, Some(Event::Forgotten));
        assert_eq!(stream.recv().await, Some(Event::Changed(vec![id(9)])));
    }

    #[tokio::test]
    async fn what_came_off_the_screen_is_not_drawn_again_and_all_of_it_is_bounded() {
        let events = Events::default();
        let mut stream = events.subscribe();
        let news = |withdrawn, redraw| News {
            withdrawn: std::iter::once(id(withdrawn)).collect(),
            redraw: std::iter::once(id(redraw)).collect(),
            ..News::default()
        };
        events.add(&news(1, 2), 0);
        events.add(&news(2, 3), 0);
        let next = stream.recv().await;
        assert_eq!(next, Some(Event::Withdraw(vec![id(1), id(2)])));
        assert_eq!(stream.recv().await, Some(Event::Redraw(vec![id(3)])));
        for number in 0..5_000 {
            events.add(&news(number, number + 10_000), 0);
        }
        let mut told = 0;
        events.end();
        while let Some(event) = stream.recv().await {
            if let Event::Withdraw(ids) | Event::Redraw(ids) = event {
                told += ids.len();
            }
        }
        assert!(told <= 2 * MAX_WAITING, "{told}");
    }

    /// When the files are opened, nobody can watch yet.
    #[tokio::test]
    async fn the_first_stream_is_told_what_happened_before() {
        let events = Events::default();
        events.forget();
        let drawn_in_vain = News {
            withdrawn: std::iter::once(id(1)).collect(),
            ..News::default()
        };
        events.add(&drawn_in_vain, 1);
        let (mut first, mut second) = (events.subscribe(), events.subscribe());
        events.add(&changed([2]), 1);
        events.end();
        let told = [
            Some(Event::Forgotten),
            Some(Event::Withdraw(vec![id(1)])),
            Some(Event::Changed(vec![id(2)])),
            None,
        ];
        for expected in told {
            assert_eq!(first.recv().await, expected);
        }
        assert_eq!(second.recv().await, Some(Event::Changed(vec![id(2)])));
        assert_eq!(second.recv().await, None);
    }

    #[tokio::test]
    async fn who_draws_before_they_watch_does_not_lose_what_was_drawn() {
        let events = Events::default();
        events.forget();
        events.begin_drawing();
        events.add(&changed([1]), 1);
        let mut stream = events.subscribe();
        assert_eq!(stream.recv().await, Some(Event::Changed(vec![id(1)])));
        events.forget();
        events.begin_drawing();
        assert_eq!(stream.recv().await, Some(Event::Forgotten));
    }

    #[test]
    fn a_stream_that_is_gone_is_forgotten() {
        let events = Events::default();
        drop(events.subscribe());
        let _stream = events.subscribe();
        assert_eq!(events.lock().open.len(), 1);
    }
}
