//! Links by which the reader of a letter unsubscribes with one click (RFC 8058).
//!
//! A link has no account to look up and is never made void: it is the sealed name of whom it is for, with their
//! number in the store, so that it is not taken for whoever has the name next. Nobody reads a user, an App or a
//! category in it, and nobody makes one without the key. The same letter has the same link whenever it is
//! repeated: the nonce follows from what is sealed.
//!
//! Form, in base64url: one byte that names the form, the nonce (12 bytes), the ciphertext and the tag (16 bytes)
//! of AES-256-GCM. Sealed are the number in eight bytes, the App, the user and the category, the two before the
//! last behind their lengths in two bytes each; no category is all notifications.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use vestnik_model::{AppId, CategoryName, UserId};
use vestnik_store::recipients::{Reader, UserNumber};

/// The form that is made.
const FORM: u8 = 1;
/// What the keys are derived with.
const SEALS: &[u8] = b"vestnik unsubscribe seals\0";
const NONCES: &[u8] = b"vestnik unsubscribe nonces\0";
/// The longest link that is looked at.
const MAX_BYTES: usize = 2_048;

/// Who unsubscribes, and from what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unsubscription {
    pub(crate) reader: Reader,
    /// Absent: from everything.
    pub(crate) category: Option<CategoryName>,
}

/// The key of links.
pub(crate) struct LinkKey {
    seal: LessSafeKey,
    nonces: hmac::Key,
}

impl LinkKey {
    /// Derives the key from a secret of the server.
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derived = |name| hmac::sign(&secret, name);
        let seal = UnboundKey::new(&AES_256_GCM, derived(SEALS).as_ref());
        Self {
            seal: LessSafeKey::new(seal.expect("a key of AES-256 has 32 bytes, as a SHA-256 has")),
            nonces: hmac::Key::new(hmac::HMAC_SHA256, derived(NONCES).as_ref()),
        }
    }

    /// The link of an unsubscription; `None` if a name is too long for one.
    pub(crate) fn seal(&self, of: &Unsubscription) -> Option<String> {
        let mut bytes = written(of)?;
        let tag = hmac::sign(&self.nonces, &bytes);
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(tag.as_ref().get(..NONCE_LEN)?);
        let unique = Nonce::assume_unique_for_key(nonce);
        self.seal
            .seal_in_place_append_tag(unique, Aad::from([FORM]), &mut bytes)
            .ok()?;
        Some(BASE64_URL_SAFE_NO_PAD.encode([&[FORM], &nonce[..], &bytes].concat()))
    }

    /// What a link says; `None` if it is none of ours.
    pub(crate) fn open(&self, link: &str) -> Option<Unsubscription> {
        if link.len() > MAX_BYTES {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(link).ok()?;
        let (form, sealed) = bytes.split_first().filter(|(form, _)| **form == FORM)?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let opened = self
            .seal
            .open_in_place(nonce, Aad::from([*form]), &mut sealed);
        read(opened.ok()?)
    }
}

fn written(of: &Unsubscription) -> Option<Vec<u8>> {
    let Reader { app, user, number } = &of.reader;
    let mut bytes = number.0.to_be_bytes().to_vec();
    for name in [app.as_str(), user.as_str()] {
        bytes.extend(u16::try_from(name.len()).ok()?.to_be_bytes());
        bytes.extend(name.as_bytes());
    }
    let category = of.category.as_ref().map(CategoryName::as_str);
    bytes.extend(category.unwrap_or_default().as_bytes());
    Some(bytes)
}

fn read(bytes: &[u8]) -> Option<Unsubscription> {
    let (number, rest) = bytes.split_first_chunk()?;
    let (app, rest) = name(rest)?;
    let (user, category) = name(rest)?;
    let category = std::str::from_utf8(category).ok()?;
    let category = (!category.is_empty()).then(|| CategoryName::parse(category));
    let reader = Reader {
        app: AppId::parse(app).ok()?,
        user: UserId::parse(user).ok()?,
        number: UserNumber(i64::from_be_bytes(*number)),
    };
    Some(Unsubscription {
        reader,
        category: category.transpose().ok()?,
    })
}

/// A name behind its length, and what follows.
fn name(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (name, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((std::str::from_utf8(name).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anna(category: Option<&str>) -> Unsubscription {
        let reader = Reader {
            app: AppId::parse("shop").unwrap(),
            user: UserId::parse("anna").unwrap(),
            number: UserNumber(7),
        };
        Unsubscription {
            reader,
            category: category.map(|name| CategoryName::parse(name).unwrap()),
        }
    }

    #[test]
    fn a_link_says_whom_it_is_for_to_its_own_server_only() {
        let key = LinkKey::new(&[1; 32]);
        for category in [None, Some("promotions")] {
            let link = key.seal(&anna(category)).unwrap();
            assert_eq!(key.open(&link), Some(anna(category)));
            assert_eq!(key.seal(&anna(category)), Some(link.clone()));
            assert_eq!(LinkKey::new(&[2; 32]).open(&link), None);
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(&link).unwrap();
            let is_in = |word: &str| {
                bytes
                    .windows(word.len())
                    .any(|part| part == word.as_bytes())
            };
            assert!(
                ["anna", "shop", "promotions"]
                    .iter()
                    .all(|word| !is_in(word))
            );
        }
    }

    #[test]
    fn no_changed_link_opens() {
        let key = LinkKey::new(&[1; 32]);
        let link = key.seal(&anna(Some("promotions"))).unwrap();
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&link).unwrap();
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            assert_eq!(key.open(&BASE64_URL_SAFE_NO_PAD.encode(&changed)), None);
            assert_eq!(
                key.open(&BASE64_URL_SAFE_NO_PAD.encode(&bytes[..index])),
                None
            );
        }
        for odd in ["", "?", "AQ", &"A".repeat(MAX_BYTES + 1)] {
            assert_eq!(key.open(odd), None, "{odd}");
        }
    }

    #[test]
    fn the_longest_names_have_a_link() {
        let reader = Reader {
            app: AppId::parse("a".repeat(AppId::MAX_CHARS)).unwrap(),
            user: UserId::parse("я".repeat(UserId::MAX_CHARS)).unwrap(),
            number: UserNumber(i64::MAX),
        };
        let longest = Unsubscription {
            reader,
            category: CategoryName::parse("c".repeat(CategoryName::MAX_CHARS)).ok(),
        };
        let key = LinkKey::new(&[1; 32]);
        let link = key.seal(&longest).unwrap();
        assert_eq!(key.open(&link), Some(longest));
    }
}
