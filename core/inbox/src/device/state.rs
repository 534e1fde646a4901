//! What a device remembers beside its histories.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{
    Open, Permission, PushAddress, TopicName, UserId,
    installation::MAX_PUSH_ADDRESSES,
    preference::{OptOutChange, StoredOptOuts},
};

use super::sent::SentOptOuts;
use crate::rule::{admission::corrected, clock::Moment, identity::RestoreMark};

/// What a device remembers beside its histories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceState {
    /// Whose history is on the device: who is logged in, or was when the session ended without a
    /// logout. `None` after a logout, and after the file was lost.
    pub user: Option<UserId>,
    /// Whether a session has not ended, as far as the device knows.
    pub is_logged_in: bool,
    /// Grows with every login, logout and end of a session. A result of work that was begun under
    /// another generation is dropped.
    pub generation: u64,
    /// When the files were found to be set back last. It stays: each history of the device learns it by
    /// [`Inbox::begin`](crate::Inbox::begin) when it is opened, however late that is.
    pub restored: Option<Restored>,
    /// When a user logged in whose history does not know it yet. Set this to `None` once
    /// [`Inbox::begin`](crate::Inbox::begin) or [`Inbox::begin_session`](crate::Inbox::begin_session) is
    /// committed.
    pub login: Option<Moment>,
    /// The server's clock minus the device's.
    pub offset: Option<SignedDuration>,
    /// What the server was told of this installation.
    pub registered: Option<Registered>,
    /// Whether the system lets the app show notifications, as the shell said last.
    pub permission: Option<Open<Permission>>,
    /// Whether the person has switched notifications off in the app itself.
    pub is_switched_off: bool,
    /// The BCP 47 language tag, as the shell said last.
    pub locale: Option<String>,
    /// The IANA name of the time zone, as the shell said last.
    pub time_zone: Option<String>,
    /// The topics that the user joins (`true`) or leaves, oldest first, until the server has answered.
    /// The newest [`MAX_WISHES`] are kept, and one for each topic.
    pub wishes: Vec<(TopicName, bool)>,
    /// What the user does not want, as the server said last.
    pub opt_outs: Option<StoredOptOuts>,
    /// What the user changed about that, until the server has answered.
    pub opt_out_changes: OptOutChange,
    /// What requests that may still land say about that.
    pub sent_opt_outs: SentOptOuts,
    /// Where push services reach this installation, whoever is logged in. Of those that exclude
    /// each other the newest is kept.
    pub push_addresses: Vec<PushAddress>,
}

/// The files of the device were set back, as by a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// Which time that was.
    pub mark: RestoreMark,
    /// When it was found.
    pub found: Moment,
}

/// The most wishes that are kept.
pub const MAX_WISHES: usize = 256;

impl DeviceState {
    /// The device's clock was set by so much, before the server said in this process what time it is: what
    /// was taken from it is moved along.
    pub fn clock_was_set(&mut self, by: SignedDuration) {
        self.offset = self.offset.map(|offset| offset.saturating_sub(by));
        let found = self.restored.as_mut().map(|restored| &mut restored.found);
        for moment in self.login.iter_mut().chain(found) {
            moment.clock_was_set(by);
        }
    }

    /// The server said what time it is: its clock is by `offset` ahead of the device's and says `now`.
    pub fn hear_time(&mut self, offset: SignedDuration, now: Timestamp) {
        self.offset = Some(offset);
        if let Some(restored) = &mut self.restored
            && restored.found.is_by_device
        {
            restored.found = Moment {
                at: corrected(restored.found.at, offset, (now, false)),
                is_by_device: false,
            };
        }
    }

    /// What the user wants is theirs: nothing of it is left for another.
    pub(super) fn forget_wishes(&mut self) {
        self.wishes.clear();
        self.opt_outs = None;
        self.opt_out_changes = OptOutChange::default();
        self.sent_opt_outs = SentOptOuts::default();
    }

    /// Keeps the newest of what there may be only so much of.
    pub(super) fn bound(&mut self) {
        keep_newest(&mut self.wishes, MAX_WISHES, |(topic, _)| topic.clone());
        self.push_addresses = newest(std::mem::take(&mut self.push_addresses));
    }
}

/// Of addresses that exclude each other the last.
fn newest(addresses: Vec<PushAddress>) -> Vec<PushAddress> {
    let mut kept: Vec<PushAddress> = Vec::new();
    for address in addresses.into_iter().rev() {
        let is_kept =
            kept.len() < MAX_PUSH_ADDRESSES && !kept.iter().any(|newer| newer.excludes(&address));
        if is_kept {
            kept.push(address);
        }
    }
    kept.reverse();
    kept
}

/// Keeps the last of those with the same key, and at most `most` of them.
fn keep_newest<T, K: Ord>(all: &mut Vec<T>, most: usize, key: impl Fn(&T) -> K) {
    let mut keys = BTreeSet::new();
    all.reverse();
    all.retain(|one| keys.len() < most && keys.insert(key(one)));
    all.reverse();
}

/// What the server was told of this installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// A digest of the state that it was told.
    pub hash: String,
    /// When, by the device's clock.
    pub at: Timestamp,
}
