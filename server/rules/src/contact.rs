//! Addresses of people by which a sender names them, as they are stored to be found.
//!
//! An address that is kept as a plain hash can be guessed: there are few telephone numbers. So it is
//! found by a keyed hash, HMAC-SHA256 under a key of the store, over the App and the address. Two Apps
//! with the same address have different hashes.

use std::fmt;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use vestnik_model::{
    AppId, GatewayName, UserId, chat::ChatId, email::EmailAddress, phone::PhoneNumber,
};

/// Separates these codes from whatever else a key of the server may ever sign.
const DOMAIN: &[u8] = b"vestnik contact 1\0";
const USER_DOMAIN: &[u8] = b"vestnik user 1\0";
const REQUEST_DOMAIN: &[u8] = b"vestnik request 1\0";

/// The key under which addresses are hashed. It is one database's, and never changes.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactKey([u8; 32]);

/// An address of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact<'a> {
    /// A mailbox.
    Email(&'a EmailAddress),
    /// A telephone.
    Phone(&'a PhoneNumber),
    /// A chat at a gateway.
    Chat(GatewayName, &'a ChatId),
}

/// The keyed hash of an address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContactHash([u8; 32]);

impl ContactKey {
    /// Takes 32 bytes that nobody can predict.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash of an address of an App's user.
    #[must_use]
    pub fn hash(&self, app: &AppId, contact: Contact<'_>) -> ContactHash {
        let (kind, text) = match contact {
            Contact::Email(address) => ("email", address.to_string()),
            Contact::Phone(number) => ("phone", number.as_str().to_owned()),
            Contact::Chat(gateway, chat) => ("chat", [gateway.as_str(), chat.as_str()].join("\0")),
        };
        // Neither an App's name nor the word of the kind has a zero byte.
        let parts = [app.as_str(), kind, &text].join("\0");
        ContactHash(self.sign(DOMAIN, parts.as_bytes()))
    }

    /// The hash under which the erasure of an App's user is remembered.
    #[must_use]
    pub fn user(&self, app: &AppId, user: &UserId) -> [u8; 32] {
        // An App's name has no zero byte.
        let parts = [app.as_str(), user.as_str()].join("\0");
        self.sign(USER_DOMAIN, parts.as_bytes())
    }

    /// The form in which the hash of a request is stored: the request may name addresses, which a plain
    /// hash would give away to whoever guesses the rest.
    #[must_use]
    pub fn request(&self, hash: &[u8; 32]) -> [u8; 32] {
        self.sign(REQUEST_DOMAIN, hash)
    }

    fn sign(&self, domain: &[u8], text: &[u8]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let mut code = [0; 32];
        code.copy_from_slice(hmac::sign(&key, &[domain, text].concat()).as_ref());
        code
    }
}

impl fmt::Debug for ContactKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContactKey")
    }
}

impl ContactHash {
    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash of these bytes.
    #[must_use]
    pub const fn of_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its text in a stored plan: base64url without padding.
    pub(crate) fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The hash of a text; `None` if it is none.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for ContactHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContactHash")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(name: &str) -> AppId {
        AppId::parse(name).unwrap()
    }

    #[test]
    fn a_hash_is_of_one_address_one_app_and_one_key() {
        let (key, shop) = (ContactKey::new([1; 32]), app("shop"));
        let email = |text: &str| EmailAddress::parse(text).unwrap();
        let hash =
            |key: &ContactKey, app: &AppId, text| key.hash(app, Contact::Email(&email(text)));
        let anna = hash(&key, &shop, "anna@a.example");
        assert_eq!(hash(&key, &shop, "anna@A.example"), anna);
        assert_ne!(hash(&key, &shop, "bert@a.example"), anna);
        assert_ne!(hash(&key, &app("bank"), "anna@a.example"), anna);
        assert_ne!(
            hash(&ContactKey::new([2; 32]), &shop, "anna@a.example"),
            anna
        );
        assert_eq!(ContactHash::read(&anna.text()), Some(anna));
        let number = PhoneNumber::parse("+4930123456").unwrap();
        let phone = key.hash(&shop, Contact::Phone(&number));
        assert_ne!(phone, anna);
        assert_ne!(key.hash(&app("bank"), Contact::Phone(&number)), phone);
        assert_eq!(ContactHash::read("anna"), None);
        assert_eq!(ContactHash::read(""), None);
    }

    #[test]
    fn a_name_is_hashed_by_app_and_key() {
        let (key, shop) = (ContactKey::new([1; 32]), app("shop"));
        let anna = UserId::parse("anna").unwrap();
        let hash = key.user(&shop, &anna);
        assert_eq!(key.user(&shop, &anna), hash);
        assert_ne!(key.user(&app("bank"), &anna), hash);
        assert_ne!(key.user(&shop, &UserId::parse("bert").unwrap()), hash);
        assert_ne!(ContactKey::new([2; 32]).user(&shop, &anna), hash);
    }

    #[test]
    fn a_request_is_not_hashed_as_an_address() {
        let key = ContactKey::new([1; 32]);
        assert_ne!(key.request(&[7; 32]), [7; 32]);
        assert_eq!(key.request(&[7; 32]), key.request(&[7; 32]));
        assert_ne!(
            key.request(&[7; 32]),
            ContactKey::new([2; 32]).request(&[7; 32])
        );
    }

    #[test]
    fn neither_key_nor_hash_is_printed() {
        let key = ContactKey::new([1; 32]);
        assert_eq!(format!("{key:?}"), "ContactKey");
        let email = EmailAddress::parse("anna@a.example").unwrap();
        let hash = key.hash(&app("shop"), Contact::Email(&email));
        assert_eq!(format!("{hash:?}"), "ContactHash");
    }
}
