//! A message and the submissions that it is sent as.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use rusmpp::{
    pdus::SubmitSm,
    tlvs::MessageSubmissionRequestTlvValue as Parameter,
    types::{AnyOctetString, COctetString, EmptyOrFullCOctetString, OctetString},
    values::{DataCoding, EsmClass, MessagePayload, Npi, RegisteredDelivery, ServiceType, Ton},
};
use vestnik_model::{AttemptId, Reason, phone::PhoneNumber};

use crate::{
    pdu::string,
    source::Source,
    text::{Coding, Joining, split},
};

/// A message to a phone.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// The attempt that hands it over: what is learnt late is told of it.
    pub attempt: AttemptId,
    /// Whose phone.
    pub to: &'a PhoneNumber,
    /// What it says.
    pub text: &'a str,
    /// When it is of no use any more; the message centre's own validity without it.
    pub expires_at: Option<Timestamp>,
}

/// Shows neither the number nor the text.
impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("attempt", &self.attempt)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Of which parts a receipt is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Receipts {
    /// Of every part: a message is delivered when each is
    /// ([`state_of_all`](crate::state_of_all)).
    #[default]
    All,
    /// Of the last part: one receipt for a message, which says nothing of the parts before it.
    Last,
    /// Of none.
    None,
}

/// How an account sends messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Who they are from.
    pub source: Source,
    /// What texts are written in.
    pub coding: Coding,
    /// How parts are joined.
    pub joining: Joining,
    /// The most parts of a message.
    pub max_parts: usize,
    /// Of which parts receipts are asked for.
    pub receipts: Receipts,
    /// The service that the message centre knows the messages by; mostly empty. At most 5 ASCII characters.
    pub service_type: String,
}

/// A message that cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// It says nothing.
    #[error("the text is empty")]
    Empty,
    /// It has more parts than the account sends.
    #[error("the text has {parts} parts, of which {most} are sent")]
    TooLong {
        /// So many.
        parts: usize,
        /// The most.
        most: usize,
    },
    /// Its time is over.
    #[error("the message has expired")]
    Expired,
}

impl BuildError {
    /// The registry's code.
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::Empty => Reason::ProviderRejected,
            Self::TooLong { .. } => Reason::ProviderPayloadTooLarge,
            Self::Expired => Reason::ExpiredTtl,
        }
    }
}

/// The longest validity that is asked for: message centres refuse longer ones.
const LONGEST: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A header stands before the text (SMPP 3.4, 5.2.12).
const HAS_HEADER: u8 = 0x40;

/// A message, ready to be sent. It is made once for each try.
pub struct Submission {
    attempt: AttemptId,
    parts: Vec<SubmitSm>,
}

impl Submission {
    /// Of a message; `reference` is what its parts have in common, and differs from that of other messages to
    /// the same phone.
    ///
    /// # Errors
    /// [`BuildError`] if it cannot be sent.
    pub fn of(
        message: &Message<'_>,
        form: &Form,
        reference: u16,
        now: Timestamp,
    ) -> Result<Self, BuildError> {
        if message.text.is_empty() {
            return Err(BuildError::Empty);
        }
        let (alphabet, texts) = split(message.text, form.coding, form.joining);
        if texts.len() > form.max_parts {
            return Err(BuildError::TooLong {
                parts: texts.len(),
                most: form.max_parts,
            });
        }
        let validity = match message.expires_at {
            Some(at) => validity(at.duration_since(now)).ok_or(BuildError::Expired)?,
            None => EmptyOrFullCOctetString::null(),
        };
        let whole = SubmitSm::builder()
            .service_type(ServiceType::new(string(&form.service_type)))
            .source_addr_ton(Ton::from(form.source.ton()))
            .source_addr_npi(Npi::from(form.source.npi()))
            .source_addr(string(form.source.address()))
            .dest_addr_ton(Ton::International)
            .dest_addr_npi(Npi::Isdn)
            .destination_addr(number(message.to))
            .validity_period(validity)
            .data_coding(DataCoding::from(alphabet.data_coding(form.coding)))
            // `rusmpp` sets bits by default that are reserved in a submission.
            .esm_class(EsmClass::from(0))
            .build();
        let parts = match (form.joining, texts.len()) {
            (_, 1) => texts
                .iter()
                .map(|text| with_text(whole.clone(), text))
                .collect(),
            (Joining::Payload, _) => vec![with_payload(whole, texts.concat())],
            (Joining::Udh8 | Joining::Udh16 | Joining::Sar, _) => {
                joined(&whole, &texts, form.joining, reference)
            }
        };
        let attempt = message.attempt;
        let mut submission = Self { attempt, parts };
        submission.ask_for(form.receipts);
        Ok(submission)
    }

    fn ask_for(&mut self, receipts: Receipts) {
        let asked = RegisteredDelivery::from(1);
        match receipts {
            Receipts::All => self
                .parts
                .iter_mut()
                .for_each(|part| part.registered_delivery = asked),
            Receipts::Last => {
                if let Some(last) = self.parts.last_mut() {
                    last.registered_delivery = asked;
                }
            }
            Receipts::None => {}
        }
    }

    /// The attempt that hands the message over.
    #[must_use]
    pub const fn attempt(&self) -> AttemptId {
        self.attempt
    }

    pub(crate) fn into_parts(self) -> Vec<SubmitSm> {
        self.parts
    }
}

/// Shows how many parts it has.
impl fmt::Debug for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Submission({} parts)", self.parts.len())
    }
}

fn joined(whole: &SubmitSm, texts: &[Vec<u8>], joining: Joining, reference: u16) -> Vec<SubmitSm> {
    let count = u8::try_from(texts.len()).unwrap_or(u8::MAX);
    let [high, low] = reference.to_be_bytes();
    (1_u8..=count)
        .zip(texts)
        .map(|(number, text)| {
            let mut part = whole.clone();
            let header: &[u8] = match joining {
                Joining::Udh8 | Joining::Payload => &[5, 0, 3, low, count, number],
                Joining::Udh16 => &[6, 8, 4, high, low, count, number],
                Joining::Sar => {
                    part.set_tlvs(vec![
                        Parameter::SarMsgRefNum(reference),
                        Parameter::SarTotalSegments(count),
                        Parameter::SarSegmentSeqnum(number),
                    ]);
                    return with_text(part, text);
                }
            };
            part.esm_class = EsmClass::from(HAS_HEADER);
            with_text(part, &[header, text].concat())
        })
        .collect()
}

/// A part has at most 160 octets and a header of 7, so it always fits.
fn with_text(mut part: SubmitSm, octets: &[u8]) -> SubmitSm {
    part.set_short_message(OctetString::from_slice(octets).unwrap_or_default());
    part
}

fn with_payload(mut whole: SubmitSm, octets: Vec<u8>) -> SubmitSm {
    let payload = MessagePayload::new(AnyOctetString::from_vec(octets));
    whole.set_tlvs(vec![Parameter::MessagePayload(payload)]);
    whole
}

fn number(to: &PhoneNumber) -> COctetString<1, 21> {
    string(to.as_str().trim_start_matches('+'))
}

/// A relative time, `YYMMDDhhmmss000R` (SMPP 3.4, 7.1.1.2): the message centre's clock and zone do not
/// matter. None if nothing is left.
fn validity(left: SignedDuration) -> Option<EmptyOrFullCOctetString<17>> {
    let seconds = left.min(LONGEST).as_secs();
    if seconds < 1 {
        return None;
    }
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
    let text = format!("0000{days:02}{hours:02}{minutes:02}{seconds:02}000R");
    text.parse().ok()
}

#[cfg(test)]
mod tests;
