//! How a sender says who they are to any push service (RFC 8292).

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderValue, Uri};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use vestnik_model::url::HttpsUrl;

use crate::{
    jws::{self, Header, TokenError},
    key::{KeyError, P256Key},
    origin::Origin,
};

/// A sender's key. Subscriptions are made for its public part and take pushes of no other.
pub struct VapidKey {
    key: P256Key,
    contact: Contact,
}

/// Where a push service reaches the sender if their pushes make trouble: `mailto:` or `https:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact(String);

/// A text is no contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a mailto: or an https: address")]
pub struct ContactError;

impl Contact {
    /// The most bytes of a contact.
    pub const MAX_BYTES: usize = 256;

    /// Checks a contact. Apple's service refuses other forms than these two.
    ///
    /// # Errors
    /// [`ContactError`] if it has another form.
    pub fn parse(text: &str) -> Result<Self, ContactError> {
        let is_mail = text.strip_prefix("mailto:").is_some_and(|mail| {
            let parts = mail.split_once('@');
            parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
        });
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        let is_contact = is_visible && (is_mail || HttpsUrl::parse(text).is_ok());
        if is_contact && text.len() <= Self::MAX_BYTES {
            Ok(Self(text.to_owned()))
        } else {
            Err(ContactError)
        }
    }
}

impl VapidKey {
    /// A key of PKCS#8 in PEM.
    ///
    /// # Errors
    /// [`KeyError`] if it is something else.
    pub fn from_pem(pem: &str, contact: Contact) -> Result<Self, KeyError> {
        let key = P256Key::from_pem(pem)?;
        Ok(Self { key, contact })
    }

    /// A key in base64url, as tools for Web Push write it.
    ///
    /// # Errors
    /// [`KeyError`] if it is something else.
    pub fn from_scalar(text: &str, contact: Contact) -> Result<Self, KeyError> {
        let key = P256Key::from_scalar(text)?;
        Ok(Self { key, contact })
    }

    /// The public key in base64url: the `applicationServerKey` that a browser subscribes with.
    #[must_use]
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.key.public())
    }

    /// Where the sender is reached.
    pub(crate) const fn contact(&self) -> &Contact {
        &self.contact
    }

    /// Signs a token for a push service.
    ///
    /// # Errors
    /// [`TokenError`] if the key cannot sign.
    pub fn token(&self, origin: &Origin, now: Timestamp) -> Result<VapidToken, TokenError> {
        let header = Header {
            alg: "ES256",
            typ: Some("JWT"),
            kid: None,
        };
        let expires_at = now
            .saturating_add(VapidToken::LIFE)
            .unwrap_or(Timestamp::MAX);
        let claims = Claims {
            aud: origin.as_str(),
            exp: expires_at.as_second(),
            sub: &self.contact.0,
        };
        let token = jws::compact(&header, &claims, |bytes| self.key.sign(bytes))?;
        Ok(VapidToken {
            header: format!("vapid t={token}, k={}", self.public()),
            origin: origin.clone(),
            expires_at,
        })
    }
}

impl fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VapidKey")
            .field("contact", &self.contact)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    exp: i64,
    sub: &'a str,
}

/// A token for one push service.
#[derive(Clone)]
pub struct VapidToken {
    header: String,
    origin: Origin,
    expires_at: Timestamp,
}

impl VapidToken {
    /// How long a token is good for. A day is the most (RFC 8292, 2), and clocks differ.
    pub const LIFE: SignedDuration = SignedDuration::from_hours(12);
    /// How long before its end a token is renewed.
    const RENEW_BEFORE: SignedDuration = SignedDuration::from_hours(1);

    /// Whether the token should be renewed by now.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.expires_at.duration_since(now) <= Self::RENEW_BEFORE
    }

    /// Whether the token is past its end.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }

    pub(super) fn is_for(&self, endpoint: &Uri) -> bool {
        Origin::of(endpoint).is_ok_and(|origin| origin == self.origin)
    }

    pub(super) fn header(&self) -> Result<HeaderValue, http::Error> {
        let mut value = HeaderValue::from_str(&self.header)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for VapidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VapidToken")
            .field("origin", &self.origin)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
