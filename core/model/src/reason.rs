//! Why a delivery went no further: a closed registry of `class.detail` codes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::status::DeliveryStatus;

/// Why a delivery went no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Reason {
    /// The user has no installation to deliver to.
    #[serde(rename = "device.none_active")]
    DeviceNoneActive,
    /// Its time to live ran out.
    #[serde(rename = "expired.ttl")]
    ExpiredTtl,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 2] = [Self::DeviceNoneActive, Self::ExpiredTtl];

    /// The code as it stands in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeviceNoneActive => "device.none_active",
            Self::ExpiredTtl => "expired.ttl",
        }
    }

    /// The code of a text, if it is one of ours.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == code)
    }

    /// The negative end that it leads to.
    #[must_use]
    pub const fn ends_as(self) -> DeliveryStatus {
        match self {
            Self::DeviceNoneActive => DeliveryStatus::Undelivered,
            Self::ExpiredTtl => DeliveryStatus::Expired,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
