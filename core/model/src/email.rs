//! E-mail addresses, parsed once.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Why a text is not an address that letters can be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is not exactly one `@` with text on both sides.
    #[error("must be name@domain")]
    Shape,
    /// The part before the `@` is empty or longer than 64 bytes.
    #[error("the part before @ must have 1 to 64 characters")]
    LocalLength,
    /// The part before the `@` has a character that needs quoting or SMTPUTF8, or a dot at an end or
    /// beside another.
    #[error(
        "the part before @ may have Latin letters, digits, single dots and !#$%&'*+-/=?^_`{{|}}~"
    )]
    Local,
    /// The part after the `@` is no domain name with at least two labels.
    #[error("the part after @ must be a domain name")]
    Domain,
}

/// An e-mail address: a dot-atom, `@` and a domain name (RFC 5321, 4.1.2).
///
/// An internationalised domain is kept in its ASCII form (RFC 5890). Quoted names, address literals and
/// names outside ASCII, which need SMTPUTF8 (RFC 6531) at every relay, are refused. No value has a
/// space, a control character, `<`, `>` or `,`: it cannot end a header or a command.
///
/// The domain is compared without regard to case; the name is kept as written, because only its
/// domain may say whether case matters (RFC 5321, 2.4).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress {
    local: String,
    domain: String,
}

impl EmailAddress {
    /// The most bytes of an address (RFC 5321, 4.5.3.1.3 without the brackets).
    pub const MAX_BYTES: usize = 254;
    /// The most bytes of the part before the `@` (RFC 5321, 4.5.3.1.1).
    pub const MAX_LOCAL_BYTES: usize = 64;

    /// Reads an address.
    ///
    /// # Errors
    /// [`AddressError`] that says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        // Four bytes of UTF-8 become less than four of Punycode, so no longer text can fit.
        if text.len() > 4 * Self::MAX_BYTES {
            return Err(AddressError::Shape);
        }
        let (local, domain) = text.split_once('@').ok_or(AddressError::Shape)?;
        check_local(local)?;
        let domain = parse_domain(domain)?;
        if local.len() + 1 + domain.len() > Self::MAX_BYTES {
            return Err(AddressError::Domain);
        }
        let local = local.to_owned();
        Ok(Self { local, domain })
    }

    /// The part before the `@`.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The domain in its ASCII form and in small letters.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }
}

/// The address as it is written in headers and commands.
impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

/// Shows the length only: who is written to stays out of logs.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.local.len() + 1 + self.domain.len();
        write!(f, "EmailAddress({bytes} bytes)")
    }
}

fn check_local(local: &str) -> Result<(), AddressError> {
    if !(1..=EmailAddress::MAX_LOCAL_BYTES).contains(&local.len()) {
        return Err(AddressError::LocalLength);
    }
    let is_dot_atom = local
        .split('.')
        .all(|atom| !atom.is_empty() && atom.bytes().all(is_atext));
    is_dot_atom.then_some(()).ok_or(AddressError::Local)
}

/// RFC 5322, 3.2.3.
const fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~'
        )
}

/// A domain name of at least two labels, in its ASCII form.
fn parse_domain(text: &str) -> Result<String, AddressError> {
    let domain = idna::domain_to_ascii_strict(text).map_err(|_| AddressError::Domain)?;
    let has_labels = domain.contains('.') && !domain.ends_with('.');
    let is_number = |label: &str| label.bytes().all(|b| b.is_ascii_digit());
    // A last label of digits would be an IPv4 address without its brackets.
    if !has_labels || domain.rsplit('.').next().is_none_or(is_number) {
        return Err(AddressError::Domain);
    }
    Ok(domain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_kept_and_domains_become_ascii() {
        for (text, kept) in [
            ("anna@shop.example", "anna@shop.example"),
            ("Anna.P+tag@Shop.EXAMPLE", "Anna.P+tag@shop.example"),
            ("o'neil@a.b", "o'neil@a.b"),
            ("info@почта.рф", "info@xn--80a1acny.xn--p1ai"),
            ("a@bücher.example", "a@xn--bcher-kva.example"),
        ] {
            assert_eq!(EmailAddress::parse(text).unwrap().to_string(), kept);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_part_at_fault() {
        use AddressError::{Domain, Local, LocalLength, Shape};
        for (text, error) in [
            ("", Shape),
            ("anna", Shape),
            ("@a.b", LocalLength),
            (&format!("{}@a.b", "a".repeat(65)), LocalLength),
            ("анна@a.b", Local),
            ("a b@a.b", Local),
            (".a@a.b", Local),
            ("a..b@a.b", Local),
            ("\"a\"@a.b", Local),
            ("a\r\nBcc: x@a.b", Local),
            ("a@", Domain),
            ("a@b", Domain),
            ("a@b.c.", Domain),
            ("a@b@c.d", Domain),
            ("a@[127.0.0.1]", Domain),
            ("a@127.0.0.1", Domain),
            ("a@b c.d", Domain),
            ("a@b.c\r\nRCPT TO:<x@y.z>", Domain),
            ("a@-b.c", Domain),
            (&format!("a@{}.b", "c".repeat(64)), Domain),
            (&format!("a@{}b.c", "c.".repeat(126)), Domain),
            (&format!("a@{}", "ы".repeat(2_000)), Shape),
        ] {
            assert_eq!(EmailAddress::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn debug_shows_no_part_of_it() {
        let address = EmailAddress::parse("anna@shop.example").unwrap();
        assert_eq!(format!("{address:?}"), "EmailAddress(17 bytes)");
    }

    proptest! {
        #[test]
        fn what_is_kept_can_end_no_line_and_reads_as_itself(text in "\\PC{0,20}@\\PC{0,20}|[ -~\r\n]{0,40}") {
            if let Ok(address) = EmailAddress::parse(&text) {
                let text = address.to_string();
                prop_assert!(text.bytes().all(|b| b.is_ascii_graphic() && !b"<>,;:\"()[]\\".contains(&b)));
                prop_assert_eq!(EmailAddress::parse(&text), Ok(address));
            }
        }
    }
}
