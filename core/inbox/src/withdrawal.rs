//! The content of a push that withdraws, in its plain form.

use serde::{Deserialize, Serialize};
use vestnik_model::{NotificationId, UserId};

use crate::payload::PayloadError;

/// The most bytes of a withdrawal; it has two ids.
const BYTES: usize = 4 * 1_024;

/// The content of a push that takes a notification off the screen, in its plain form: the sender recalled it
/// while the device slept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Withdrawal {
    /// Whose notification it is.
    pub user: UserId,
    /// The notification.
    pub withdraws: NotificationId,
}

impl Withdrawal {
    /// A withdrawal.
    #[must_use]
    pub const fn new(user: UserId, withdraws: NotificationId) -> Self {
        Self { user, withdraws }
    }

    /// Reads a withdrawal. Fields that this version does not know are ignored.
    ///
    /// # Errors
    /// [`PayloadError`].
    pub fn parse(json: &[u8]) -> Result<Self, PayloadError> {
        if json.len() > BYTES {
            return Err(PayloadError::TooLarge);
        }
        serde_json::from_slice(json).map_err(|_| PayloadError::Unreadable)
    }
}
