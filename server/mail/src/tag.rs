//! Signed marks of deliveries, by which a bounce is matched with the letter that it is about.
//!
//! A mark stands in the envelope's sender, in `Message-ID` and in the `ENVID` of a letter, and comes
//! back in a bounce. It is signed, so that who sends a forged bounce has to have got the letter. It names
//! the delivery and not the attempt: a delivery's id leads back to its notification and its user, and a
//! delivery has one letter.

use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use uuid::Uuid;
use vestnik_model::DeliveryId;

use vestnik_model::email::EmailAddress;

/// The hexadecimal digits of a delivery's id in a mark.
const ID_DIGITS: usize = 32;
/// The bytes of the signature that are kept: a guess costs a letter each, and 2^64 are too many.
const MAC_BYTES: usize = 8;

/// The key that signs marks. One server's letters and bounces need the same key.
#[derive(Clone)]
pub struct TagKey(hmac::Key);

impl TagKey {
    /// A key of 32 random bytes.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The mark of a delivery: the same each time.
    #[must_use]
    pub fn tag(&self, delivery: DeliveryId) -> Tag {
        let id = delivery.uuid();
        let mut text = id.simple().to_string();
        for byte in self.mac(id) {
            text.push_str(&format!("{byte:02x}"));
        }
        Tag(text)
    }

    /// The delivery of a mark; none if this key did not sign it.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<DeliveryId> {
        let is_mark = text.len() == Tag::LEN && text.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_mark {
            return None;
        }
        // Some relays write addresses in capitals.
        let text = text.to_ascii_lowercase();
        let id = Uuid::try_parse(&text[..ID_DIGITS]).ok()?;
        let delivery = DeliveryId::from_uuid(id);
        let own = self.tag(delivery);
        constant_time::verify_slices_are_equal(own.0.as_bytes(), text.as_bytes()).ok()?;
        Some(delivery)
    }

    fn mac(&self, id: Uuid) -> [u8; MAC_BYTES] {
        let mac = hmac::sign(&self.0, id.as_bytes());
        let mut short = [0; MAC_BYTES];
        short.copy_from_slice(&mac.as_ref()[..MAC_BYTES]);
        short
    }
}

impl fmt::Debug for TagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TagKey").finish_non_exhaustive()
    }
}

/// The signed mark of a delivery: 48 hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Tag(String);

impl Tag {
    /// The characters of a mark.
    pub const LEN: usize = ID_DIGITS + 2 * MAC_BYTES;

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Shows nothing of it: who knows a mark can forge a bounce of its letter.
impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tag").finish_non_exhaustive()
    }
}

/// Where bounces of letters go: the sender of the envelope (RFC 5321, 4.5.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReturnPath {
    /// An address of its own for each letter, `name+mark@domain`: a bounce of any form is matched by
    /// the address it came to.
    Tagged(TaggedPath),
    /// The same address for all letters, for relays that send from one address only. A bounce is
    /// matched by what it says of the letter.
    Fixed(EmailAddress),
}

/// An address whose name leaves room for a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaggedPath(EmailAddress);

/// The name of an address leaves no room for a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the part before @ may have at most {} characters, without +",
    TaggedPath::MAX_LOCAL_BYTES
)]
pub struct TaggedPathError;

impl TaggedPath {
    /// The most bytes of the name.
    pub const MAX_LOCAL_BYTES: usize = EmailAddress::MAX_LOCAL_BYTES - 1 - Tag::LEN;

    /// Takes an address to which `+mark` is added.
    ///
    /// # Errors
    /// [`TaggedPathError`] if its name is too long or has a `+`.
    pub fn new(base: EmailAddress) -> Result<Self, TaggedPathError> {
        let fits = base.local().len() <= Self::MAX_LOCAL_BYTES
            && base.domain().len() < EmailAddress::MAX_BYTES - EmailAddress::MAX_LOCAL_BYTES
            && !base.local().contains('+');
        fits.then_some(Self(base)).ok_or(TaggedPathError)
    }
}

impl ReturnPath {
    /// The sender of a letter's envelope.
    pub(crate) fn text(&self, tag: &Tag) -> String {
        match self {
            Self::Tagged(TaggedPath(base)) => {
                format!("{}+{}@{}", base.local(), tag.as_str(), base.domain())
            }
            Self::Fixed(address) => address.to_string(),
        }
    }
}

/// The mark in the address that a bounce came to, `name+mark@domain`, with or without brackets.
pub(crate) fn in_address(address: &str) -> Option<&str> {
    let address = address.trim().trim_matches(['<', '>']);
    let (local, _) = address.rsplit_once('@')?;
    local.rsplit_once('+').map(|(_, tag)| tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery() -> DeliveryId {
        "dlv_0192f0c1000070008000000000000007".parse().unwrap()
    }

    fn key(byte: u8) -> TagKey {
        TagKey::new(&[byte; 32])
    }

    #[test]
    fn a_mark_comes_back_as_its_delivery_even_in_capitals() {
        let tag = key(1).tag(delivery());
        assert_eq!(tag, key(1).tag(delivery()));
        assert_eq!(key(1).read(tag.as_str()), Some(delivery()));
        let capitals = tag.as_str().to_ascii_uppercase();
        assert_eq!(key(1).read(&capitals), Some(delivery()));
    }

    #[test]
    fn forged_marks_are_nobodys() {
        let tag = key(1).tag(delivery());
        assert_eq!(key(2).read(tag.as_str()), None);
        for place in 0..Tag::LEN {
            let mut forged = tag.as_str().to_owned();
            let other = if &forged[place..=place] == "0" {
                "1"
            } else {
                "0"
            };
            forged.replace_range(place..=place, other);
            assert_eq!(key(1).read(&forged), None);
        }
        for odd in [
            "",
            "+",
            "ы",
            &"0".repeat(47),
            &"ы".repeat(24),
            &"g".repeat(48),
        ] {
            assert_eq!(key(1).read(odd), None);
        }
    }

    #[test]
    fn the_senders_name_leaves_room_for_a_mark() {
        let tag = key(1).tag(delivery());
        let base = |local: &str| EmailAddress::parse(&format!("{local}@shop.example")).unwrap();
        let path = ReturnPath::Tagged(TaggedPath::new(base("bounce")).unwrap());
        let text = path.text(&tag);
        assert_eq!(in_address(&text), Some(tag.as_str()));
        assert_eq!(in_address(&format!("<{text}>")), Some(tag.as_str()));
        assert!(EmailAddress::parse(&text).is_ok());
        let longest = ReturnPath::Tagged(TaggedPath::new(base(&"b".repeat(15))).unwrap());
        assert!(EmailAddress::parse(&longest.text(&tag)).is_ok());
        assert_eq!(TaggedPath::new(base(&"b".repeat(16))), Err(TaggedPathError));
        assert_eq!(TaggedPath::new(base("b+c")), Err(TaggedPathError));
        assert_eq!(
            ReturnPath::Fixed(base("bounce")).text(&tag),
            "bounce@shop.example"
        );
    }
}
