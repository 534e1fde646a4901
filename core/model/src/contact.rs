//! Where a user is reached beside their installations.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The e-mail address of a user, as the App's backend sets it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EmailRequest {
    /// `name@domain`. The server checks the form; that the address is the user's is for the backend to
    /// know.
    pub address: String,
}

/// The e-mail address of a user, as the App's backend sees it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EmailView {
    /// The address; an internationalised domain in its ASCII form.
    pub address: String,
    /// When it was last set.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub set_at: Timestamp,
    /// Since when it is dead, because a mail server said that there is no such mailbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub died_at: Option<Timestamp>,
}

/// The chat of a user at a gateway, as the App's backend sets it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChatRequest {
    /// The messenger's id of the chat with the App's bot: 1 to 128 visible ASCII characters.
    pub id: String,
}

/// The chat of a user at a gateway, as the App's backend sees it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChatView {
    /// The messenger's id of it.
    pub id: String,
    /// When it was last set or opened.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub set_at: Timestamp,
    /// Since when it is blocked, or gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub died_at: Option<Timestamp>,
}

/// A link by which a user opens a chat with the App's bot.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChatLinkView {
    /// The link. Whoever opens it first is the user to the App.
    pub url: String,
    /// Until when it is of use.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub expires_at: Timestamp,
}

/// Shows nothing of it: chats stay out of logs.
impl fmt::Debug for ChatRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatRequest").finish_non_exhaustive()
    }
}

/// Shows the times only: chats stay out of logs.
impl fmt::Debug for ChatView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatView")
            .field("set_at", &self.set_at)
            .field("died_at", &self.died_at)
            .finish_non_exhaustive()
    }
}

/// Shows the time only: the link is a secret.
impl fmt::Debug for ChatLinkView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatLinkView")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Shows nothing of it: addresses stay out of logs.
impl fmt::Debug for EmailRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailRequest").finish_non_exhaustive()
    }
}

/// Shows the times only: addresses stay out of logs.
impl fmt::Debug for EmailView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailView")
            .field("set_at", &self.set_at)
            .field("died_at", &self.died_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_address() {
        let request: EmailRequest = serde_json::from_str(r#"{"address": "anna@a.b"}"#).unwrap();
        let view = EmailView {
            address: request.address.clone(),
            set_at: Timestamp::UNIX_EPOCH,
            died_at: None,
        };
        let chat: ChatRequest = serde_json::from_str(r#"{"id": "anna"}"#).unwrap();
        let chat_view = ChatView {
            id: chat.id.clone(),
            set_at: Timestamp::UNIX_EPOCH,
            died_at: None,
        };
        let link = ChatLinkView {
            url: "https://t.me/bot?start=anna".to_owned(),
            expires_at: Timestamp::UNIX_EPOCH,
        };
        let printed = format!("{request:?} {view:?} {chat:?} {chat_view:?} {link:?}");
        assert!(!printed.contains("anna"), "{printed}");
    }
}
