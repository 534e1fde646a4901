//! The history keeps within its bounds.

use jiff::SignedDuration;

use super::{
    inbox::Inbox,
    table::{
        known,
        meta::{self, Counter},
        notification::{self, Leaving},
        outbox, search,
    },
};
use crate::rule::clock::shifted;

/// How many rows one call removes; so many take a few milliseconds.
const STEP: u64 = 500;
/// The most facts that wait. A device that is offline for very long drops the oldest facts of delivery,
/// which its cursor proves as well.
const FACTS: u64 = 20_000;
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
    /// 500 in one call. What is due or being drawn stays. Their ids stay known for some weeks, so that
    /// none comes back.
    ///
    /// Call it from time to time, not only at the start: a process may live for months.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn prune(&mut self, keep: u32) -> Result<Pruned, rusqlite::Error> {
        let now = self.stamp.server_now();
        let rows = meta::count(self.db, Counter::Rows)?;
        let excess = rows.saturating_sub(keep.into());
        let mut leaving = notification::oldest(self.db, excess.min(STEP))?;
        leaving.extend(notification::long_deleted(
            self.db,
            shifted(now, -DELETED),
            STEP,
        )?);
        known::forget_before(self.db, shifted(now, -KNOWN))?;
        self.counted(|inbox| {
            let mut pruned = Pruned {
                has_more: leaving.len() as u64 >= STEP,
                ..Pruned::default()
            };
            for one in leaving {
                inbox.remove(one, &mut pruned)?;
            }
            let waiting = meta::count(inbox.db, Counter::FactsWaiting)?;
            let dropped = outbox::drop_delivered(inbox.db, waiting.saturating_sub(FACTS))?;
            inbox.count_settled(u32::try_from(dropped).unwrap_or(u32::MAX));
            Ok(pruned)
        })
    }

    fn remove(&mut self, leaving: Leaving, pruned: &mut Pruned) -> Result<(), rusqlite::Error> {
        if !notification::delete(self.db, leaving.row)? {
            return Ok(());
        }
        let now = self.stamp.server_now();
        known::keep(self.db, leaving.id, known::State::Pruned, now)?;
        search::delete(self.db, leaving.row)?;
        self.count_row(-1);
        self.count_unread(-i64::from(leaving.counts));
        pruned.removed += 1;
        pruned.unread += u64::from(leaving.counts);
        Ok(())
    }
}
