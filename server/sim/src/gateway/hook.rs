//! Requests that a platform sends.

use serde_json::Value;

/// What a platform reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// A message is on the device.
    Delivered {
        /// The platform's id of the message.
        id: String,
    },
    /// A message was read.
    Read {
        /// The platform's id of the message.
        id: String,
    },
    /// A message does not arrive.
    Failed {
        /// The platform's id of the message.
        id: String,
    },
    /// A person opened a chat by a link.
    Started {
        /// What the link carries.
        parameter: String,
        /// The chat.
        chat: String,
    },
    /// A person lets nothing more into the chat.
    Blocked {
        /// The chat.
        chat: String,
    },
    /// A person opened the chat again.
    Unblocked {
        /// The chat.
        chat: String,
    },
    /// The platform asks whether the server wants its requests.
    Handshake,
}

/// A request that a platform sends, with its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The query, without the question mark.
    pub query: String,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

impl Hook {
    pub(crate) fn json(body: &Value) -> Self {
        Self {
            method: "POST",
            query: String::new(),
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.to_string(),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
