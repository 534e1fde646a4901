//! `deliver_sm` and `data_sm` of a message centre.

use super::{Arrival, Incoming, Receipt, ReceiptIds, Segment};
use crate::{
    pdu::{Body, Tag},
    text::{self, Coding},
};

/// What the message type in `esm_class` says of a receipt and of a notification on the way
/// (SMPP 3.4, 5.2.12).
const RECEIPTS: [u8; 2] = [0x04, 0x20];
/// The message type in `esm_class`.
const TYPE: u8 = 0x3c;
/// A header stands before the text.
const HAS_HEADER: u8 = 0x40;
/// The most octets of an address that are kept.
const MAX_ADDRESS: usize = 64;

/// How what comes is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Reading {
    pub(crate) coding: Coding,
    pub(crate) ids: ReceiptIds,
}

/// Reads the body of a `deliver_sm`; none if it cannot be read.
pub(crate) fn read_deliver(body: &[u8], reading: Reading) -> Option<Arrival> {
    let mut body = Body(body);
    let ends = Ends::read(&mut body)?;
    let esm_class = body.octet()?;
    // Protocol and priority, schedule and validity, receipt, replacement.
    body.octets(2)?;
    body.text()?;
    body.text()?;
    body.octets(2)?;
    let data_coding = body.octet()?;
    body.octet()?;
    let length = body.octet()?;
    let text = body.octets(usize::from(length))?;
    let content = Content {
        ends,
        esm_class,
        data_coding,
        text,
        parameters: body,
    };
    content.read(reading)
}

/// Reads the body of a `data_sm`; none if it cannot be read.
pub(crate) fn read_data(body: &[u8], reading: Reading) -> Option<Arrival> {
    let mut body = Body(body);
    let ends = Ends::read(&mut body)?;
    let esm_class = body.octet()?;
    body.octet()?;
    let data_coding = body.octet()?;
    let content = Content {
        ends,
        esm_class,
        data_coding,
        text: &[],
        parameters: body,
    };
    content.read(reading)
}

/// Who wrote to whom.
struct Ends<'a> {
    from: &'a [u8],
    to: &'a [u8],
}

impl<'a> Ends<'a> {
    fn read(body: &mut Body<'a>) -> Option<Self> {
        // The service type, then each address behind its type and plan.
        body.text()?;
        body.octets(2)?;
        let from = body.text()?;
        body.octets(2)?;
        let to = body.text()?;
        Some(Self { from, to })
    }
}

struct Content<'a> {
    ends: Ends<'a>,
    esm_class: u8,
    data_coding: u8,
    text: &'a [u8],
    parameters: Body<'a>,
}

impl Content<'_> {
    fn read(self, reading: Reading) -> Option<Arrival> {
        // A person can write what looks like a receipt, so only the class says that it is one.
        if RECEIPTS.contains(&(self.esm_class & TYPE)) {
            let (_, octets) = self.text();
            // Receipts are in ASCII whatever the alphabet is said to be.
            let text: String = octets
                .iter()
                .map(|octet| char::from(octet & 0x7f))
                .collect();
            // It comes from the phone that the message was sent to.
            let phone = address(self.ends.from);
            let receipt = Receipt::read(&text, self.parameters, reading.ids, phone);
            return receipt.map(Arrival::Receipt);
        }
        let (header, octets) = self.text();
        Some(Arrival::Message(Incoming {
            from: address(self.ends.from),
            to: address(self.ends.to),
            text: text::read(octets, self.data_coding, reading.coding),
            segment: header.and_then(of_header).or_else(|| self.of_parameters()),
        }))
    }

    /// The header before the text, and the text.
    fn text(&self) -> (Option<&[u8]>, &[u8]) {
        let payload = self.parameters.parameter(Tag::MESSAGE_PAYLOAD);
        let text = match payload {
            Some(payload) if self.text.is_empty() => payload,
            Some(_) | None => self.text,
        };
        if self.esm_class & HAS_HEADER == 0 {
            return (None, text);
        }
        let header = text.split_first().and_then(|(length, rest)| {
            let (header, text) = rest.split_at_checked(usize::from(*length))?;
            Some((Some(header), text))
        });
        header.unwrap_or((None, text))
    }

    fn of_parameters(&self) -> Option<Segment> {
        let reference = self.parameters.number_parameter(Tag::SAR_MSG_REF_NUM)?;
        let number = self.parameters.octet_parameter(Tag::SAR_SEGMENT_SEQNUM)?;
        let count = self.parameters.octet_parameter(Tag::SAR_TOTAL_SEGMENTS)?;
        Segment::new(reference, number, count)
    }
}

/// Which part a header says (3GPP TS 23.040, 9.2.3.24).
fn of_header(header: &[u8]) -> Option<Segment> {
    let mut elements = Body(header);
    loop {
        let (kind, length) = (elements.octet()?, elements.octet()?);
        match (kind, elements.octets(usize::from(length))?) {
            (0x00, [reference, count, number]) => {
                return Segment::new(u16::from(*reference), *number, *count);
            }
            (0x08, [high, low, count, number]) => {
                return Segment::new(u16::from_be_bytes([*high, *low]), *number, *count);
            }
            _ => {}
        }
    }
}

fn address(octets: &[u8]) -> String {
    let octets = &octets[..octets.len().min(MAX_ADDRESS)];
    String::from_utf8_lossy(octets).into_owned()
}
