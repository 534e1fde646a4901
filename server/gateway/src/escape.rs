//! Escaping by position.

use std::{borrow::Cow, fmt::Write as _};

/// A value in a segment of a path or in a query: everything but the unreserved characters of RFC 3986, 2.3, the
/// colon and the asterisk, which mean nothing there, is written as its bytes.
pub(crate) fn percent(value: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:*".contains(&byte);
    if value.bytes().all(is_plain) {
        return Cow::Borrowed(value);
    }
    let mut escaped = String::with_capacity(value.len() * 3);
    for byte in value.bytes() {
        if is_plain(byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string never fails.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    Cow::Owned(escaped)
}

/// Fields as `application/x-www-form-urlencoded`, with `%20` for a space, which every decoder reads.
pub(crate) fn fields(fields: &[(String, String)]) -> String {
    let fields = fields.iter();
    let pairs = fields.map(|(name, value)| format!("{}={}", percent(name), percent(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// A value in a header: on one line, since a line break would begin another header.
pub(crate) fn header(value: &str) -> String {
    let value = value.replace(char::is_control, " ");
    value.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A decoder of its own, written from RFC 3986, 2.1.
    fn decoded(text: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            if *first == b'%' {
                let digits = std::str::from_utf8(&after[..2]).unwrap();
                bytes.push(u8::from_str_radix(digits, 16).unwrap());
                rest = &after[2..];
            } else {
                bytes.push(*first);
                rest = after;
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    proptest! {
        #[test]
        fn a_value_is_one_field_and_reads_back(value in any::<String>(), other in any::<String>()) {
            let text = fields(&[("a b".to_owned(), value.clone()), ("c".to_owned(), other.clone())]);
            let pairs: Vec<_> = text.split('&').map(|pair| pair.split_once('=').unwrap()).collect();
            prop_assert_eq!(pairs.len(), 2);
            prop_assert_eq!(decoded(pairs[0].0), "a b");
            prop_assert_eq!(decoded(pairs[0].1), value);
            prop_assert_eq!(decoded(pairs[1].1), other);
            prop_assert!(text.is_ascii());
        }

        #[test]
        fn a_value_stays_in_its_segment_and_in_its_header(value in any::<String>()) {
            let segment = percent(&value);
            let leaves = |c: char| "/?#\\ \r\n\0".contains(c);
            prop_assert!(!segment.contains(leaves));
            let header = header(&value);
            prop_assert!(!header.contains(char::is_control));
        }
    }
}
