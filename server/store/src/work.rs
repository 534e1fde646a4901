//! Work: what is due when.

use jiff::Timestamp;
use vestnik_model::AppId;
use vestnik_rules::work::{Claim, Progress, WorkKind};

use crate::Answer;

/// Work that is due, claimed by lease and fence.
pub trait Work {
    /// Claims rows of a kind that are due: at most one of an App in a call, beginning behind the App
    /// that was looked at last, so that no App waits for another's backlog. A call may look at a part
    /// of the Apps only: the next one goes on behind [`Claimed::behind`].
    fn claim(&self, asked: ClaimQuery) -> Answer<'_, Claimed>;
    /// Does one part of a claimed row's work in one transaction that checks the fence. Effects as of
    /// the work.
    fn perform(&self, part: Part) -> Answer<'_, Progress>;
    /// Puts a row back that failed; tells whether the claim still stood.
    fn put_back(&self, failure: FailedWork) -> Answer<'_, bool>;
    /// When the next row of a kind is due, if there is one.
    fn next_due(&self, kind: WorkKind) -> Answer<'_, Option<Timestamp>>;
    /// What waits and what fails, by kind.
    fn backlog(&self, now: Timestamp) -> Answer<'_, Vec<Backlog>>;
}

/// Which rows to claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimQuery {
    /// The kind.
    pub kind: WorkKind,
    /// The App that was looked at last.
    pub behind: Option<AppId>,
    /// Apps whose rows are left to others.
    pub except: Vec<AppId>,
    /// The most rows.
    pub limit: u32,
    /// Until when the claims hold.
    pub lease_until: Timestamp,
    /// The time.
    pub now: Timestamp,
}

/// What a call claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The claims, each of another App.
    pub claims: Vec<Claim>,
    /// The App that was looked at last.
    pub behind: Option<AppId>,
    /// Whether every App was looked at: nothing else can be claimed now.
    pub has_gone_round: bool,
}

/// A part to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The claim.
    pub claim: Claim,
    /// The most rows of whatever the part is made of.
    pub rows: u32,
    /// 32 random bytes: the tags of log entries are derived from them.
    pub seed: [u8; 32],
    /// The time.
    pub now: Timestamp,
}

/// Work that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedWork {
    /// The claim.
    pub claim: Claim,
    /// When it is tried again.
    pub due: Timestamp,
    /// What failed, for the operator: no content, no secrets.
    pub error: String,
}

/// What waits of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// The kind.
    pub kind: WorkKind,
    /// When the oldest row that is due was due.
    pub oldest_due: Option<Timestamp>,
    /// Rows that failed at their last try.
    pub failing: u64,
    /// The last error of one of them.
    pub error: Option<String>,
}
