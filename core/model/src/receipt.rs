//! Receipts: a device's durable facts about a delivery.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::NotificationId;

/// The most receipts one report may carry.
pub const MAX_RECEIPTS: usize = 500;

/// One fact. Repeating it changes nothing: it is known by notification, installation and kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// What it is about.
    #[serde(alias = "notificationId", rename(serialize = "notificationId"))]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub notification_id: NotificationId,
    /// What happened.
    pub kind: ReceiptKind,
    /// When, by the device's clock set right by the server's.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
}

/// What happened to a notification on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReceiptKind {
    /// Committed to the device's history.
    Delivered,
    /// The system took the toast.
    Displayed,
    /// Opened, seen in the history, or marked by the person.
    Read,
    /// A tap opened it.
    Clicked,
    /// The person put it away.
    Dismissed,
}

impl ReceiptKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Delivered,
        Self::Displayed,
        Self::Read,
        Self::Clicked,
        Self::Dismissed,
    ];

    /// The kind as it stands in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Displayed => "displayed",
            Self::Read => "read",
            Self::Clicked => "clicked",
            Self::Dismissed => "dismissed",
        }
    }

    /// The kind of a text, if it is one of ours.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == code)
    }
}

/// The REST body that reports receipts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReportRequest {
    /// 1 to 500 facts.
    pub receipts: Vec<Receipt>,
}

/// The server's answer to a report: what it took is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reported {
    /// How many receipts are stored now, those known before among them.
    pub accepted: u32,
    /// Positions in the report of receipts for notifications that this user never had. They are
    /// final: repeating them does not help.
    #[serde(default)]
    pub unknown: Vec<u32>,
}
