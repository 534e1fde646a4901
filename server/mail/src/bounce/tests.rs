use proptest::prelude::*;
use vestnik_model::Reason;

use super::*;
use crate::fixture::{delivery, sender};

/// How Postfix words a bounce, shortened.
fn postfix(recipient: &str, copy: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: {}\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status;\r\n\
         \tboundary=\"D9.1/mx.example\"\r\n\r\nThis is a MIME-encapsulated message.\r\n\r\n\
         --D9.1/mx.example\r\nContent-Description: Notification\r\n\
         Content-Type: text/plain; charset=us-ascii\r\n\r\nI'm sorry to have to inform you\r\n\r\n\
         --D9.1/mx.example\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example\r\nArrival-Date: Sat, 28 Nov 2026 09:00:00 +0000\r\n\r\n\
         Final-Recipient: rfc822; anna@shop.example\r\n{recipient}\r\n\r\n\
         --D9.1/mx.example\r\nContent-Type: message/rfc822\r\n\r\n{copy}\r\n\
         --D9.1/mx.example--\r\n",
        sender().envelope_sender(delivery()),
    )
}

fn fate_of(recipient: &str) -> Result<Fate, NoBounce> {
    let bounce = read(postfix(recipient, "").as_bytes(), None, &sender().key)?;
    assert_eq!(bounce.delivery, delivery());
    Ok(bounce.fate)
}

fn failed(recipient: &str) -> Verdict {
    match fate_of(recipient) {
        Ok(Fate::Failed(outcome)) => outcome.verdict,
        other => panic!("{other:?}"),
    }
}

const DEAD: Verdict = Verdict::Dead {
    reason: Reason::EmailBounced,
};

#[test]
fn a_final_bounce_says_why() {
    assert_eq!(failed("Action: failed\r\nStatus: 5.1.1"), DEAD);
    let diagnosed = "Action: failed\r\nStatus: 5.0.0\r\nRemote-MTA: dns; a\r\n\
                     Diagnostic-Code: smtp; 550 5.1.1 <anna@shop.example>:\r\n    unknown";
    assert_eq!(failed(diagnosed), DEAD);
    let gmail =
        "Action: failed\r\nStatus: 5.0.0\r\nDiagnostic-Code: smtp; 550-5.1.1 The email account";
    assert_eq!(failed(gmail), DEAD);
    let full = Verdict::Rejected {
        reason: Reason::ProviderRejected,
    };
    assert_eq!(
        failed("Action: FAILED\r\nStatus: 5.2.2 (mailbox full)"),
        full
    );
    // The server gave up what it had tried for days: the mailbox is not proven to be dead.
    let expired = Verdict::Rejected {
        reason: Reason::ProviderTimeout,
    };
    assert_eq!(failed("Action: failed\r\nStatus: 4.4.7"), expired);
    let unsaid = Verdict::Rejected {
        reason: Reason::ProviderRejected,
    };
    for odd in [
        "Action: failed",
        "Action: failed\r\nStatus: 2.0.0",
        "Action: failed\r\nStatus: x",
    ] {
        assert_eq!(failed(odd), unsaid, "{odd}");
    }
}

fn delay(until: Option<Timestamp>, status: &str) -> Fate {
    let said = Said {
        code: None,
        status: EnhancedStatus::parse(status),
    };
    Fate::Delayed { until, said }
}

#[test]
fn a_delay_and_a_success_are_no_failures() {
    let delayed = "Action: delayed\r\nStatus: 4.4.1\r\nWill-Retry-Until: Thu, 3 Dec 2026 09:00:00 +0000 (UTC)";
    let until = Some("2026-12-03T09:00:00Z".parse().unwrap());
    assert_eq!(fate_of(delayed), Ok(delay(until, "4.4.1")));
    assert_eq!(fate_of("Action: delayed"), Ok(delay(None, "")));
    assert_eq!(
        fate_of("Action: delivered\r\nStatus: 2.1.5"),
        Ok(Fate::Delivered)
    );
    assert_eq!(fate_of("Action: relayed"), Ok(Fate::Relayed));
    assert_eq!(fate_of("Action: dancing"), Err(NoBounce::NoFate));
    assert_eq!(fate_of("Status: 5.1.1"), Err(NoBounce::NoFate));
}

#[test]
fn of_several_recipients_the_best_one_counts() {
    let alias =
        "Action: failed\r\nStatus: 5.1.1\r\n\r\nFinal-Recipient: rfc822; b@c.d\r\nAction: delayed";
    assert_eq!(fate_of(alias), Ok(delay(None, "")));
}

#[test]
fn a_report_names_its_mailbox() {
    let dead = postfix("Action: failed\r\nStatus: 5.1.1", "");
    for (written, wanted) in [
        ("rfc822; anna@shop.example", Some("anna@shop.example")),
        ("RFC822;<anna@shop.example>", Some("anna@shop.example")),
        (
            "utf-8; anna@xn--80ak6aa92e.example",
            Some("anna@xn--80ak6aa92e.example"),
        ),
        ("rfc822; anna", None),
        ("anna@shop.example", None),
    ] {
        let text = dead.replace("rfc822; anna@shop.example", written);
        let bounce = read(text.as_bytes(), None, &sender().key).unwrap();
        let named = bounce.mailbox.map(|mailbox| mailbox.to_string());
        assert_eq!(named.as_deref(), wanted, "{written}");
    }
}

#[test]
fn the_letter_is_found_by_any_of_its_marks() {
    let (key, tag) = (sender().key, sender().key.tag(delivery()));
    let unknown = "To: other@shop.example";
    let plain = postfix("Action: failed\r\nStatus: 5.1.1", "Subject: x");
    let to = format!("To: {}", sender().envelope_sender(delivery()));
    let bare = plain.replace(&to, unknown);
    assert_eq!(read(bare.as_bytes(), None, &key), Err(NoBounce::NoLetter));
    let by_envelope = sender().envelope_sender(delivery());
    assert!(read(bare.as_bytes(), Some(&by_envelope), &key).is_ok());
    let by_id = bare.replace(
        "Reporting-MTA",
        &format!("Original-Envelope-Id: {}\r\nReporting-MTA", tag.as_str()),
    );
    assert!(read(by_id.as_bytes(), None, &key).is_ok());
    let copy = format!(
        "message-id:\r\n {}\r\nSubject: x",
        sender().message_id(delivery())
    );
    let by_copy = bare.replace("Subject: x", &copy);
    assert!(read(by_copy.as_bytes(), None, &key).is_ok());
}

#[test]
fn a_forged_bounce_kills_nobody() {
    let text = postfix("Action: failed\r\nStatus: 5.1.1", "");
    let other = TagKey::new(&[8; 32]);
    assert_eq!(read(text.as_bytes(), None, &other), Err(NoBounce::NoLetter));
}

#[test]
fn an_answer_of_a_person_is_no_bounce() {
    let to = sender().envelope_sender(delivery());
    let text = format!(
        "To: {to}\r\nAuto-Submitted: auto-replied\r\nContent-Type: text/plain\r\n\r\nI am away"
    );
    assert_eq!(
        read(text.as_bytes(), None, &sender().key),
        Err(NoBounce::NoReport)
    );
    let read_receipt = postfix("Action: failed", "").replace(
        "message/delivery-status",
        "message/disposition-notification",
    );
    assert_eq!(
        read(read_receipt.as_bytes(), None, &sender().key),
        Err(NoBounce::NoReport)
    );
}

#[test]
fn a_huge_bounce_is_read_up_to_its_bound() {
    let mut text = postfix("Action: failed\r\nStatus: 5.1.1", "X: y").into_bytes();
    text.extend(std::iter::repeat_n(b'x', 4 * MAX_BYTES));
    assert!(read(&text, None, &sender().key).is_ok());
    let hidden = [vec![b'\n'; MAX_BYTES], text].concat();
    assert_eq!(read(&hidden, None, &sender().key), Err(NoBounce::NoReport));
}

proptest! {
    #[test]
    fn nothing_that_is_sent_to_us_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read(&bytes, None, &sender().key).is_err());
    }

    /// A bounce with a few bytes deleted, doubled or changed.
    #[test]
    fn no_damaged_bounce_panics_or_is_about_another_letter(
        edits in proptest::collection::vec((0_usize..2_000, 0_usize..60, any::<Option<u8>>()), 1..6),
        recipient in proptest::option::of("\\PC{0,80}"),
    ) {
        let copy = format!("Message-ID: {}", sender().message_id(delivery()));
        let mut text = postfix("Action: failed\r\nStatus: 5.1.1", &copy).into_bytes();
        for (at, length, byte) in edits {
            let at = at.min(text.len());
            let end = (at + length).min(text.len());
            match byte {
                Some(byte) => text[at..end].fill(byte),
                None => drop(text.drain(at..end)),
            }
        }
        if let Ok(bounce) = read(&text, recipient.as_deref(), &sender().key) {
            prop_assert_eq!(bounce.delivery, delivery());
        }
    }
}
