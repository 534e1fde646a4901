use std::time::Duration;

use rusmpp::{
    encode::{Encode as _, Length as _},
    tlvs::TlvValue,
};

use super::*;

fn form() -> Form {
    Form {
        source: Source::parse("Shop").unwrap(),
        coding: Coding::Gsm7,
        joining: Joining::Udh8,
        max_parts: 4,
        receipts: Receipts::All,
        service_type: String::new(),
    }
}

fn now() -> Timestamp {
    "2026-11-30T12:00:00Z".parse().unwrap()
}

fn sent(text: &str, form: &Form) -> Vec<SubmitSm> {
    let to = PhoneNumber::parse("+4930123456").unwrap();
    let message = Message {
        attempt: crate::fixture::attempt(),
        to: &to,
        text,
        expires_at: Some(now() + Duration::from_secs(90_061)),
    };
    let submission = Submission::of(&message, form, 0x1234, now()).unwrap();
    submission.into_parts()
}

fn octets(part: &SubmitSm) -> Vec<u8> {
    let mut octets = vec![0; part.length()];
    part.encode(&mut octets);
    octets
}

/// The fields of SMPP 3.4, 4.4.1, in their order.
#[test]
fn a_submission_is_written_as_the_specification_says() {
    let parts = sent("Hi @ 5€", &form());
    let mut wanted = b"\0\x05\0Shop\0\x01\x014930123456\0\0\0\0\0".to_vec();
    wanted.extend(b"000001010101000R\0\x01\0\0\0\x08Hi \x00 5\x1b\x65");
    assert_eq!(parts.len(), 1);
    assert_eq!(octets(&parts[0]), wanted);
}

#[test]
fn parts_are_joined_as_the_account_says() {
    let text = "x".repeat(200);
    let parts = sent(&text, &form());
    assert_eq!(parts.len(), 2);
    assert!(
        octets(&parts[0])
            .windows(6)
            .any(|at| at == [5, 0, 3, 0x34, 2, 1])
    );
    assert!(
        octets(&parts[1])
            .windows(6)
            .any(|at| at == [5, 0, 3, 0x34, 2, 2])
    );
    assert_eq!(u8::from(parts[0].esm_class), 0x40);
    assert_eq!(parts[0].sm_length(), 159);

    let wide = Form {
        joining: Joining::Udh16,
        ..form()
    };
    let parts = sent(&text, &wide);
    assert_eq!(parts[1].short_message()[..7], [6, 8, 4, 0x12, 0x34, 2, 2]);
    assert_eq!(parts[0].sm_length(), 159);

    let by_parameters = Form {
        joining: Joining::Sar,
        ..form()
    };
    let parts = sent(&text, &by_parameters);
    assert_eq!(u8::from(parts[0].esm_class), 0);
    let values: Vec<_> = parts[1]
        .tlvs()
        .iter()
        .filter_map(|tlv| tlv.value())
        .collect();
    let wanted = [
        &TlvValue::SarMsgRefNum(0x1234),
        &TlvValue::SarTotalSegments(2),
        &TlvValue::SarSegmentSeqnum(2),
    ];
    assert_eq!(values, wanted);

    let whole = Form {
        joining: Joining::Payload,
        ..form()
    };
    let parts = sent(&text, &whole);
    assert_eq!((parts.len(), parts[0].sm_length()), (1, 0));
    assert!(octets(&parts[0]).ends_with(text.as_bytes()));
    assert_eq!(sent("short", &whole)[0].sm_length(), 5);
}

#[test]
fn receipts_are_asked_of_the_parts_that_the_account_says() {
    let asked = |receipts| {
        let form = Form { receipts, ..form() };
        let parts = sent(&"x".repeat(200), &form);
        let asked = parts.iter().map(|part| u8::from(part.registered_delivery));
        asked.collect::<Vec<_>>()
    };
    assert_eq!(asked(Receipts::All), [1, 1]);
    assert_eq!(asked(Receipts::Last), [0, 1]);
    assert_eq!(asked(Receipts::None), [0, 0]);
}

#[test]
fn what_cannot_be_sent_is_not_built() {
    let to = PhoneNumber::parse("+4930123456").unwrap();
    let refused = |text: &str, expires_at| {
        let message = Message {
            attempt: crate::fixture::attempt(),
            to: &to,
            text,
            expires_at,
        };
        Submission::of(&message, &form(), 1, now())
            .map(|_| ())
            .unwrap_err()
    };
    assert_eq!(refused("", None), BuildError::Empty);
    let long = "я".repeat(4 * 67 + 1);
    assert_eq!(
        refused(&long, None),
        BuildError::TooLong { parts: 5, most: 4 }
    );
    assert_eq!(refused("x", Some(now())), BuildError::Expired);
    let almost = now() + Duration::from_millis(900);
    assert_eq!(refused("x", Some(almost)), BuildError::Expired);
}

#[test]
fn validity_is_relative_and_bounded() {
    for (seconds, wanted) in [
        (1, "000000000001000R"),
        (86_399, "000000235959000R"),
        (86_400 * 30, "000030000000000R"),
        (86_400 * 365, "000030000000000R"),
    ] {
        let written = validity(SignedDuration::from_secs(seconds)).unwrap();
        assert_eq!(written.as_str(), wanted);
    }
    assert!(validity(SignedDuration::from_secs(-1)).is_none());
}

#[test]
fn a_message_shows_nothing_of_itself() {
    let to = PhoneNumber::parse("+4930123456").unwrap();
    let message = Message {
        attempt: crate::fixture::attempt(),
        to: &to,
        text: "secret",
        expires_at: None,
    };
    let shown = format!("{message:?} {:?}", form());
    assert!(!shown.contains("secret") && !shown.contains("4930"));
}
