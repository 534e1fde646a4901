//! What happened to a device, as an onlooker writes it down: what the checker goes by.

use std::collections::{BTreeMap, BTreeSet};

use vestnik_model::{InstallationId, NotificationId, UserId};

use crate::time::At;

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
    /// When files that had been set back were opened, or a damaged history was made anew.
    pub(crate) restored: Vec<At>,
    /// Until when the system let the app show nothing; at its end if that lasts.
    pub(crate) blocked: Vec<At>,
    /// When facts that waited may have been lost.
    pub(crate) losses: Vec<At>,
    /// What a person read here, and when first.
    pub(crate) read: BTreeMap<NotificationId, At>,
    /// What a person read by reading everything, although the history had lost it.
    pub(crate) covered: BTreeSet<NotificationId>,
    /// Files are gone, and the next start will not find them.
    pub(crate) is_gone: bool,
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

/// A user's session that began without a history, as far as is known.
#[derive(Debug, Clone)]
pub(crate) struct Quiet {
    pub(crate) user: UserId,
    pub(crate) began: At,
    /// When it read its first page.
    pub(crate) first_page: Option<At>,
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
    pub(crate) fn was_drawn(&self, id: NotificationId) -> bool {
        self.draws.iter().any(|draw| draw.id == id)
    }

    /// A user's session began; there may have been a history all the same, unless it is certain.
    pub(crate) fn begins_quietly(&mut self, began: At, user: UserId) {
        let is_certain = !self.may_keep.contains(&user);
        self.quiet.push(Quiet {
            user,
            began,
            first_page: None,
            is_certain,
        });
    }

    /// A page was read; it is the first one of the sessions that had none.
    pub(crate) fn has_read_a_page(&mut self, at: At) {
        for quiet in &mut self.quiet {
            quiet.first_page.get_or_insert(at);
        }
    }

    /// Facts that waited may be gone.
    pub(crate) fn loses_facts(&mut self, at: At) {
        self.losses.push(at);
    }
}
