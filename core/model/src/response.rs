//! What a person did with a notification's buttons, for its sender.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A button that a person pressed, or a text that they answered.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Response {
    /// The id of the button, as the sender named it; none for an answer without a button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The text of an answer, at most [`MAX_REPLY_CHARS`](crate::fact::MAX_REPLY_CHARS) characters: plain
    /// text, never HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Leaves the text out: it is content.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_in_no_log() {
        let response = Response {
            action: Some("answer".to_owned()),
            text: Some("Ring twice".to_owned()),
        };
        assert!(!format!("{response:?}").contains("Ring"));
    }
}
