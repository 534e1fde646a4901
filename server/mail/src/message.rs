//! A letter as bytes: headers and `multipart/alternative` (RFC 5322, RFC 2046).

use std::time::SystemTime;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use lettre::{
    Address,
    address::Envelope,
    message::{
        Mailbox, Message, MultiPart, SinglePart,
        header::{HeaderName, HeaderValue},
    },
};
use vestnik_model::email::EmailAddress;

use crate::{
    content,
    letter::{Letter, Sender},
};

/// A letter that could not be written; a failure of ours or of the library that writes it.
#[derive(Debug, thiserror::Error)]
#[error("the letter cannot be written")]
pub struct BuildError(#[from] BuildErrorKind);

#[derive(Debug, thiserror::Error)]
enum BuildErrorKind {
    #[error("an address was refused")]
    Address(#[from] lettre::address::AddressError),
    #[error("a header was refused")]
    Letter(#[from] lettre::error::Error),
    #[error("a line of it cannot be sent")]
    Line,
}

/// The bytes of a letter, with CRLF line ends and lines of at most 998 bytes, all in ASCII. The same letter at the same time is the
/// same bytes; a later repetition differs in its `Date` only.
///
/// # Errors
/// [`BuildError`] if the library that writes it refuses an address that was accepted here, or writes a
/// line that not every server takes for one line.
pub fn message(
    letter: &Letter<'_>,
    sender: &Sender,
    now: Timestamp,
) -> Result<Vec<u8>, BuildError> {
    let bytes = build(letter, sender, now)?;
    if !is_of_lines(&bytes) {
        return Err(BuildErrorKind::Line.into());
    }
    Ok(bytes)
}

/// The most bytes of a line without its end (RFC 5322, 2.1.1; RFC 5321, 4.5.3.1.6).
const MAX_LINE_BYTES: usize = 998;

/// Whether every server sees the same lines in a letter: it is of ASCII without null characters, CR and LF
/// are always together (RFC 5321, 2.3.8), and no line is so long that a relay may break it.
fn is_of_lines(bytes: &[u8]) -> bool {
    let is_line = |line: &str| line.len() <= MAX_LINE_BYTES && !line.contains(['\r', '\n', '\0']);
    let text = std::str::from_utf8(bytes)
        .ok()
        .filter(|text| text.is_ascii());
    text.is_some_and(|text| text.split("\r\n").all(is_line))
}

fn build(letter: &Letter<'_>, sender: &Sender, now: Timestamp) -> Result<Vec<u8>, BuildErrorKind> {
    let tag = sender.key.tag(letter.delivery);
    let (from, to) = (address(sender.from.address())?, address(letter.to)?);
    let name = sender.from.name().map(str::to_owned);
    let mut builder = Message::builder()
        .date(date(now))
        .from(Mailbox::new(name, from.clone()))
        .to(Mailbox::new(None, to.clone()))
        .raw_header(subject(letter.notification.title.as_str()))
        .message_id(Some(sender.message_id_of(&tag)))
        // The envelope that is used is made elsewhere; the library asks for one all the same.
        .envelope(Envelope::new(Some(from), vec![to])?)
        .raw_header(plain_header("Auto-Submitted", "auto-generated"));
    if let Some(reply_to) = &sender.reply_to {
        builder = builder.reply_to(Mailbox::new(None, address(reply_to)?));
    }
    if let Some(unsubscribe) = letter.unsubscribe {
        let url = format!("<{}>", unsubscribe.as_str());
        let one_click = "List-Unsubscribe=One-Click";
        builder = builder
            .raw_header(plain_header("List-Unsubscribe", &url))
            .raw_header(plain_header("List-Unsubscribe-Post", one_click));
    }
    // No one can foresee a mark, and no encoding has a line that begins like this: no content can end
    // a part. A boundary that is drawn at random would make each repetition another letter.
    let parts = MultiPart::alternative()
        .boundary(format!("=_{}", tag.as_str()))
        .singlepart(SinglePart::plain(content::plain(letter.notification)))
        .singlepart(SinglePart::html(content::html(letter.notification)));
    Ok(builder.multipart(parts)?.formatted())
}

fn address(address: &EmailAddress) -> Result<Address, BuildErrorKind> {
    Ok(Address::new(address.local(), address.domain())?)
}

/// No clock of a server that works is set to before 1970, which the library has no date for.
fn date(now: Timestamp) -> SystemTime {
    now.max(Timestamp::UNIX_EPOCH).into()
}

/// The title. One that looks encoded already would be decoded by the reader's mail program: it is encoded
/// as a whole (RFC 2047, 7), which the library does not see to.
fn subject(title: &str) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str("Subject");
    if !title.contains("=?") {
        return HeaderValue::new(name, title.to_owned());
    }
    let (mut words, mut rest) = (Vec::new(), title);
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.floor_char_boundary(WORD_BYTES));
        words.push(format!("=?utf-8?b?{}?=", STANDARD.encode(word)));
        rest = after;
    }
    HeaderValue::dangerous_new_pre_encoded(name, title.to_owned(), words.join("\r\n "))
}

/// The most bytes of an encoded word's text: 60 characters of base64, below 75 with what is around them.
const WORD_BYTES: usize = 45;

/// A header whose value needs no encoding: printable ASCII that may not be broken into lines.
fn plain_header(name: &'static str, value: &str) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(name, value.to_owned(), value.to_owned())
}

#[cfg(test)]
mod tests;
