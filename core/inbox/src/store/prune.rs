//! The history keeps within its bounds.

use jiff::SignedDuration;
use vestnik_model::FactKind;
use vestnik_sqlite::value::millis;

use super::{
    inbox::Inbox,
    table::{
        boundary, known,
        meta::{self, Counter},
        notification::{self, Leaving},
        outbox, search,
    },
};
use crate::{Suppression, rule::clock::shifted};

/// How many rows one call removes; so many take a few milliseconds.
const STEP: u64 = 500;
/// The most facts that wait. A device that is offline for very long drops the oldest facts of delivery,
/// which its cursor proves as well, then those of shows. What a person did stays.
const FACTS: u64 = 20_000;
/// Why a notification was never shown that left the history while it was due.
const TOO_MANY: &str = "too_many";
/// For how long what was deleted can be taken back.
const DELETED: SignedDuration = SignedDuration::from_hours(28 * 24);
/// For how long an id is known after its notification left. The server keeps entries of a log for at
/// most 28 days.
const KNOWN: SignedDuration = SignedDuration::from_hours(35 * 24);

/// What one step of pruning removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pruned {
    /// How many notifications left the history.
    pub removed: u64,
    /// How many of them were unread.
    pub unread: u64,
    /// Whether there is more to remove: call it again.
    pub has_more: bool,
}

impl Inbox<'_> {
    /// Removes the oldest notifications beyond `keep`, and those that were deleted long ago, at most
    /// 500 in one call; what depends on the time waits until the server has said it. What is being drawn stays, and so does what is due, unless it has expired or there
    /// are more than twice `keep`. Their ids stay known for some weeks, so that
    /// none comes back.
    ///
    /// Call it from time to time, not only at the start: a process may live for months.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn prune(&mut self, keep: u32) -> Result<Pruned, rusqlite::Error> {
        let now = self.stamp.server_now();
        let mut leaving = self.oldest(keep)?;
        if self.stamp.server_time().is_heard() {
            let before = shifted(now, -DELETED);
            leaving.extend(notification::long_deleted(self.db, before, STEP)?);
            known::forget_before(self.db, shifted(now, -KNOWN))?;
        }
        known::bound(self.db)?;
        boundary::forget_below(self.db)?;
        self.counted(|inbox| {
            let mut pruned = Pruned {
                has_more: leaving.len() as u64 >= STEP,
                ..Pruned::default()
            };
            for one in leaving {
                inbox.remove(one, &mut pruned)?;
            }
            let waiting = meta::count(inbox.db, Counter::FactsWaiting)?;
            let dropped = outbox::drop_oldest(inbox.db, waiting.saturating_sub(FACTS))?;
            inbox.count_settled(u32::try_from(dropped).unwrap_or(u32::MAX));
            Ok(pruned)
        })
    }

    /// The oldest rows beyond `keep`. What is due goes with them if it has expired, and whether it has
    /// or not once there are twice as many.
    fn oldest(&self, keep: u32) -> Result<Vec<Leaving>, rusqlite::Error> {
        let rows = meta::count(self.db, Counter::Rows)?;
        let excess = |keep: u64| rows.saturating_sub(keep).min(STEP);
        let time = self.stamp.server_time();
        let expired_at = if time.is_heard() {
            millis(time.now)
        } else {
            i64::MIN
        };
        let leaving = notification::oldest(self.db, excess(keep.into()), expired_at)?;
        let by_force = excess(u64::from(keep).saturating_mul(2));
        if leaving.len() as u64 >= by_force {
            return Ok(leaving);
        }
        notification::oldest(self.db, by_force, i64::MAX)
    }

    fn remove(&mut self, leaving: Leaving, pruned: &mut Pruned) -> Result<(), rusqlite::Error> {
        if !notification::delete(self.db, leaving.row)? {
            return Ok(());
        }
        let now = self.stamp.latest_now();
        known::keep(self.db, leaving.id, known::State::Pruned, now)?;
        search::delete(self.db, leaving.row)?;
        self.count_row(-1);
        self.count_unread(-i64::from(leaving.counts));
        if leaving.is_due {
            let is_expired = self.stamp.server_time().is_past(leaving.expires_at);
            let reason = if is_expired {
                Suppression::Expired.as_str()
            } else {
                TOO_MANY
            };
            self.tell_not_shown(FactKind::NotShown, leaving.id, reason)?;
        }
        pruned.removed += 1;
        pruned.unread += u64::from(leaving.counts);
        Ok(())
    }
}
