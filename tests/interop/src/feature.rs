//! What every client is put through, and how it ended.

use serde::Deserialize;

/// What every client is put through, in this order.
pub(crate) const FEATURES: [&str; 19] = [
    "connect",
    "invoke",
    "void",
    "error",
    "unknown_method",
    "argument_count",
    "argument_type",
    "stream",
    "cancel",
    "upload",
    "client_result",
    "group",
    "bearer",
    "redirect",
    "close_for_good",
    "close_reconnect",
    "reconnect",
    "stateful_reconnect",
    "flood",
];

/// How a feature went, as the client's program tells it: a JSON object a line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Told {
    pub(crate) feature: String,
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
}

/// How a feature went.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It did what it should.
    Pass,
    /// It did something else.
    Fail {
        /// What.
        detail: String,
    },
    /// The client does not have it.
    Absent {
        /// Where that is said or seen.
        detail: String,
    },
}

impl Outcome {
    pub(crate) fn failed(detail: impl Into<String>) -> Self {
        Self::Fail {
            detail: detail.into(),
        }
    }

    /// The word of the table.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail { .. } => "FAIL",
            Self::Absent { .. } => "-",
        }
    }
}
