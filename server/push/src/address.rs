//! Addresses at push services, checked.
//!
//! What a device uploaded is parsed once, here; adapters never check it again. Every address is a
//! secret in logs, so `Debug` shows its kind only.

mod android;
mod apns;
mod fcm;
mod web_push;

pub use android::{HmsAddress, RustoreAddress};
pub use apns::ApnsAddress;
pub use fcm::{FcmAddress, FcmText};
pub use web_push::{Subscription, SubscriptionKeys};

/// The two worlds of APNs. A token of one is unknown in the other.
pub use vestnik_model::PushEnvironment as Environment;
use vestnik_model::{Open, PushAddress, PushAddressKind};

use crate::origin::OriginError;

/// An address at a push service that this crate has an adapter for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// At Firebase Cloud Messaging.
    Fcm(FcmAddress),
    /// At the Apple Push Notification service.
    Apns(ApnsAddress),
    /// At the Web Push service of a browser or of a `UnifiedPush` distributor.
    WebPush(Box<Subscription>),
    /// At Huawei Push Kit.
    Hms(HmsAddress),
    /// At `RuStore`.
    Rustore(RustoreAddress),
}

impl Address {
    /// Checks an address as a device uploaded it. `environment` is where a device token of APNs is
    /// valid, if that is known, and concerns no other service.
    ///
    /// # Errors
    /// [`AddressError`] that says what is wrong with it.
    pub fn parse(
        address: &PushAddress,
        environment: Option<Environment>,
    ) -> Result<Self, AddressError> {
        let value = address.value.as_str();
        let Open::Known(kind) = address.kind else {
            return Err(AddressError::NoAdapter);
        };
        match kind {
            PushAddressKind::FcmToken => FcmAddress::token(value).map(Self::Fcm),
            PushAddressKind::FcmFid => FcmAddress::installation(value).map(Self::Fcm),
            PushAddressKind::Apns => ApnsAddress::parse(value, environment).map(Self::Apns),
            PushAddressKind::Webpush => {
                Subscription::from_json(value).map(|parsed| Self::WebPush(Box::new(parsed)))
            }
            PushAddressKind::Hms => HmsAddress::parse(value).map(Self::Hms),
            PushAddressKind::Rustore => RustoreAddress::parse(value).map(Self::Rustore),
        }
    }
}

/// Why a text is no address.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It is empty.
    #[error("the address is empty")]
    Empty,
    /// It is longer than any address of its kind.
    #[error("the address has more than {max} bytes")]
    TooLong {
        /// The most bytes allowed.
        max: usize,
    },
    /// It has a character that no address of its kind has.
    #[error("the address has a character that none of its kind has")]
    Character,
    /// It is not the JSON of a Web Push subscription.
    #[error("the subscription cannot be read")]
    Json(#[source] serde_json::Error),
    /// The subscription's endpoint is not an `https` address without user and fragment.
    #[error("the endpoint is not an https address")]
    Endpoint,
    /// The endpoint has no origin.
    #[error("the endpoint has no origin")]
    Origin(#[from] OriginError),
    /// The subscription's `p256dh` is not an uncompressed point of P-256.
    #[error("the subscription's key is not a point of P-256")]
    Key,
    /// The subscription's `auth` is not a secret of 16 bytes.
    #[error("the subscription's secret does not have 16 bytes")]
    Auth,
    /// This crate has no adapter for the address's service.
    #[error("there is no adapter for this kind of address")]
    NoAdapter,
}

/// Checks that a text has between one and `max` bytes, all allowed.
fn check(text: &str, max: usize, is_allowed: impl Fn(u8) -> bool) -> Result<(), AddressError> {
    if text.is_empty() {
        return Err(AddressError::Empty);
    }
    if text.len() > max {
        return Err(AddressError::TooLong { max });
    }
    if !text.bytes().all(is_allowed) {
        return Err(AddressError::Character);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
