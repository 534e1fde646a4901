//! By whose clock users are notified, and when they want quiet.

use jiff::Timestamp;
use vestnik_model::{AppId, UserId, publish::ZoneName};
use vestnik_rules::schedule::Said;

use crate::Answer;

/// What Apps say of their users' clocks. An erasure deletes what was said of the user at once.
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
