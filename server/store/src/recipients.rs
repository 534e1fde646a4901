//! By whose clock users are notified, when they want quiet, and what they do not want.

use jiff::Timestamp;
use vestnik_model::{
    AppId, CategoryName, FieldProblem, UserId,
    preference::{OptOutChange, OptOuts},
    publish::ZoneName,
};
use vestnik_rules::{schedule::Said, session::Session};

use crate::Answer;

/// Whose opt-outs are changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// Those of a user, whom their App's backend names.
    User(AppId, UserId),
    /// Those of the user who is logged in on an installation.
    Session(Session),
}

/// What came of a change of opt-outs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptOutOutcome {
    /// What the user does not want now.
    Now(OptOuts),
    /// The session has ended; nothing changed.
    SessionEnded,
    /// Lists would be too long; nothing changed.
    TooLong(Vec<FieldProblem>),
}

/// The number of a user in a store. It is never given again: who takes the name of a user who was erased has
/// another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserNumber(pub i64);

/// The reader of a letter: the user whom it was written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// Their App.
    pub app: AppId,
    /// Their name.
    pub user: UserId,
    /// Their number, when the letter was written.
    pub number: UserNumber,
}

/// What Apps and people say of when, and of what, somebody is notified. An erasure deletes what was said of the user at once.
pub trait Recipients {
    /// Sets what is said of a user, whole. A user who is not known is made. What waits for them is asked about
    /// anew, by work of kind `AskAnew`. Effects: `WorkDue`, and `Told` if the quiet hours are others.
    fn put_attributes(
        &self,
        app: AppId,
        user: UserId,
        said: Said,
        now: Timestamp,
    ) -> Answer<'_, ()>;
    /// What is said of a user; `None` for one who is not known.
    fn attributes(&self, app: AppId, user: UserId) -> Answer<'_, Option<Said>>;
    /// Changes what a user does not want by [`consent::changed`](vestnik_rules::consent::changed). A user who is
    /// not known is made. What waits for them is asked about anew if anything is another than before. Effects:
    /// `WorkDue`, `Told`.
    fn change_opt_outs(
        &self,
        whose: Whose,
        change: OptOutChange,
        now: Timestamp,
    ) -> Answer<'_, OptOutOutcome>;
    /// Adds a category to what the reader of a letter does not want, or everything, by
    /// [`consent::unsubscribed`](vestnik_rules::consent::unsubscribed), and tells whether that is news. Nothing is
    /// said of a reader who is gone, nor of somebody else who has their name now. What waits for the reader is asked
    /// about anew. Effects: `WorkDue`, `Told`.
    fn unsubscribe_by_letter(
        &self,
        reader: Reader,
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
