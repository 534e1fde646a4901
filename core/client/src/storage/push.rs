//! Pushes: what they bring, and the keys that they are sealed for.

use vestnik_inbox::{
    Payload, ShowState, StoreError, Suppression, Taken, Withdrawal,
    planted::Plant,
    push::{self, Closed, Opened, Undrawn},
    spool,
};
use vestnik_model::NotificationId;
use vestnik_sqlite::create_private_folder;

use super::{files::Files, news::News};

/// After so many marks for an extension the oldest are removed.
const MARKS: u32 = 128;

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// Its notification is new in the history, and is shown if it is due.
    Stored,
    /// It took a notification off the screen and out of the history: its sender recalled it. Whoever draws hears
    /// of it as of any withdrawal.
    Withdrawn,
    /// It has no content: what it is about, if it says so, is read from the log.
    Hint(Option<NotificationId>),
    /// It brought nothing, for this reason. What the server has to know of it is reported.
    Dropped(Closed),
}

/// A push that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handled {
    /// What became of it.
    pub pushed: Pushed,
    /// Whether what it is about is in the log and nowhere else, as far as can be seen.
    pub is_log_needed: bool,
}

impl Files {
    /// The public key that pushes are sealed for, as the server is told of it.
    #[must_use]
    pub fn envelope_key(&self) -> String {
        self.device.push_keys().public_text()
    }

    /// Takes a push that the app itself was given. What has no content is not announced by this: whoever then
    /// draws a text without content asks [`push::handle`], which announces a notification once, at the moment at
    /// which the text is drawn.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn handle_push(&mut self, push: &[u8]) -> Result<Handled, StoreError> {
        // What an extension has drawn of the same push is not due.
        self.ingest_spool()?;
        let closed = match push::open(push, self.device.push_keys()) {
            Ok(Opened::Hint(notification)) => Closed {
                why: Undrawn::Hint,
                notification,
            },
            Ok(Opened::Withdrawal(withdrawal)) => return self.withdraw(&withdrawal),
            Ok(Opened::Payload(payload)) => match self.store_payload(&payload)? {
                None => {
                    return Ok(Handled {
                        pushed: Pushed::Stored,
                        is_log_needed: false,
                    });
                }
                Some(why) => Closed {
                    why,
                    notification: Some(payload.notification.id),
                },
            },
            Err(closed) => closed,
        };
        self.report_closed(closed)?;
        let why = self.had(closed)?.unwrap_or(closed.why);
        let is_hint = why == Undrawn::Hint;
        let pushed = if is_hint {
            Pushed::Hint(closed.notification)
        } else {
            Pushed::Dropped(Closed { why, ..closed })
        };
        Ok(Handled {
            pushed,
            is_log_needed: closed.why.is_announced(),
        })
    }

    fn withdraw(&mut self, withdrawal: &Withdrawal) -> Result<Handled, StoreError> {
        let withdrawn = self.write(|inbox| inbox.handle_withdrawal(withdrawal))?;
        let pushed = match withdrawn.flatten() {
            Some(applied) => {
                self.news.add(applied);
                Pushed::Withdrawn
            }
            None => Pushed::Dropped(Closed {
                why: Undrawn::OtherUser,
                notification: None,
            }),
        };
        Ok(Handled {
            pushed,
            is_log_needed: false,
        })
    }

    /// What is known of a notification whose push did not open: it need not be announced then.
    fn had(&mut self, closed: Closed) -> Result<Option<Undrawn>, StoreError> {
        let Some(id) = closed.notification.filter(|_| closed.why.is_announced()) else {
            return Ok(None);
        };
        let had = self.write(|inbox| {
            Ok(if inbox.has(id)? {
                Some(Undrawn::Duplicate)
            } else if inbox.is_recalled(id)? {
                Some(Undrawn::Revoked)
            } else {
                None
            })
        })?;
        let is_announced = || spool::is_announced(&self.options.spool, id);
        Ok(match had.flatten() {
            None if self.blocked == Some(Suppression::BlockedApp) => Some(Undrawn::SwitchedOff),
            None => is_announced().then_some(Undrawn::Duplicate),
            had => had,
        })
    }

    /// Gives why it is not new, if it is not.
    fn store_payload(&mut self, payload: &Payload) -> Result<Option<Undrawn>, StoreError> {
        let id = payload.notification.id;
        let stored = self.write(|inbox| {
            let applied = inbox.handle_push(payload)?;
            Ok(applied.zip(Some(inbox.is_recalled(id)?)))
        })?;
        let Some((applied, is_recalled)) = stored.flatten() else {
            return Ok(Some(Undrawn::OtherUser));
        };
        let is_new = applied.inserted.contains(&id) || applied.replaced.contains(&id);
        self.news.add(applied);
        self.suppress_blocked()?;
        Ok(match (is_new, is_recalled) {
            (true, _) => None,
            (false, true) => Some(Undrawn::Revoked),
            (false, false) => Some(Undrawn::Duplicate),
        })
    }

    fn report_closed(&mut self, closed: Closed) -> Result<(), StoreError> {
        let Closed { why, notification } = closed;
        self.news.tells_again |= why.is_about_key() && !Plant::KeyInDoubtIsNotTold.is_on();
        let Some((notification, reason)) = notification.zip(why.reported()) else {
            return Ok(());
        };
        self.write(|inbox| inbox.report_dropped(notification, reason))
            .map(drop)
    }

    /// Marks what an extension is not to draw any more: what left the history, and what is neither due nor out.
    /// What was announced by a text without content, and is not to be shown, goes off the screen.
    pub(super) fn mark_seen(&mut self, news: &mut News) {
        if self.history.is_none() || !self.options.spool.is_dir() {
            return;
        }
        let looked_at: Vec<_> = news.changed.union(&news.withdrawn).copied().collect();
        if news.is_reread {
            self.put_away_read();
        }
        for id in &looked_at {
            let id = *id;
            match self.in_history(id) {
                Ok(None) => {
                    self.mark(id, None);
                    self.take_announced(id, news);
                }
                Ok(Some(item)) => {
                    let revision = item.notification.revision;
                    if item.is_read {
                        self.put_away(id);
                    }
                    match item.show {
                        ShowState::Due => {}
                        ShowState::Taken | ShowState::Shown => self.mark(id, Some(revision)),
                        ShowState::Suppressed(_) => {
                            self.mark(id, Some(revision));
                            self.put_away(id);
                            self.take_announced(id, news);
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "an extension may draw what was shown"),
            }
        }
        // An extension that looked before these marks were there draws all the same: the spool is looked at.
        if self.spool_again.is_none() && !looked_at.is_empty() {
            let lent = spool::lent(&self.options.spool, self.clock.now());
            news.has_show |= looked_at.iter().any(|id| lent.contains(id));
        }
    }

    fn take_announced(&self, id: NotificationId, news: &mut News) {
        if spool::take_announced(&self.options.spool, id) {
            news.withdrawn.insert(id);
        }
    }

    /// From here on an extension does not draw what the app draws.
    pub(super) fn mark_taken(&mut self, taken: &Taken) {
        self.mark(taken.id(), Some(taken.revision()));
    }

    pub(super) fn mark(&mut self, id: NotificationId, revision: Option<u32>) {
        if let Err(error) = spool::mark_seen(&self.options.spool, id, revision) {
            tracing::warn!(%error, "an extension may draw what was shown");
        }
        self.count_mark();
    }

    fn count_mark(&mut self) {
        self.marked += 1;
        if self.marked >= MARKS {
            self.prune_marks();
        }
    }

    /// A push that comes once more does not bring it back on the screen.
    pub(super) fn put_away(&mut self, id: NotificationId) {
        if let Err(error) = spool::mark_put_away(&self.options.spool, id) {
            tracing::warn!(%error, "a push may bring back what was put away");
        }
        self.count_mark();
    }

    /// So much changed that it is not known what: of everything that has a mark, what was read is put away.
    fn put_away_read(&mut self) {
        let folder = &self.options.spool;
        let (seen, known) = (spool::seen(folder), spool::put_away(folder));
        let away = self.read(|history| {
            let is_away = |id: &NotificationId| history.is_put_away(*id);
            let looked_at = seen
                .difference(&known)
                .map(|id| Ok(is_away(id)?.then_some(*id)));
            looked_at
                .filter_map(Result::transpose)
                .collect::<Result<Vec<_>, _>>()
        });
        match away {
            Ok(away) => away.into_iter().flatten().for_each(|id| self.put_away(id)),
            Err(error) => tracing::warn!(%error, "a push may bring back what was read"),
        }
    }

    /// Marks are bounded, however much a page brings.
    pub(super) fn prune_marks(&mut self) {
        self.marked = 0;
        if let Err(error) = spool::prune_seen(&self.options.spool, self.looked_at.0) {
            tracing::warn!(%error, "old marks of the spool stay");
        }
    }

    /// Where a push service reaches the device there may be an extension: it learns from here on what the app
    /// has shown.
    pub(super) fn make_spool(&self) {
        if !self.device.state().push_addresses.is_empty()
            && let Err(error) = create_private_folder(&self.options.spool)
        {
            tracing::warn!(%error, "the spool cannot be made yet");
        }
        self.leave_switch();
    }

    /// An extension draws nothing while the person has switched notifications off in the app.
    pub(super) fn leave_switch(&self) {
        let is_off = self.device.state().is_switched_off;
        if let Err(error) = spool::leave_switch(&self.options.spool, is_off) {
            tracing::warn!(%error, "an extension does not know the app's switch");
        }
    }

    /// What lies in the spool while nobody is logged in goes, off the screen, too: a process ended in the
    /// middle of a logout, or an extension had read the keys before it.
    pub(super) fn clear_nobodys(&mut self) {
        if self.device.user().is_none()
            && let Err(error) = self.clear_spool()
        {
            tracing::warn!(%error, "the spool of a user who is gone stays");
        }
    }

    /// Makes new keys if it is time for them. It is tried again when the server says the time again.
    pub(super) fn renew_keys(&mut self) {
        let secrets = self.options.secrets.clone();
        let stamp = self.stamp();
        match self.device.renew_keys(&*secrets, &stamp) {
            Ok(true) => self.news.envelope_key = Some(self.envelope_key()),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the keys of pushes are not renewed yet"),
        }
    }
}
