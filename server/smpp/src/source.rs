//! Who a message is from.

use std::fmt;

/// Who a message is from.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    address: String,
    /// Type of number (SMPP 3.4, 5.2.5).
    ton: u8,
    /// Numbering plan (SMPP 3.4, 5.2.6).
    npi: u8,
}

/// A text is no source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a name of 1 to 11 ASCII characters, a number such as +4930123456, or a short code"
)]
pub struct SourceError;

impl Source {
    /// The most characters of a name: 7 octets of septets (3GPP TS 23.040, 9.1.2.5).
    const MAX_NAME: usize = 11;

    /// Reads a source: a name with a letter in it, of at most 11 printable ASCII characters; a number in
    /// international form, with `+`; or a short code of 3 to 8 digits.
    ///
    /// # Errors
    /// [`SourceError`] if it is something else.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let of = |address: &str, ton, npi| Self {
            address: address.to_owned(),
            ton,
            npi,
        };
        if let Some(number) = text.strip_prefix('+') {
            let is_number = is_digits(number) && (7..=15).contains(&number.len());
            return is_number.then(|| of(number, 1, 1)).ok_or(SourceError);
        }
        if is_digits(text) {
            let is_code = (3..=8).contains(&text.len());
            return is_code.then(|| of(text, 3, 0)).ok_or(SourceError);
        }
        let is_name = text.len() <= Self::MAX_NAME
            && text.trim() == text
            && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
            && text.bytes().any(|byte| byte.is_ascii_alphabetic());
        is_name.then(|| of(text, 5, 0)).ok_or(SourceError)
    }

    /// The same with another type of number and numbering plan, for a message centre that wants them.
    #[must_use]
    pub fn with(self, ton: Option<u8>, npi: Option<u8>) -> Self {
        Self {
            ton: ton.unwrap_or(self.ton),
            npi: npi.unwrap_or(self.npi),
            address: self.address,
        }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) const fn ton(&self) -> u8 {
        self.ton
    }

    pub(crate) const fn npi(&self) -> u8 {
        self.npi
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("ton", &self.ton)
            .field("npi", &self.npi)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_says_what_it_is() {
        for (text, wanted) in [
            ("Shop", ("Shop", 5, 0)),
            ("My Shop 24", ("My Shop 24", 5, 0)),
            ("+4930123456", ("4930123456", 1, 1)),
            ("8080", ("8080", 3, 0)),
        ] {
            let source = Source::parse(text).unwrap();
            let said = (source.address(), source.ton(), source.npi());
            assert_eq!(said, wanted);
        }
        let other = Source::parse("8080").unwrap().with(Some(0), Some(1));
        assert_eq!((other.ton(), other.npi()), (0, 1));
    }

    #[test]
    fn what_no_phone_shows_is_refused() {
        for text in [
            "",
            " ",
            "Shop ",
            "Лавка",
            "twelve chars",
            "12",
            "123456789",
            "+123",
            "+49x30123456",
            "--",
            "a\0",
            "Sh\u{e9}",
        ] {
            assert_eq!(Source::parse(text), Err(SourceError), "{text}");
        }
    }
}
