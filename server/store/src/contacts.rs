//! Where users are reached beside their installations.

use jiff::Timestamp;
use vestnik_model::{AppId, UserId, email::EmailAddress};

use crate::Answer;

/// Where users are reached beside their installations. An erasure deletes it at once.
pub trait Contacts {
    /// Sets the e-mail address of a user, who is made if they are not known. An address that died lately
    /// and is set again stays dead for a while ([`vestnik_rules::address::upload`]), unless it was
    /// deleted in between.
    fn put_email(
        &self,
        app: AppId,
        user: UserId,
        address: EmailAddress,
        now: Timestamp,
    ) -> Answer<'_, ()>;
    /// The e-mail address of a user.
    fn email(&self, app: AppId, user: UserId) -> Answer<'_, Option<Email>>;
    /// Deletes the e-mail address of a user; tells whether there was one.
    fn delete_email(&self, app: AppId, user: UserId) -> Answer<'_, bool>;
}

/// The e-mail address of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// The address.
    pub address: EmailAddress,
    /// When it was last set.
    pub set_at: Timestamp,
    /// Since when it is dead, if it is.
    pub died_at: Option<Timestamp>,
}
