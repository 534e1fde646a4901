//! Bounces: delivery status notifications (RFC 3464) read as what became of a letter.
//!
//! Anybody can send a letter to the address where bounces go. So a bounce counts only with a mark that
//! was signed for the letter that it is about, whatever else it says; and it is read within bounds.

use jiff::{Timestamp, fmt::rfc2822};
use vestnik_model::{DeliveryId, email::EmailAddress};

use crate::{
    mime::{Entity, Field, field, fields},
    outcome::{Outcome, Said, Verdict, of_bounce},
    status::{Class, EnhancedStatus},
    tag::{self, TagKey},
};

/// The most bytes of a message that are read: the report stands before the copy of the letter.
pub const MAX_BYTES: usize = 256 * 1_024;
/// The most recipients of a report that are looked at. A letter has one.
const MAX_RECIPIENTS: usize = 8;

/// What became of a letter that a server had taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    /// The letter's delivery.
    pub delivery: DeliveryId,
    /// What became of it.
    pub fate: Fate,
    /// Of which mailbox that is said, if the report names one. It is not the one to which the letter went if
    /// that forwards it.
    pub mailbox: Option<EmailAddress>,
}

/// What became of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It will not be delivered. The verdict is `Dead`, `Rejected`, `Refused` or `Throttled`.
    Failed(Outcome),
    /// It was not delivered yet; the server goes on.
    Delayed {
        /// Until when, if it says so.
        until: Option<Timestamp>,
        /// Why, as a code.
        said: Said,
    },
    /// It lies in the mailbox.
    Delivered,
    /// It was handed to a server that sends no reports.
    Relayed,
}

/// Why a message says nothing of a letter of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoBounce {
    /// It is no report of a delivery: an answer of a person or a machine.
    #[error("the message is no delivery report")]
    NoReport,
    /// It is about a letter that this key did not sign, or does not say which.
    #[error("the delivery report is about no letter of ours")]
    NoLetter,
    /// It does not say what became of the letter.
    #[error("the delivery report does not say what became of the letter")]
    NoFate,
}

/// Reads a message that came to the address where bounces go.
///
/// `recipient` is the address that it came to, by the envelope (RFC 5321, 4.1.1.3), if that is known;
/// else the message's own headers are asked.
///
/// # Errors
/// [`NoBounce`] if it is no report about a letter that `key` signed.
pub fn read(message: &[u8], recipient: Option<&str>, key: &TagKey) -> Result<Bounce, NoBounce> {
    let message = &message[..message.len().min(MAX_BYTES)];
    let whole = Entity::read(message);
    if whole.content_type().as_deref() != Some("multipart/report") {
        return Err(NoBounce::NoReport);
    }
    let parts = whole.parts();
    let is_report = |part: &&Entity<'_>| {
        matches!(
            part.content_type().as_deref(),
            Some("message/delivery-status" | "message/global-delivery-status")
        )
    };
    let report = parts.iter().find(is_report).ok_or(NoBounce::NoReport)?;
    let report = Report::read(report.body);
    let delivery = recipient
        .and_then(|address| key.read(tag::in_address(address)?))
        .or_else(|| delivery_in(&whole, key))
        .or_else(|| key.read(report.envelope_id.as_deref()?))
        .or_else(|| parts.iter().find_map(|part| delivery_of_copy(part, key)))
        .ok_or(NoBounce::NoLetter)?;
    let (fate, mailbox) = report.fate.ok_or(NoBounce::NoFate)?;
    Ok(Bounce {
        delivery,
        fate,
        mailbox,
    })
}

/// The delivery in the address that a message was sent to, by its headers.
fn delivery_in(message: &Entity<'_>, key: &TagKey) -> Option<DeliveryId> {
    let names = ["X-Original-To", "Delivered-To", "To"];
    names.iter().find_map(|name| {
        let value = message.header(name)?;
        key.read(tag::in_address(&value)?)
    })
}

/// The delivery of the letter whose copy, or whose headers, a part is.
fn delivery_of_copy(part: &Entity<'_>, key: &TagKey) -> Option<DeliveryId> {
    let kind = part.content_type()?;
    let is_copy = matches!(
        kind.as_str(),
        "message/rfc822" | "text/rfc822-headers" | "message/global" | "message/global-headers"
    );
    let copy = is_copy.then(|| Entity::read(part.body))?;
    let id = copy.header("Message-ID")?;
    let (tag, _) = id.trim_matches(['<', '>']).split_once('@')?;
    key.read(tag)
}

/// What a `message/delivery-status` says.
struct Report {
    /// `Original-Envelope-Id`, which is the mark where a server knows `ENVID` (RFC 3461).
    envelope_id: Option<String>,
    fate: Option<(Fate, Option<EmailAddress>)>,
}

impl Report {
    fn read(body: &[u8]) -> Self {
        let (message, mut rest) = fields(body);
        let mut fates = Vec::new();
        while !rest.is_empty() && fates.len() < MAX_RECIPIENTS {
            let (recipient, after) = fields(rest);
            rest = after;
            fates.extend(fate(&recipient).map(|fate| (fate, mailbox(&recipient))));
        }
        // Several recipients are an alias that one address stands for: the best one counts.
        let fate = fates.into_iter().min_by_key(|(fate, _)| fate.rank());
        Self {
            envelope_id: field(&message, "Original-Envelope-Id"),
            fate,
        }
    }
}

impl Fate {
    const fn rank(&self) -> u8 {
        match self {
            Self::Delivered => 0,
            Self::Relayed => 1,
            Self::Delayed { .. } => 2,
            Self::Failed(_) => 3,
        }
    }
}

/// Whom the fields of a recipient are about: `Final-Recipient: rfc822; anna@shop.example` (RFC 3464, 2.3.2),
/// or `utf-8` (RFC 6533, 3).
fn mailbox(recipient: &[Field<'_>]) -> Option<EmailAddress> {
    let value = field(recipient, "Final-Recipient")?;
    let (_, address) = value.split_once(';')?;
    EmailAddress::parse(address.trim().trim_matches(['<', '>'])).ok()
}

/// What the fields of a recipient say (RFC 3464, 2.3).
fn fate(recipient: &[Field<'_>]) -> Option<Fate> {
    let action = field(recipient, "Action")?.to_ascii_lowercase();
    match action.as_str() {
        "failed" => Some(Fate::Failed(failure(recipient))),
        "delayed" => {
            let until = field(recipient, "Will-Retry-Until")
                .and_then(|text| rfc2822::parse(&text).ok())
                .map(|time| time.timestamp());
            let status = status(recipient);
            let said = Said { code: None, status };
            Some(Fate::Delayed { until, said })
        }
        "delivered" => Some(Fate::Delivered),
        "relayed" | "expanded" => Some(Fate::Relayed),
        _ => None,
    }
}

fn failure(recipient: &[Field<'_>]) -> Outcome {
    let status = status(recipient);
    let unsaid = EnhancedStatus {
        class: Class::Permanent,
        subject: 0,
        detail: 0,
    };
    let verdict: Verdict = of_bounce(status.unwrap_or(unsaid));
    let code = None;
    let said = Some(Said { code, status });
    Outcome { verdict, said }
}

/// Why a letter was not delivered, if that is said.
fn status(recipient: &[Field<'_>]) -> Option<EnhancedStatus> {
    let status = field(recipient, "Status")
        .and_then(|text| EnhancedStatus::parse(text.split_ascii_whitespace().next()?));
    // The server that refused the letter is nearer to the truth than the one that reports it.
    let diagnosed = field(recipient, "Diagnostic-Code").and_then(|text| diagnosed(&text));
    diagnosed
        .or(status)
        .filter(|status| status.class != Class::Success)
}

/// The enhanced status in `smtp; 550 5.1.1 …`.
fn diagnosed(text: &str) -> Option<EnhancedStatus> {
    let (kind, said) = text.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("smtp") {
        return None;
    }
    let mut words = said.split([' ', '-', '\t']).filter(|word| !word.is_empty());
    let code = words.next()?;
    let status = EnhancedStatus::parse(words.next()?)?;
    let class = match code.as_bytes().first()? {
        b'4' => Class::Transient,
        b'5' => Class::Permanent,
        _ => return None,
    };
    (status.class == class).then_some(status)
}

#[cfg(test)]
mod tests;
