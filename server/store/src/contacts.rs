//! Where users are reached beside their installations.

use std::fmt;

use jiff::Timestamp;
use vestnik_model::{AppId, GatewayName, UserId, chat::ChatId, email::EmailAddress};
use vestnik_rules::chat::Standing;

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
    /// Sets the chat of a user at a gateway, who is made if they are not known. Another user of the App who had it has
    /// it no more. One that the gateway said to be blocked lately, and is set again, stays blocked for a while
    /// ([`vestnik_rules::gateway::stays_dead`]).
    fn put_chat(&self, whose: ChatOf, chat: ChatId, now: Timestamp) -> Answer<'_, ()>;
    /// The chat of a user at a gateway.
    fn chat(&self, whose: ChatOf) -> Answer<'_, Option<Chat>>;
    /// Deletes the chat of a user at a gateway; tells whether there was one.
    fn delete_chat(&self, whose: ChatOf) -> Answer<'_, bool>;
    /// Notes what happened to chats at a gateway, in this order: what happened last counts ([`vestnik_rules::chat`]).
    /// Tells of each whether it is about anybody: somebody has the chat, or the link is good; it is used up then.
    fn note_chats(&self, reports: ChatReports) -> Answer<'_, Vec<bool>>;
    /// Keeps a link by which a user is to open a chat at a gateway, in the place of a former one. It is known by the
    /// hash of what it carries.
    fn put_chat_link(&self, whose: ChatOf, link: ChatLink) -> Answer<'_, ()>;
}

/// Whose chat, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatOf {
    /// The tenant.
    pub app: AppId,
    /// The user.
    pub user: UserId,
    /// The gateway.
    pub gateway: GatewayName,
}

/// The chat of a user at a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chat {
    /// The gateway's id of it.
    pub id: ChatId,
    /// When it was last set.
    pub set_at: Timestamp,
    /// Since when it is blocked, or gone, if it is.
    pub died_at: Option<Timestamp>,
    /// Whether the gateway told no time of that.
    pub is_undated: bool,
}

impl Chat {
    /// How it stands.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        Standing {
            set_at: self.set_at,
            died_at: self.died_at,
            is_undated: self.is_undated,
        }
    }
}

/// What a gateway says of chats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatReports {
    /// The tenant.
    pub app: AppId,
    /// The gateway.
    pub gateway: GatewayName,
    /// What happened, the first first.
    pub events: Vec<ChatEvent>,
    /// The time.
    pub now: Timestamp,
}

/// What happened to a chat.
#[derive(Clone, PartialEq, Eq)]
pub struct ChatEvent {
    /// The chat.
    pub chat: ChatId,
    /// What happened.
    pub change: ChatChange,
    /// When.
    pub at: Timestamp,
}

/// The chat is somebody's.
impl fmt::Debug for ChatEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatEvent")
            .field("change", &self.change)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// What a person did to a chat.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ChatChange {
    /// They opened it by a link that is known by this hash.
    Started([u8; 32]),
    /// They opened it.
    Opened,
    /// They blocked it, or left.
    Blocked {
        /// Whether the gateway told no time of it.
        is_undated: bool,
    },
}

/// The hash of a link is a secret.
impl fmt::Debug for ChatChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Started(_) => "Started",
            Self::Opened => "Opened",
            Self::Blocked { .. } => "Blocked",
        })
    }
}

/// A link by which a user is to open a chat.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ChatLink {
    /// The hash of what it carries.
    pub hash: [u8; 32],
    /// Until when it is of use.
    pub expires_at: Timestamp,
}

impl fmt::Debug for ChatLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatLink")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
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
