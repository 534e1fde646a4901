//! Letters and who sends them.

use std::fmt;

use vestnik_model::email::EmailAddress;
use vestnik_model::{
    DeliveryId, Notification,
    text::{TextError, Title},
    url::HttpsUrl,
};

use crate::tag::{ReturnPath, Tag, TagKey};

/// A notification to one mailbox.
#[derive(Clone)]
pub struct Letter<'a> {
    /// The delivery. A repetition is the same letter with the same `Message-ID`, so that mailboxes that
    /// look for it keep one of the two.
    pub delivery: DeliveryId,
    /// The mailbox.
    pub to: &'a EmailAddress,
    /// What it says.
    pub notification: &'a Notification,
    /// Where the reader can refuse more of the kind.
    pub unsubscribe: Option<&'a UnsubscribeUrl>,
}

/// Shows the delivery only: content and addresses stay out of logs.
impl fmt::Debug for Letter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter")
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}

/// Who sends letters. The domain of `from` is also that of `Message-ID`.
#[derive(Debug, Clone)]
pub struct Sender {
    /// What the reader sees.
    pub from: From,
    /// Where an answer of the reader goes, if not to `from`.
    pub reply_to: Option<EmailAddress>,
    /// Where bounces go.
    pub return_path: ReturnPath,
    /// The key of the marks in letters.
    pub key: TagKey,
}

impl Sender {
    /// The sender of a letter's envelope (RFC 5321, 4.1.1.2), without the brackets.
    #[must_use]
    pub fn envelope_sender(&self, delivery: DeliveryId) -> String {
        self.return_path.text(&self.key.tag(delivery))
    }

    /// The `Message-ID` of a letter, with its brackets.
    #[must_use]
    pub fn message_id(&self, delivery: DeliveryId) -> String {
        let tag = self.key.tag(delivery);
        self.message_id_of(&tag)
    }

    pub(crate) fn message_id_of(&self, tag: &Tag) -> String {
        format!("<{}@{}>", tag.as_str(), self.from.address.domain())
    }
}

/// A name and an address for the `From` of letters.
#[derive(Clone, PartialEq, Eq)]
pub struct From {
    name: Option<String>,
    address: EmailAddress,
}

impl From {
    /// The most characters of a name.
    pub const MAX_NAME_CHARS: usize = 100;

    /// An address, with the name that a mail program shows for it.
    ///
    /// # Errors
    /// [`TextError`] if the name is empty, too long, or has control characters or `=?`.
    pub fn new(name: Option<&str>, address: EmailAddress) -> Result<Self, TextError> {
        let name = name.map(checked_name).transpose()?;
        Ok(Self { name, address })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The address.
    #[must_use]
    pub const fn address(&self) -> &EmailAddress {
        &self.address
    }
}

/// Shows no part of it.
impl fmt::Debug for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("From").finish_non_exhaustive()
    }
}

fn checked_name(name: &str) -> Result<String, TextError> {
    let max = From::MAX_NAME_CHARS;
    if name.chars().count() > max {
        return Err(TextError::TooLong { max });
    }
    // A mail program would decode what looks like an encoded word (RFC 2047).
    if name.contains("=?") {
        return Err(TextError::Control);
    }
    let name = Title::parse(name)?;
    Ok(name.as_str().trim().to_owned())
}

/// An address at which one `POST` unsubscribes the reader (RFC 8058).
#[derive(Clone, PartialEq, Eq)]
pub struct UnsubscribeUrl(HttpsUrl);

impl UnsubscribeUrl {
    /// The most bytes of an address, which a header has on one line.
    pub const MAX_BYTES: usize = 900;

    /// Reads an https address.
    ///
    /// # Errors
    /// [`TextError`] if it is something else, too long, or has characters outside ASCII or `<`, `>`, `,`, which a
    /// header has no place for: they must be percent-encoded.
    pub fn parse(url: &str) -> Result<Self, TextError> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"<>,".contains(&byte);
        if !url.bytes().all(is_plain) {
            return Err(TextError::Control);
        }
        if url.len() > Self::MAX_BYTES {
            let max = Self::MAX_BYTES;
            return Err(TextError::TooLong { max });
        }
        HttpsUrl::parse(url).map(Self)
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Shows nothing of it: it names the reader.
impl fmt::Debug for UnsubscribeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnsubscribeUrl").finish_non_exhaustive()
    }
}
