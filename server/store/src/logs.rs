//! Users' logs.

use jiff::Timestamp;
use vestnik_model::{AppId, Cursor, Entry, InstallationId, UserId};
use vestnik_rules::{
    log::{Candidate, Place, Standing},
    session::Session,
};

use crate::Answer;

/// Users' logs: the truth that live calls only hint at.
pub trait Logs {
    /// What the log of a session's user knows about a cursor; `None` when the session is not the
    /// present one any more. A cursor that proves another history begins a new epoch of the log, at
    /// most once in a while (`renew`), and then counts as none.
    fn open_log(&self, opening: Opening) -> Answer<'_, Option<Opened>>;
    /// A stretch of a user's log, for all of their devices at once, with the sessions that may read it,
    /// in one snapshot.
    fn read_log(&self, slice: LogSlice) -> Answer<'_, Stretch>;
    /// The heads of many logs, in the order asked.
    fn heads(&self, users: Vec<(AppId, UserId)>) -> Answer<'_, Vec<Place>>;
}

/// A device greets, or reads on.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The session.
    pub session: Session,
    /// Where the device stands.
    pub cursor: Option<Cursor>,
    /// 32 random bits for the next epoch, if one is needed.
    pub random: u32,
    /// The time.
    pub now: Timestamp,
}

/// What a log knows about a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// The end of the log.
    pub head: Place,
    /// What the cursor is to it. [`Standing::OtherHistory`] only while a new epoch is refused because
    /// the last one is too young.
    pub standing: Standing,
}

/// A stretch of a log to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSlice {
    /// The tenant.
    pub app: AppId,
    /// The user.
    pub user: UserId,
    /// After which entry; a place of another epoch counts as the beginning.
    pub after: Option<Place>,
    /// The most entries.
    pub entries: u32,
    /// The most bytes of entries; the first entry is read whatever its size.
    pub bytes: usize,
    /// Entries that expired before are read without their content.
    pub now: Timestamp,
}

/// A stretch of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// The place that it follows.
    pub after: Place,
    /// The end of the log in the same snapshot.
    pub head: Place,
    /// The entries, in order.
    pub entries: Vec<StretchEntry>,
    /// The present sessions of the user: nobody else is given any of it.
    pub sessions: Vec<(InstallationId, u64)>,
}

/// An entry of a stretch.
#[derive(Debug, Clone, PartialEq)]
pub struct StretchEntry {
    /// For whom it is, until when, and its place.
    pub candidate: Candidate,
    /// The entry; absent when it has expired or cannot be read.
    pub entry: Option<Entry>,
}
