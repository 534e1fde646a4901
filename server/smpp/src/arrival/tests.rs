use proptest::prelude::*;
use rusmpp::{
    encode::{Encode as _, Length as _},
    pdus::DeliverSm,
    tlvs::MessageDeliveryRequestTlvValue as Tlv,
    types::OctetString,
    values::{DataCoding, EsmClass, MessageState, NetworkErrorCode},
};

use vestnik_model::phone::PhoneNumber;

use super::*;
use crate::text::Coding;

const SAME: Reading = Reading {
    coding: Coding::Gsm7,
    ids: ReceiptIds::Same,
};

/// A `deliver_sm` that the foreign codec writes.
fn deliver(class: u8, text: &[u8], parameters: Vec<Tlv>) -> Vec<u8> {
    let pdu = DeliverSm::builder()
        .source_addr("49301".parse().unwrap())
        .destination_addr("SHOP".parse().unwrap())
        .esm_class(EsmClass::from(class))
        .data_coding(DataCoding::McSpecific)
        .short_message(OctetString::from_slice(text).unwrap())
        .tlvs(parameters)
        .build();
    let mut octets = vec![0; pdu.length()];
    pdu.encode(&mut octets);
    octets
}

fn receipt_by(body: &[u8], reading: Reading) -> Option<Receipt> {
    match read_deliver(body, reading)? {
        Arrival::Receipt(receipt) => Some(receipt),
        Arrival::Message(message) => panic!("{message:?}"),
    }
}

fn receipt(text: &str) -> Option<Receipt> {
    receipt_by(&deliver(0x04, text.as_bytes(), Vec::new()), SAME)
}

fn message(body: &[u8]) -> Incoming {
    match read_deliver(body, SAME) {
        Some(Arrival::Message(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_text_of_the_specification_is_read() {
    let text = "id:0123456789 sub:001 dlvrd:001 submit date:2611281200 done date:2611281201 \
                stat:DELIVRD err:000 text:Your order";
    let read = receipt(text).unwrap();
    assert_eq!(read.id.as_str(), "0123456789");
    assert_eq!(read.state, State::Delivered);
    assert_eq!(read.error.as_deref(), Some("000"));
    assert_eq!(read.at.unwrap().to_string(), "2026-11-28T12:01:00");
    let (submitted, delivered) = (1, 1);
    assert_eq!(
        read.parts,
        Some(ReceiptParts {
            submitted,
            delivered
        })
    );
}

#[test]
fn spellings_of_receipts_are_read() {
    for (text, id, state, error) in [
        (
            "id:7 stat:UNDELIV err:0A1",
            "7",
            State::Undeliverable,
            Some("0A1"),
        ),
        (
            "ID:7 Stat:EXPIRED Err:999 Text:",
            "7",
            State::Expired,
            Some("999"),
        ),
        (
            "id: 7 submit_date: 261128120003 done_date:x stat: REJECTD",
            "7",
            State::Rejected,
            None,
        ),
        ("stat:DELETED id:7", "7", State::Deleted, None),
        (
            "id:AbC-7,status:delivered,err:0",
            "AbC-7",
            State::Delivered,
            Some("0"),
        ),
        ("id:7 stat:ACCEPTD err:", "7", State::Accepted, None),
        (
            "id:7\r\nstat:ENROUTE\r\nerr:1;2",
            "7",
            State::EnRoute,
            Some("1"),
        ),
        (
            "id:7 stat:FAILED err:000000000011",
            "7",
            State::Undeliverable,
            None,
        ),
        ("id:7 stat:whatever", "7", State::Unknown, None),
        // An id may have a colon; a field may have no value.
        (
            "id:smsc1:7 err: submit date:2611281200 stat:DELIVRD",
            "smsc1:7",
            State::Delivered,
            None,
        ),
        ("id:7 err:stat:DELIVRD", "7", State::Delivered, None),
        // A field's name within another word is not the field.
        (
            "guid:8 id:7 substat:1 stat:DELIVRD",
            "7",
            State::Delivered,
            None,
        ),
    ] {
        let read = receipt(text).unwrap();
        let read = (read.id.as_str(), read.state, read.error.as_deref());
        assert_eq!(read, (id, state, error), "{text}");
    }
}

#[test]
fn what_a_person_wrote_decides_nothing() {
    // The beginning of the message follows the receipt's fields.
    let read = receipt("id:7 stat:UNDELIV err:1 text:id:8 stat:DELIVRD").unwrap();
    assert_eq!((read.id.as_str(), read.state), ("7", State::Undeliverable));
    assert_eq!(receipt("text:id:8 stat:DELIVRD"), None);
    // A message that looks like a receipt is a message.
    let body = deliver(0x00, b"id:7 stat:DELIVRD", Vec::new());
    assert_eq!(message(&body).text.as_deref(), Some("id:7 stat:DELIVRD"));
}

#[test]
fn parameters_win_over_the_text() {
    let parameters = vec![
        Tlv::ReceiptedMessageId("9F".parse().unwrap()),
        Tlv::MessageState(MessageState::Undeliverable),
        Tlv::NetworkErrorCode(NetworkErrorCode::new(3.into(), 27)),
    ];
    let body = deliver(0x04, b"id:7 stat:DELIVRD", parameters.clone());
    let read = receipt_by(&body, SAME).unwrap();
    assert_eq!((read.id.as_str(), read.state), ("9F", State::Undeliverable));
    assert_eq!(read.error.as_deref(), Some("027"));
    // Without any text, and as a notification on the way.
    let body = deliver(0x20, b"", parameters);
    assert_eq!(receipt_by(&body, SAME).unwrap().id.as_str(), "9F");
}

#[test]
fn an_id_without_its_null_is_read() {
    let mut body = deliver(0x04, b"", Vec::new());
    body.extend(b"\x00\x1e\x00\x03abc\x04\x27\x00\x01\x02");
    let read = receipt_by(&body, SAME).unwrap();
    assert_eq!((read.id.as_str(), read.state), ("abc", State::Delivered));
}

#[test]
fn a_receipt_of_no_message_or_without_a_state_is_none() {
    for text in ["", "stat:DELIVRD", "id:7", "id: stat:DELIVRD", "\u{7f}"] {
        assert_eq!(receipt(text), None, "{text}");
    }
    let long = format!("id:{} stat:DELIVRD", "7".repeat(65));
    assert_eq!(receipt(&long), None);
}

#[test]
fn numbers_of_another_base_are_the_same_id() {
    for (ids, answer, in_receipt) in [
        (ReceiptIds::Same, "3F2a", "3F2a"),
        (ReceiptIds::Caseless, "3F2A", "3f2a"),
        (ReceiptIds::Unpadded, "12345", "0000012345"),
        (ReceiptIds::Unpadded, "00aB", "aB"),
        (ReceiptIds::Unpadded, "0", "000"),
        (ReceiptIds::Decimal, "0000002A", "42"),
        (ReceiptIds::Decimal, "2a", "0000000042"),
        (ReceiptIds::Hexadecimal, "42", "2A"),
        (ReceiptIds::Hexadecimal, "0042", "0000002a"),
        // What is no number stays what it is.
        (ReceiptIds::Decimal, "abc-XYZ", "abc-XYZ"),
    ] {
        let answered = MessageId::of_answer(answer.as_bytes(), ids);
        let reading = Reading { ids, ..SAME };
        let text = format!("id:{in_receipt} stat:DELIVRD");
        let read = receipt_by(&deliver(0x04, text.as_bytes(), Vec::new()), reading);
        assert_eq!(read.map(|read| read.id), answered, "{answer} {in_receipt}");
        assert!(answered.is_some());
    }
    // These are two messages.
    for (ids, answer, in_receipt) in [
        (ReceiptIds::Same, "aB3", "Ab3"),
        (ReceiptIds::Same, "7", "07"),
        (ReceiptIds::Caseless, "a7", "0A7"),
        (ReceiptIds::Unpadded, "a7", "A7"),
        (ReceiptIds::Decimal, "10", "10"),
        (ReceiptIds::Decimal, "abc-XYZ", "ABC-xyz"),
        (ReceiptIds::Hexadecimal, "+5", "5"),
    ] {
        let answered = MessageId::of_answer(answer.as_bytes(), ids);
        let received = MessageId::of_receipt(in_receipt.as_bytes(), ids);
        assert_ne!(answered, received, "{answer} {in_receipt}");
    }
}

/// SMPP 3.4, 5.3.2.12: the parameter repeats the id of the answer. Only the text has the other base.
#[test]
fn the_parameter_of_a_receipt_has_the_id_as_the_answer_had_it() {
    for (ids, answer, text) in [
        (ReceiptIds::Decimal, "2A", "id:42 stat:DELIVRD"),
        (ReceiptIds::Hexadecimal, "42", "id:2A stat:DELIVRD"),
    ] {
        let reading = Reading { ids, ..SAME };
        let parameters = vec![Tlv::ReceiptedMessageId(answer.parse().unwrap())];
        let with = deliver(0x04, text.as_bytes(), parameters);
        let without = deliver(0x04, text.as_bytes(), Vec::new());
        let answered = MessageId::of_answer(answer.as_bytes(), ids);
        for body in [with, without] {
            let read = receipt_by(&body, reading);
            assert_eq!(read.map(|read| read.id), answered, "{answer}");
        }
    }
}

#[test]
fn a_receipt_says_whose_phone_it_is() {
    let number = |text| PhoneNumber::parse(text).unwrap();
    let read = receipt("id:7 stat:DELIVRD").unwrap();
    assert_eq!(read.phone, "49301");
    assert!(!format!("{read:?}").contains("49301"));
    for (phone, is_of) in [
        ("+4915112345678", true),
        ("4915112345678", true),
        ("004915112345678", true),
        ("015112345678", true),
        ("", true),
        ("4915112345679", false),
        ("49301", false),
    ] {
        let phone = phone.to_owned();
        let receipt = Receipt {
            phone,
            ..read.clone()
        };
        assert_eq!(receipt.may_be_of(&number("+4915112345678")), is_of);
    }
}

#[test]
fn messages_of_people_are_read_with_their_parts() {
    let body = deliver(0x40, b"\x05\x00\x03\x2a\x02\x01\x1b\x65 hi", Vec::new());
    let read = message(&body);
    assert_eq!(read.text.as_deref(), Some("€ hi"));
    let segment = Segment {
        reference: 42,
        number: 1,
        count: 2,
    };
    assert_eq!(read.segment, Some(segment));
    assert_eq!((read.from.as_str(), read.to.as_str()), ("49301", "SHOP"));
    let shown = format!("{read:?}");
    assert!(!shown.contains("49301") && !shown.contains("hi"), "{shown}");
    let parameters = vec![
        Tlv::SarMsgRefNum(300),
        Tlv::SarTotalSegments(3),
        Tlv::SarSegmentSeqnum(3),
    ];
    let segment = message(&deliver(0, b"x", parameters)).segment.unwrap();
    assert_eq!(
        (segment.reference, segment.number, segment.count),
        (300, 3, 3)
    );
    // A header that says nonsense, or is longer than the message.
    for text in [&b"\x05\x00\x03\x2a\x02\x03x"[..], b"\x20\x00", b"\x00x"] {
        assert_eq!(message(&deliver(0x40, text, Vec::new())).segment, None);
    }
}

#[test]
fn the_states_of_parts_are_one_state() {
    use State::{Delivered, EnRoute, Expired};
    for (parts, wanted) in [
        (&[Some(Delivered), Some(Delivered)][..], Some(Delivered)),
        (&[Some(Delivered), None], None),
        (&[Some(Delivered), Some(EnRoute)], None),
        (&[None, Some(Expired)], Some(Expired)),
        (&[], None),
    ] {
        assert_eq!(state_of_all(parts), wanted, "{parts:?}");
    }
}

proptest! {
    #[test]
    fn anything_is_read_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        read_deliver(&body, SAME);
        read_data(&body, SAME);
    }

    #[test]
    fn any_text_of_a_receipt_is_read_without_a_panic(
        text in "((id|stat|err|done date|text|sub)[: ]{0,2}[a-zA-Z0-9:é_ ]{0,12} ?){0,8}",
    ) {
        Receipt::read(&text, crate::pdu::Body(b""), ReceiptIds::Same, String::new());
    }

    #[test]
    fn every_beginning_of_a_receipt_is_read_or_refused(cut in 0_usize..120) {
        let text = b"id:7 sub:001 dlvrd:001 done date:2611281201 stat:DELIVRD err:000 text:Your order";
        let body = deliver(0x04, text, vec![Tlv::MessageState(MessageState::Delivered)]);
        if let Some(read) = receipt_by(&body[..cut.min(body.len())], SAME) {
            prop_assert_eq!((read.id.as_str(), read.state), ("7", State::Delivered));
        }
    }
}
