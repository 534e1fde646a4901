//! Delivery receipts, in parameters and in the text of SMPP 3.4, appendix B.
//!
//! The text is `id:… sub:001 dlvrd:001 submit date:2611281200 done date:2611281201 stat:DELIVRD err:000
//! Text:…`, and every message centre has a spelling of its own: other cases, underscores for spaces, spaces
//! behind colons, fields left out or in another order, seconds in the dates. What follows `Text:` is the
//! message's own beginning, and nothing in it is believed.

use std::fmt;

use jiff::civil::DateTime;
use vestnik_model::phone::PhoneNumber;

use super::{MessageId, ReceiptIds, State};
use crate::pdu::{Body, Tag};

/// What became of a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The id of the message, or of the part.
    pub id: MessageId,
    /// The number that the message was sent to, as the message centre writes it; empty if it does not. An id
    /// alone may be another message's: some message centres use theirs again.
    pub phone: String,
    /// What became of it.
    pub state: State,
    /// The code of what went wrong, as the network or the message centre gives it; letters and digits.
    pub error: Option<String>,
    /// When, in the message centre's own time: it does not say its zone.
    pub at: Option<DateTime>,
    /// How many short messages it was, if the text says so.
    pub parts: Option<ReceiptParts>,
}

/// Does not show the number.
impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt")
            .field("id", &self.id)
            .field("state", &self.state)
            .field("error", &self.error)
            .field("at", &self.at)
            .field("parts", &self.parts)
            .finish_non_exhaustive()
    }
}

/// How many short messages a message was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiptParts {
    /// Of which so many were submitted.
    pub submitted: u16,
    /// And so many delivered.
    pub delivered: u16,
}

/// The names of fields, as they are compared.
const FIELDS: [&str; 10] = [
    "id",
    "sub",
    "dlvrd",
    "submit date",
    "submitdate",
    "done date",
    "donedate",
    "stat",
    "status",
    "err",
];
/// So many of a number's last digits make it another one's.
const LAST_DIGITS: usize = 7;
/// The most bytes of a code.
const MAX_ERROR: usize = 10;

impl Receipt {
    /// Whether the message may have been sent to this number. Message centres write numbers with and without
    /// the prefixes of countries, so the last digits decide. One that writes none says nothing.
    #[must_use]
    pub fn may_be_of(&self, number: &PhoneNumber) -> bool {
        let last = |text: &str| -> Vec<u8> {
            let digits = text.bytes().rev().filter(u8::is_ascii_digit);
            digits.take(LAST_DIGITS).collect()
        };
        let own = last(&self.phone);
        own.is_empty() || own == last(number.as_str())
    }

    /// Reads a receipt; none if no message or no state is named.
    pub(super) fn read(
        text: &str,
        parameters: Body<'_>,
        ids: ReceiptIds,
        phone: String,
    ) -> Option<Self> {
        let fields = Fields::of(text);
        let id = parameters
            .parameter(Tag::RECEIPTED_MESSAGE_ID)
            .map(|mut value| {
                if let [rest @ .., 0] = value {
                    value = rest;
                }
                value
            })
            .and_then(|value| MessageId::of_answer(value, ids))
            .or_else(|| MessageId::of_receipt(fields.get(&["id"])?.as_bytes(), ids))?;
        let state = parameters
            .octet_parameter(Tag::MESSAGE_STATE)
            .map(State::of_code)
            .or_else(|| fields.get(&["stat", "status"]).map(State::of_word))?;
        let error = fields.get(&["err"]).and_then(error);
        Some(Self {
            id,
            phone,
            state,
            error: error.or_else(|| network_error(parameters)),
            at: fields.get(&["done date", "donedate"]).and_then(date),
            parts: fields.parts(),
        })
    }
}

/// The fields of a receipt's text.
struct Fields<'a>(Vec<(&'static str, &'a str)>);

impl<'a> Fields<'a> {
    fn of(text: &'a str) -> Self {
        let lower: String = text
            .chars()
            .map(|c| {
                if c == '_' {
                    ' '
                } else {
                    c.to_ascii_lowercase()
                }
            })
            .collect();
        let end = names(&lower, "text")
            .next()
            .map_or(lower.len(), |(start, _)| start);
        let mut found = Vec::new();
        for field in FIELDS {
            let Some((_, value)) = names(&lower[..end], field).next() else {
                continue;
            };
            let value = end - text[value..end].trim_start().len();
            // A field without a value, and the next field behind it.
            let is_empty = is_field(&lower[value..]);
            let mut words = text[value..end].split([' ', ',', ';', '\r', '\n', '\t']);
            let word = words.next().filter(|_| !is_empty);
            found.push((field, word.unwrap_or_default()));
        }
        Self(found)
    }

    fn get(&self, names: &[&str]) -> Option<&'a str> {
        let found = self.0.iter().find(|(name, _)| names.contains(name));
        found.map(|(_, value)| *value)
    }

    fn parts(&self) -> Option<ReceiptParts> {
        Some(ReceiptParts {
            submitted: self.get(&["sub"])?.parse().ok()?,
            delivered: self.get(&["dlvrd"])?.parse().ok()?,
        })
    }
}

/// Where a name stands with a colon behind it and no letter before it: its start and that of its value.
fn names<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
    text.match_indices(name).filter_map(|(start, _)| {
        let is_word = !text[..start].ends_with(|c: char| c.is_ascii_alphanumeric());
        let rest = &text[start + name.len()..];
        let value = rest.trim_start().strip_prefix(':')?;
        is_word.then(|| (start, text.len() - value.len()))
    })
}

/// Whether a text begins with the name of a field.
fn is_field(text: &str) -> bool {
    let mut fields = FIELDS.iter().chain(&["text"]);
    fields.any(|field| {
        let rest = text.strip_prefix(field).map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with(':'))
    })
}

fn error(word: &str) -> Option<String> {
    let is_code =
        (1..=MAX_ERROR).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphanumeric());
    is_code.then(|| word.to_owned())
}

/// The parameter `network_error_code`: the kind of network, then its code.
fn network_error(parameters: Body<'_>) -> Option<String> {
    let value = parameters.parameter(Tag::NETWORK_ERROR_CODE)?;
    let code = u16::from_be_bytes(*value.get(1..)?.first_chunk()?);
    Some(format!("{code:03}"))
}

/// `YYMMDDhhmm`, with or without seconds.
fn date(word: &str) -> Option<DateTime> {
    if !matches!(word.len(), 10 | 12) || !word.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let two = |at: usize| word.get(at..at + 2)?.parse::<i8>().ok();
    let second = if word.len() == 12 { two(10)? } else { 0 };
    let year = 2_000 + i16::from(two(0)?);
    DateTime::new(year, two(2)?, two(4)?, two(6)?, two(8)?, second, 0).ok()
}
