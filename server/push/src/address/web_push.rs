//! Subscriptions of Web Push.

use std::fmt;

use aws_lc_rs::agreement::{ECDH_P256, ParsedPublicKey, UnparsedPublicKey};
use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::Uri;
use serde::Deserialize;

use super::AddressError;
use crate::origin::Origin;

/// Browsers write base64url without padding; libraries between them and us sometimes add it.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The first byte of an uncompressed point (SEC 1, 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// A Web Push subscription: where to send, and for whom to encrypt.
#[derive(Clone, PartialEq, Eq)]
pub struct Subscription {
    endpoint: Uri,
    origin: Origin,
    keys: SubscriptionKeys,
}

/// The keys of a subscription (RFC 8291, 2).
#[derive(Clone, PartialEq, Eq)]
pub struct SubscriptionKeys {
    /// The user agent's public key, an uncompressed point of P-256.
    pub(crate) public: [u8; 65],
    /// The authentication secret.
    pub(crate) auth: [u8; 16],
}

/// What `PushSubscription.toJSON()` of the Push API gives; other fields are ignored.
#[derive(Deserialize)]
struct Json {
    endpoint: String,
    keys: JsonKeys,
}

#[derive(Deserialize)]
struct JsonKeys {
    p256dh: String,
    auth: String,
}

impl Subscription {
    /// The most bytes of an endpoint.
    pub const MAX_ENDPOINT_BYTES: usize = 2_048;

    /// Checks a subscription as browsers write it.
    ///
    /// # Errors
    /// [`AddressError`] that says what is wrong with it.
    pub fn from_json(text: &str) -> Result<Self, AddressError> {
        let json: Json = serde_json::from_str(text).map_err(AddressError::Json)?;
        let keys = SubscriptionKeys::parse(&json.keys.p256dh, &json.keys.auth)?;
        Self::new(&json.endpoint, keys)
    }

    /// Checks an endpoint: an `https` address (RFC 8030, 8) that names no user. Whether its host is one
    /// that a server may connect to is for the outbound client to say, after resolution.
    ///
    /// # Errors
    /// [`AddressError`] that says what is wrong with it.
    pub fn new(endpoint: &str, keys: SubscriptionKeys) -> Result<Self, AddressError> {
        let max = Self::MAX_ENDPOINT_BYTES;
        if endpoint.len() > max {
            return Err(AddressError::TooLong { max });
        }
        let uri: Uri = endpoint.parse().map_err(|_| AddressError::Endpoint)?;
        if uri.scheme_str() != Some("https") || endpoint.contains('#') {
            return Err(AddressError::Endpoint);
        }
        Ok(Self {
            origin: Origin::of(&uri)?,
            endpoint: uri,
            keys,
        })
    }

    /// Where pushes are sent; whoever knows it can name the subscription.
    #[must_use]
    pub const fn endpoint(&self) -> &Uri {
        &self.endpoint
    }

    /// The push service.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// For whom pushes are encrypted.
    #[must_use]
    pub const fn keys(&self) -> &SubscriptionKeys {
        &self.keys
    }
}

impl SubscriptionKeys {
    /// Checks the two keys of a subscription, in base64url.
    ///
    /// # Errors
    /// [`AddressError`] if `p256dh` is not an uncompressed point of P-256, or `auth` not 16 bytes.
    pub fn parse(p256dh: &str, auth: &str) -> Result<Self, AddressError> {
        let public: [u8; 65] = decode(p256dh).ok_or(AddressError::Key)?;
        let point = UnparsedPublicKey::new(&ECDH_P256, &public);
        let is_on_curve = ParsedPublicKey::try_from(&point).is_ok();
        if public[0] != UNCOMPRESSED || !is_on_curve {
            return Err(AddressError::Key);
        }
        let auth = decode(auth).ok_or(AddressError::Auth)?;
        Ok(Self { public, auth })
    }
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    // A longer text is not worth decoding.
    if text.len() > N * 2 {
        return None;
    }
    BASE64URL.decode(text).ok()?.try_into().ok()
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SubscriptionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionKeys").finish_non_exhaustive()
    }
}
