//! What the app asks of the history: shows, pages, what a person did.

use std::{collections::BTreeSet, time::Duration};

use jiff::{SignedDuration, Timestamp};
use vestnik_inbox::{
    HistoryItem, HistoryPage, HistoryQuery, Inbox, Place, SearchQuery, Settled, StoreError, Taken,
    spool,
};
use vestnik_model::{NotificationId, UserId};
use vestnik_sqlite::rusqlite;

use super::files::Files;

/// How many notifications one call prunes at the most, in steps.
const PRUNE_STEPS: usize = 20;
/// After the app has left a show to an extension it looks whether the extension has left it to the app.
const YIELDED: SignedDuration = SignedDuration::from_secs(2);

/// A ticket that was given back while the storage failed.
#[derive(Debug)]
pub(super) struct Unsettled {
    owner: UserId,
    id: NotificationId,
    /// The revision that was drawn and what came of it; `None` if the ticket was not used.
    settled: Option<(u32, Settled)>,
}

impl Files {
    /// A page of the history. Nobody's history is empty.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn page(&mut self, query: &HistoryQuery) -> Result<HistoryPage, StoreError> {
        Ok(self
            .read(|history| history.page(query))?
            .unwrap_or_default())
    }

    /// What a search finds, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn search(&mut self, query: &SearchQuery) -> Result<HistoryPage, StoreError> {
        Ok(self
            .read(|history| history.search(query))?
            .unwrap_or_default())
    }

    /// One notification of the history, or of what an extension was given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn get(&mut self, id: NotificationId) -> Result<Option<HistoryItem>, StoreError> {
        self.ingest_absent(&[id])?;
        self.in_history(id)
    }

    pub(super) fn in_history(
        &mut self,
        id: NotificationId,
    ) -> Result<Option<HistoryItem>, StoreError> {
        Ok(self.read(|history| history.get(id))?.flatten())
    }

    /// What an extension has drawn is in the spool until the app looks there. A person who acts on it does not
    /// wait for that.
    fn ingest_absent(&mut self, ids: &[NotificationId]) -> Result<(), StoreError> {
        if !self.options.spool.is_dir() {
            return Ok(());
        }
        let is_absent = self.read(|history| {
            ids.iter().try_fold(false, |is_absent, id| {
                Ok(is_absent || history.get(*id)?.is_none())
            })
        })?;
        if is_absent == Some(true) {
            self.ingest_spool()?;
        }
        Ok(())
    }

    /// How many are unread.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unread(&mut self) -> Result<u64, StoreError> {
        Ok(self.read(|history| history.unread_count())?.unwrap_or(0))
    }

    /// How many are unread, and how many facts wait.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn counts(&mut self) -> Result<(u64, u64), StoreError> {
        let counts =
            self.read(|history| Ok((history.unread_count()?, history.facts_waiting()?)))?;
        Ok(counts.unwrap_or_default())
    }

    /// The codes of facts that the server refused for good, and their kinds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn parked(&mut self) -> Result<Vec<(String, String)>, StoreError> {
        Ok(self.read(|history| history.parked())?.unwrap_or_default())
    }

    /// Changes flags of these notifications; gives those that changed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn change_flags(
        &mut self,
        ids: &[NotificationId],
        change: impl FnMut(&mut Inbox<'_>) -> Result<Vec<NotificationId>, rusqlite::Error>,
    ) -> Result<Vec<NotificationId>, StoreError> {
        self.ingest_absent(ids)?;
        let changed = self.write(change)?.unwrap_or_default();
        self.news.changed.extend(&changed);
        Ok(changed)
    }

    /// Reports what a person did with a notification; gives whether it is in the history. What has not come
    /// yet need not be there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn act(
        &mut self,
        id: NotificationId,
        act: impl FnMut(&mut Inbox<'_>) -> Result<bool, rusqlite::Error>,
    ) -> Result<bool, StoreError> {
        self.ingest_absent(&[id])?;
        let is_there = self.write(act)?;
        match is_there {
            Some(true) => {
                self.news.changed.insert(id);
                self.put_away(id);
            }
            // The person has seen it: an extension need not draw it any more.
            Some(false) => self.mark(id, None),
            None => {}
        }
        Ok(is_there.unwrap_or(false))
    }

    /// Marks everything that the inbox lists as read, up to a place; gives how many were not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn mark_all_read(&mut self, up_to: Option<Place>) -> Result<u64, StoreError> {
        let count = self.write(|inbox| inbox.mark_all_read(up_to))?.unwrap_or(0);
        self.news.is_reread |= count > 0;
        Ok(count)
    }

    /// Takes the ticket of the next show that is due, and whose it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn take_show(&mut self) -> Result<Option<(UserId, Taken)>, StoreError> {
        self.ingest_spool()?;
        self.settle_unsettled()?;
        self.suppress_blocked()?;
        self.take_unlent()
    }

    /// An extension may have written its ticket since the spool was ingested. It has not seen the mark of this
    /// show, if it looked before: whoever draws leaves a mark first, and looks for the other's afterwards. What
    /// an extension has is its own, unless it yields as well.
    pub(super) fn take_unlent(&mut self) -> Result<Option<(UserId, Taken)>, StoreError> {
        let process = self.process;
        let mut yielded = BTreeSet::new();
        loop {
            // Nothing may fail between the taking and the ticket.
            let now = self.clock.now();
            let taken = self.write(|inbox| inbox.take_show(process))?.flatten();
            let user = self.history.as_ref().map(|present| present.user.clone());
            let Some((user, taken)) = user.zip(taken) else {
                return Ok(None);
            };
            let id = taken.id();
            self.mark_taken(&taken);
            let is_lent = spool::lent(&self.options.spool, now).contains(&id);
            // What is due although its ticket was ingested is the app's: nobody can settle the ticket.
            if !is_lent || !yielded.insert(id) {
                return Ok(Some((user, taken)));
            }
            self.return_show(&user, id)?;
            self.ingest_spool()?;
            self.look_again(YIELDED);
        }
    }

    /// The spool is looked at again after this time at the latest.
    fn look_again(&mut self, after: SignedDuration) {
        let at = self.clock.now() + after;
        self.spool_again = Some(self.spool_again.map_or(at, |earlier| earlier.min(at)));
    }

    /// How long it is at the most until the next show is due, if one is: because it was postponed, or
    /// because an extension that has a ticket will not have it any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_show(&mut self) -> Result<Option<Duration>, StoreError> {
        let due = self.read(|history| history.next_show())?.flatten();
        let until = |at: Timestamp, now| Duration::try_from(at.duration_since(now));
        let due = due.map(|at| until(at, self.server_now()).unwrap_or_default());
        let spool = self.spool_again;
        let spool = spool.map(|at| until(at, self.clock.now()).unwrap_or_default());
        Ok([due, spool].into_iter().flatten().min())
    }

    /// Settles a ticket of a user; gives whether it was out. One of a user whose history is not on the
    /// device any more has no effect.
    ///
    /// # Errors
    /// [`StoreError`]; it is tried again before the next ticket is taken.
    pub fn settle_show(
        &mut self,
        owner: &UserId,
        (id, revision): (NotificationId, u32),
        settled: &Settled,
    ) -> Result<bool, StoreError> {
        self.end_show(Unsettled {
            owner: owner.clone(),
            id,
            settled: Some((revision, settled.clone())),
        })
    }

    /// Takes a ticket back that was not used.
    ///
    /// # Errors
    /// [`StoreError`]; it is tried again before the next ticket is taken.
    pub fn return_show(&mut self, owner: &UserId, id: NotificationId) -> Result<(), StoreError> {
        let owner = owner.clone();
        let returned = Unsettled {
            owner,
            id,
            settled: None,
        };
        self.end_show(returned).map(drop)
    }

    fn end_show(&mut self, show: Unsettled) -> Result<bool, StoreError> {
        let ended = self.try_to_end_show(&show);
        if ended.is_err() {
            self.unsettled.push(show);
        }
        ended
    }

    fn try_to_end_show(&mut self, show: &Unsettled) -> Result<bool, StoreError> {
        self.ensure_open()?;
        if !self.is_of(&show.owner) {
            return Ok(false);
        }
        let ended = self.write(|inbox| {
            let was_out = match &show.settled {
                Some((revision, settled)) => inbox.settle_show(show.id, *revision, settled)?,
                None => inbox.return_show(show.id)?,
            };
            let is_drawn = matches!(&show.settled, Some((_, Settled::Shown)));
            let is_unwanted = is_drawn && inbox.history().is_unwanted(show.id)?;
            Ok((was_out, is_unwanted))
        })?;
        let (was_out, is_unwanted) = ended.unwrap_or_default();
        if was_out && show.settled.is_some() {
            self.news.changed.insert(show.id);
        }
        if is_unwanted {
            // It was read, deleted or recalled while its ticket was out, and drawn afterwards.
            self.news.withdrawn.insert(show.id);
        }
        self.suppress_blocked()?;
        Ok(was_out)
    }

    /// What was given back while the storage failed.
    fn settle_unsettled(&mut self) -> Result<(), StoreError> {
        while let Some(show) = self.unsettled.pop() {
            self.end_show(show)?;
        }
        Ok(())
    }

    pub(super) fn is_of(&self, owner: &UserId) -> bool {
        let present = self.history.as_ref();
        present.is_some_and(|present| present.user == *owner)
    }

    /// While the app may show nothing, what is due is suppressed.
    pub(super) fn suppress_blocked(&mut self) -> Result<(), StoreError> {
        match self.blocked {
            Some(_) => self.mended(Self::suppress_once),
            None => Ok(()),
        }
    }

    pub(super) fn suppress_once(&mut self) -> Result<(), StoreError> {
        let Some(reason) = self.blocked else {
            return Ok(());
        };
        let process = self.process;
        let blocked = Settled::Suppressed(reason);
        let suppress = |inbox: &mut Inbox<'_>| {
            while let Some(taken) = inbox.take_show(process)? {
                inbox.settle_show(taken.id(), taken.revision(), &blocked)?;
            }
            Ok(())
        };
        self.write_once(&mut { suppress }).map(drop)
    }

    /// Removes what the history keeps no longer; gives whether there is more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn prune(&mut self) -> Result<bool, StoreError> {
        self.since_prune = 0;
        let keep = self.options.history_rows;
        for _ in 0..PRUNE_STEPS {
            let pruned = self.write(|inbox| inbox.prune(keep))?;
            self.news.is_reread |= pruned.is_some_and(|pruned| pruned.removed > 0);
            if !pruned.is_some_and(|pruned| pruned.has_more) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
