//! The id that a message centre gives a message.

use std::fmt;

/// The id of a message, in the one spelling in which ids are compared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(String);

/// How the ids of receipts differ from those of the answers to submissions.
///
/// Many message centres answer a submission with a number in hexadecimal digits and send the receipt with the
/// same number in decimal ones, or the reverse. Nothing in a PDU tells; the operator of the message centre
/// does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReceiptIds {
    /// They are the same, to the letter.
    #[default]
    Same,
    /// They are the same, but for upper and lower case.
    Caseless,
    /// They are the same, but for zeros before them.
    Unpadded,
    /// The answer's is hexadecimal, the receipt's decimal.
    Decimal,
    /// The answer's is decimal, the receipt's hexadecimal.
    Hexadecimal,
}

/// The one spelling of an id.
enum Spelling {
    Exact,
    Lower,
    WithoutZeros,
    Base(u32),
}

impl MessageId {
    /// The most bytes of an id (SMPP 3.4, 5.2.23).
    const MAX: usize = 64;

    /// Reads an id in the spelling in which ids are compared; none if it is empty, too long or not of visible ASCII
    /// characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text.as_bytes(), Spelling::Exact)
    }

    /// The id in the answer to a submission, and in the parameter `receipted_message_id`, which repeats it
    /// (SMPP 3.4, 5.3.2.12).
    pub(crate) fn of_answer(octets: &[u8], ids: ReceiptIds) -> Option<Self> {
        let spelling = match ids {
            ReceiptIds::Decimal => Spelling::Base(16),
            ReceiptIds::Hexadecimal => Spelling::Base(10),
            ReceiptIds::Same | ReceiptIds::Caseless | ReceiptIds::Unpadded => ids.spelling(),
        };
        Self::read(octets, spelling)
    }

    /// The id in the text of a receipt.
    pub(crate) fn of_receipt(octets: &[u8], ids: ReceiptIds) -> Option<Self> {
        Self::read(octets, ids.spelling())
    }

    fn read(octets: &[u8], spelling: Spelling) -> Option<Self> {
        let text = std::str::from_utf8(octets.trim_ascii()).ok()?;
        let is_id =
            (1..=Self::MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        is_id.then(|| Self(spelling.of(text)))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ReceiptIds {
    /// That of the ids in the texts of receipts.
    const fn spelling(self) -> Spelling {
        match self {
            Self::Same => Spelling::Exact,
            Self::Caseless => Spelling::Lower,
            Self::Unpadded => Spelling::WithoutZeros,
            Self::Decimal => Spelling::Base(10),
            Self::Hexadecimal => Spelling::Base(16),
        }
    }
}

impl Spelling {
    fn of(self, text: &str) -> String {
        match self {
            Self::Exact => text.to_owned(),
            Self::Lower => text.to_ascii_lowercase(),
            Self::WithoutZeros => match text.trim_start_matches('0') {
                "" => "0".to_owned(),
                rest => rest.to_owned(),
            },
            // A number becomes decimal without zeros before it; what is no number of that base stays as it is.
            Self::Base(base) => {
                let is_digits = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
                let number = is_digits.then(|| u128::from_str_radix(text, base).ok());
                let number = number.flatten();
                number.map_or_else(|| text.to_owned(), |number| number.to_string())
            }
        }
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageId({self})")
    }
}
