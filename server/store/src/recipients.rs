//! By whose clock users are notified, when they want quiet, and what they do not want.

use jiff::Timestamp;
use vestnik_model::{AppId, CategoryName, UserId, preference::OptOuts, publish::ZoneName};
use vestnik_rules::{schedule::Said, session::Session};

use crate::Answer;

/// Whose opt-outs are set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// Those of a user, whom their App's backend names.
    User(AppId, UserId),
    /// Those of the user who is logged in on an installation.
    Session(Session),
}

/// What Apps and people say of when, and of what, somebody is notified. An erasure deletes what was said of the user at once.
pub trait Recipients {
    /// Sets what is said of a user, whole. A user who is not known is made. What waits for them is asked about
    /// anew, by work of kind `AskAnew`. Effects: `WorkDue`.
    fn put_attributes(
        &self,
        app: AppId,
        user: UserId,
        said: Said,
        now: Timestamp,
    ) -> Answer<'_, ()>;
    /// What is said of a user; `None` for one who is not known.
    fn attributes(&self, app: AppId, user: UserId) -> Answer<'_, Option<Said>>;
    /// Sets what a user does not want, whole, and tells whether it was set: not by a session that has ended. A
    /// user who is not known is made. What waits for them is asked about anew. Effects: `WorkDue`.
    fn put_opt_outs(&self, whose: Whose, opt_outs: OptOuts, now: Timestamp) -> Answer<'_, bool>;
    /// Adds a category to what a user does not want, or everything, and tells whether that is news: see
    /// [`consent::with`](vestnik_rules::consent::with). Nothing is said of a user who is not known. What waits
    /// for them is asked about anew. Effects: `WorkDue`.
    fn opt_out(
        &self,
        app: AppId,
        user: UserId,
        category: Option<CategoryName>,
        now: Timestamp,
    ) -> Answer<'_, bool>;
    /// What a user does not want; `None` for one who is not known.
    fn opt_outs(&self, app: AppId, user: UserId) -> Answer<'_, Option<OptOuts>>;
    /// Sets or deletes the zone of users whose own is not known. An App that is not there has none. What waits
    /// for anybody is asked about anew if the zone is another one. Effects: `WorkDue`.
    fn put_default_zone(
        &self,
        app: AppId,
        zone: Option<ZoneName>,
        now: Timestamp,
    ) -> Answer<'_, ()>;
    /// The zone of users whose own is not known.
    fn default_zone(&self, app: AppId) -> Answer<'_, Option<ZoneName>>;
}
