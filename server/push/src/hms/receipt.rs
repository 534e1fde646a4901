//! Huawei's receipts: what became of pushes that it took.
//!
//! Huawei sends them to an address that the operator enters in its console, with a user name and a secret of the
//! operator's choice, in either of two forms: version 1 for apps for Android, version 2 for `HarmonyOS` from 5. A header
//! proves that the request is from Huawei: `X-HUAWEI-CALLBACK-ID: timestamp=…; nonce=…; value=…`, whose value is the
//! HMAC-SHA256 of timestamp, nonce and user name. It says nothing of the body, which TLS protects; whoever takes the
//! request sees to it that no nonce comes again with another body.
//!
//! Sources: <https://developer.huawei.com/consumer/cn/doc/harmonyos-guides/push-msg-receipt> and
//! <https://developer.huawei.com/consumer/cn/doc/harmonyos-references/push-api-msg-receipt>.

use std::fmt;

use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use vestnik_model::AttemptId;

use crate::field::{AccountError, Fields};

/// The header with the proof.
pub const RECEIPT_HEADER: &str = "x-huawei-callback-id";
/// The most receipts of a request, as Huawei says.
pub const MAX_RECEIPTS: usize = 100;
/// The most bytes of a nonce that is looked at; Huawei's are UUIDs.
const MAX_NONCE: usize = 64;
const USER: &str = "receipt_user";
const SECRET: &str = "receipt_secret";

/// The user name and the secret that Huawei signs receipts with.
pub struct ReceiptKey {
    user: String,
    secret: SecretString,
}

/// Shows nothing: both are the operator's.
impl fmt::Debug for ReceiptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceiptKey").finish_non_exhaustive()
    }
}

/// What a request says of itself in its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// When it was signed, as Huawei says.
    pub signed_at: Timestamp,
    /// What makes it another request than the others of this time.
    pub nonce: String,
    timestamp: String,
    value: Vec<u8>,
}

/// A receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The attempt whose push it is about.
    pub attempt: AttemptId,
    /// The SHA-256 of the token that the push went to.
    pub token: [u8; 32],
    /// Huawei's number for what became of it.
    pub code: u32,
    /// When, if Huawei says so.
    pub at: Option<Timestamp>,
}

/// Why receipts are not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The body is no list of receipts.
    #[error("the body cannot be read")]
    Unreadable,
    /// There are too many.
    #[error("the request has more than {MAX_RECEIPTS} receipts")]
    TooMany,
}

impl ReceiptKey {
    /// Reads the fields of an account: both or none of them.
    pub(super) fn of(fields: &Fields) -> Result<Option<Self>, AccountError> {
        if fields.optional(USER)?.is_none() && fields.optional(SECRET)?.is_none() {
            return Ok(None);
        }
        Ok(Some(Self {
            user: fields.text(USER)?.to_owned(),
            secret: fields.text(SECRET)?.to_owned().into(),
        }))
    }

    /// Whether a proof was made with this key, in constant time. Huawei uses a secret that it made itself decoded from
    /// base64, and an older one as it is written.
    #[must_use]
    pub fn verifies(&self, proof: &Proof) -> bool {
        let secret = self.secret.expose_secret();
        let text = [&proof.timestamp, &proof.nonce, &self.user].map(String::as_str);
        let text = text.concat();
        let is_by = |key: &[u8]| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, key);
            hmac::verify(&key, text.as_bytes(), &proof.value).is_ok()
        };
        let decoded = STANDARD.decode(secret).ok();
        let is_by_decoded = decoded.is_some_and(|key| !key.is_empty() && is_by(&key));
        is_by(secret.as_bytes()) | is_by_decoded
    }
}

impl Proof {
    /// Reads the header. `None` if it is not of its form.
    #[must_use]
    pub fn read(header: &str) -> Option<Self> {
        let (mut timestamp, mut nonce, mut value) = (None, None, None);
        for part in header.split(';') {
            match part.trim().split_once('=')? {
                ("timestamp", text) => timestamp = Some(text),
                ("nonce", text) => nonce = Some(text),
                ("value", text) => value = Some(text),
                _ => {}
            }
        }
        let (timestamp, nonce) = (timestamp?, nonce?);
        let is_nonce = (1..=MAX_NONCE).contains(&nonce.len());
        Some(Self {
            signed_at: Timestamp::from_millisecond(timestamp.parse().ok()?).ok()?,
            nonce: is_nonce.then(|| nonce.to_owned())?,
            timestamp: timestamp.to_owned(),
            value: STANDARD.decode(value?).ok()?,
        })
    }
}

/// Reads the body of a request. A receipt about what was not sent by this server, or of a form that is not known, is
/// passed over: it is about nothing that anybody waits for.
///
/// # Errors
/// [`ReceiptError`].
pub fn receipts(body: &[u8]) -> Result<Vec<Receipt>, ReceiptError> {
    let body: Body = serde_json::from_slice(body).map_err(|_| ReceiptError::Unreadable)?;
    if body.statuses.len() > MAX_RECEIPTS {
        return Err(ReceiptError::TooMany);
    }
    let read = body.statuses.into_iter().filter_map(|entry| match entry {
        Entry::Status(status) => status.read(),
        Entry::Other(_) => None,
    });
    Ok(read.collect())
}

#[derive(Deserialize)]
struct Body {
    statuses: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Status(Status),
    Other(IgnoredAny),
}

/// A receipt of either version.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    bi_tag: String,
    token: String,
    /// Version 1.
    #[serde(default, deserialize_with = "number")]
    status: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    timestamp: Option<i64>,
    /// Version 2.
    #[serde(default)]
    delivery_status: Option<DeliveryStatus>,
}

#[derive(Deserialize)]
struct DeliveryStatus {
    #[serde(default, deserialize_with = "number")]
    result: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    timestamp: Option<i64>,
}

/// A number, which may be written as a text.
fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(i64),
        Text(String),
        Other(IgnoredAny),
    }
    Ok(match Either::deserialize(from)? {
        Either::Number(number) => Some(number),
        Either::Text(text) => text.parse().ok(),
        Either::Other(_) => None,
    })
}

impl Status {
    fn read(self) -> Option<Receipt> {
        let (code, at) = match self.delivery_status {
            Some(told) => (told.result, told.timestamp),
            None => (self.status, self.timestamp),
        };
        let mut token = [0; 32];
        token.copy_from_slice(digest(&SHA256, self.token.as_bytes()).as_ref());
        Some(Receipt {
            attempt: self.bi_tag.parse().ok()?,
            token,
            code: u32::try_from(code?).ok()?,
            at: at.and_then(|at| Timestamp::from_millisecond(at).ok()),
        })
    }
}
