//! Why a delivery went no further: a registry of `class.detail` codes that only grows.

use crate::open::words;

/// Why a delivery went no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The user has no installation to deliver to.
    DeviceNoneActive,
    /// Its time to live ran out before it was handed over.
    ExpiredTtl,
    /// It was handed over, and no device confirmed it before its time to live ran out.
    DeliveryUnconfirmed,
    /// The sender cancelled it before it was handed over.
    CancelledSender,
}

words!(Reason {
    DeviceNoneActive = "device.none_active",
    ExpiredTtl = "expired.ttl",
    DeliveryUnconfirmed = "delivery.unconfirmed",
    CancelledSender = "cancelled.sender",
});
