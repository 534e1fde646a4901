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
    /// They are the same, but for upper and lower case.
    #[default]
    Same,
    /// The answer's is hexadecimal, the receipt's decimal.
    Decimal,
    /// The answer's is decimal, the receipt's hexadecimal.
    Hexadecimal,
}

impl MessageId {
    /// The most bytes of an id (SMPP 3.4, 5.2.23).
    const MAX: usize = 64;

    /// The id in the answer to a submission.
    pub(crate) fn of_answer(octets: &[u8], ids: ReceiptIds) -> Option<Self> {
        let base = match ids {
            ReceiptIds::Same => None,
            ReceiptIds::Decimal => Some(16),
            ReceiptIds::Hexadecimal => Some(10),
        };
        Self::read(octets, base)
    }

    /// The id in a receipt.
    pub(crate) fn of_receipt(octets: &[u8], ids: ReceiptIds) -> Option<Self> {
        let base = match ids {
            ReceiptIds::Same => None,
            ReceiptIds::Decimal => Some(10),
            ReceiptIds::Hexadecimal => Some(16),
        };
        Self::read(octets, base)
    }

    /// A number becomes decimal without zeros before it; what is no number of that base stays as it is.
    fn read(octets: &[u8], base: Option<u32>) -> Option<Self> {
        let text = std::str::from_utf8(octets.trim_ascii()).ok()?;
        let is_id =
            (1..=Self::MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if !is_id {
            return None;
        }
        let number = base.and_then(|base| u128::from_str_radix(text, base).ok());
        Some(Self(number.map_or_else(
            || text.to_ascii_lowercase(),
            |number| number.to_string(),
        )))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
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
