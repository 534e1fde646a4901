//! What happened to a device, as an onlooker writes it down: what the checker goes by.

use std::collections::{BTreeMap, BTreeSet};

use vestnik_model::{FactKind, InstallationId, NotificationId, UserId};

use crate::time::{At, SECOND};

/// A clock that is set by less than this is not noticed by a device before it is greeted again.
const UNNOTICED: At = 60 * SECOND;

/// What happened to a device, as an onlooker writes it down.
#[derive(Debug, Default)]
pub(crate) struct Diary {
    pub(crate) draws: Vec<Draw>,
    /// Every installation that this device was.
    pub(crate) installations: BTreeSet<InstallationId>,
    /// Whose histories the device has, as far as that is certain.
    pub(crate) keeps: BTreeSet<UserId>,
    /// Whose histories the device may have.
    pub(crate) may_keep: BTreeSet<UserId>,
    /// The sessions that began without a history, as far as is known.
    pub(crate) quiet: Vec<Quiet>,
    /// When files that may have been set back were opened, or a damaged history was made anew.
    pub(crate) restored: Vec<Since>,
    /// The next history that is opened learns that it may have been set back.
    pub(crate) is_restored: bool,
    /// Until when the system let the app show nothing; at its end if that lasts.
    pub(crate) blocked: Vec<At>,
    /// When facts that waited may have been lost.
    pub(crate) losses: Vec<At>,
    /// What a person read by reading everything, although the history had lost it.
    pub(crate) covered: BTreeSet<NotificationId>,
    /// Files are gone, and the next start will not find them.
    pub(crate) is_gone: bool,
    /// Whether the marks that the app left for its extension may be gone.
    pub(crate) has_lost_marks: bool,
    /// What the extension was told to take off the screen, since the spool was cleared.
    pub(crate) withdrawn: BTreeSet<NotificationId>,
    /// Pushes that did not open here, of notifications that had not come by another way.
    pub(crate) unopened: BTreeSet<NotificationId>,
    /// In which process of the app the keys of pushes were lost.
    pub(crate) keys_lost_in: Option<u64>,
    /// What a person did here with notifications. Whatever it was, they have read them with that.
    pub(crate) done: BTreeSet<(FactKind, NotificationId)>,
    /// What of that has to be reported.
    pub(crate) owed: BTreeSet<(FactKind, NotificationId)>,
    /// When a person last brought the app to the front, and in which process of it.
    pub(crate) opened: Option<(u64, At)>,
    /// What a person deleted here.
    pub(crate) deleted: BTreeSet<NotificationId>,
    /// How often the system refused to draw.
    pub(crate) failed: BTreeMap<NotificationId, u32>,
    /// What the shell did not want to draw.
    pub(crate) unwanted: BTreeSet<NotificationId>,
    /// What was not going to be shown any more when the history was last seen whole.
    pub(crate) settled: BTreeSet<NotificationId>,
    /// When the clock was set, or the server's time was not known.
    pub(crate) clock_steps: Vec<At>,
}

/// A moment before which what was accepted is quiet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Since {
    began: At,
    /// When the first page was read after it.
    first_page: Option<At>,
}

impl Since {
    pub(crate) const fn new(began: At) -> Self {
        Self {
            began,
            first_page: None,
        }
    }

    /// Until when it may be taken for that moment: if the device's clock was set before the server said what
    /// time it is, it is taken for that of the first page.
    pub(crate) fn until(&self, is_clock_set: bool) -> At {
        match self.first_page {
            Some(first_page) if is_clock_set => first_page.max(self.began + UNNOTICED),
            None if is_clock_set => self.began + UNNOTICED,
            Some(_) | None => self.began,
        }
    }
}

/// A user's session that began without a history, as far as is known.
#[derive(Debug, Clone)]
pub(crate) struct Quiet {
    pub(crate) user: UserId,
    pub(crate) since: Since,
    /// There was certainly none.
    pub(crate) is_certain: bool,
}

/// A notification that was drawn, by the app or by its extension.
#[derive(Debug, Clone)]
pub(crate) struct Draw {
    pub(crate) id: NotificationId,
    /// Whoever drew it was told that it may be on the screen already.
    pub(crate) again: bool,
}

impl Diary {
    pub(crate) fn was_read(&self, id: NotificationId) -> bool {
        self.done.contains(&(FactKind::Read, id))
    }

    pub(crate) fn was_drawn(&self, id: NotificationId) -> bool {
        self.draws.iter().any(|draw| draw.id == id)
    }

    /// A user's session began; there may have been a history all the same, unless it is certain.
    pub(crate) fn begins_quietly(&mut self, began: At, user: UserId) {
        let is_certain = !self.may_keep.contains(&user);
        self.quiet.push(Quiet {
            user,
            since: Since::new(began),
            is_certain,
        });
    }

    /// A page was read; it is the first one after the moments that had none.
    pub(crate) fn has_read_a_page(&mut self, at: At) {
        let begun = self.quiet.iter_mut().map(|quiet| &mut quiet.since);
        for since in begun.chain(&mut self.restored) {
            since.first_page.get_or_insert(at);
        }
    }

    /// Whether what was accepted at a moment may count as shown before the files were set back.
    pub(crate) fn is_before_restore(&self, accepted_at: At) -> bool {
        let is_clock_set = !self.clock_steps.is_empty();
        let mut restored = self.restored.iter();
        restored.any(|since| accepted_at < since.until(is_clock_set))
    }

    /// Facts that waited may be gone.
    pub(crate) fn loses_facts(&mut self, at: At) {
        self.losses.push(at);
    }
}
