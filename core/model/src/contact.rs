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
        let printed = format!("{request:?} {view:?}");
        assert!(!printed.contains("anna"), "{printed}");
    }
}
