use super::*;

fn reply(text: &str) -> Reply {
    let mut reader = crate::reply::ReplyReader::default();
    reader.push(format!("{text}\r\n").as_bytes());
    reader.take().unwrap().unwrap()
}

fn verdict(phase: Phase, text: &str) -> Verdict {
    outcome(&reply(text), phase).verdict
}

const fn retry(reason: Reason, after: Duration) -> Verdict {
    Verdict::retry(reason, after)
}

const fn rejected(reason: Reason) -> Verdict {
    Verdict::Rejected { reason }
}

const fn refused(reason: Reason) -> Verdict {
    Verdict::Refused { reason }
}

const DEAD: Verdict = Verdict::Dead {
    reason: Reason::EmailBounced,
};
const FLOOD: Verdict = Verdict::Throttled { after: THROTTLED };

#[test]
fn a_letter_s_reply_means_what_its_status_says() {
    use Reason::*;
    for (text, expected) in [
        ("250 2.0.0 queued", Verdict::Accepted),
        ("250 ok", Verdict::Accepted),
        // Mailboxes and domains that are no more.
        ("550 5.1.1 no such user", DEAD),
        ("550 5.1.2 no such domain", DEAD),
        ("553 5.1.3 bad syntax", DEAD),
        ("550 5.1.6 moved", DEAD),
        ("556 5.1.10 null MX", DEAD),
        ("550 5.2.1 disabled", DEAD),
        ("551 5.7.17 new owner", DEAD),
        // A bare code never kills.
        ("550 no", rejected(ProviderRejected)),
        ("550 5.1.0 no", rejected(ProviderRejected)),
        ("550 5.0.0 no", rejected(ProviderRejected)),
        ("551 not here", rejected(ProviderRejected)),
        ("553 not allowed", rejected(ProviderRejected)),
        ("550 5.4.4 cannot route", rejected(ProviderUnavailable)),
        // The class of the status and that of the code differ: the code counts.
        ("550 4.1.1 what", rejected(ProviderRejected)),
        ("552 5.2.2 full", rejected(ProviderRejected)),
        ("552 5.2.3 too long", rejected(ProviderPayloadTooLarge)),
        ("552 5.3.4 too big", rejected(ProviderPayloadTooLarge)),
        ("552 too big", rejected(ProviderPayloadTooLarge)),
        ("554 5.7.1 spam", rejected(ProviderContentRejected)),
        ("550 5.7.1 blocked", rejected(ProviderContentRejected)),
        ("554 no thanks", rejected(ProviderContentRejected)),
        ("550 5.6.1 media", rejected(ProviderContentRejected)),
        ("555 5.5.4 parameter", rejected(ProviderRejected)),
        ("554 5.4.7 too old", rejected(ProviderTimeout)),
        ("550 5.7.26 DMARC", refused(ConfigSenderNotAllowed)),
        ("550 5.7.25 no PTR", refused(ConfigSenderNotAllowed)),
        ("550 5.7.27 null sender", refused(ConfigSenderNotAllowed)),
        ("530 5.7.0 log in", rejected(ProviderContentRejected)),
        ("530 log in", refused(ConfigProviderAuth)),
        ("550 5.7.28 flood", FLOOD),
        // What passes.
        (
            "450 4.2.0 greylisted",
            retry(ProviderUnavailable, GREYLISTED),
        ),
        (
            "451 4.7.1 greylisted",
            retry(ProviderUnavailable, GREYLISTED),
        ),
        (
            "450 4.1.1 not yet known",
            retry(ProviderUnavailable, GREYLISTED),
        ),
        ("451 later", retry(ProviderUnavailable, GREYLISTED)),
        ("452 4.2.2 full", retry(ProviderRejected, FULL)),
        ("452 4.3.1 disk full", retry(ProviderUnavailable, BUSY)),
        ("452 later", retry(ProviderUnavailable, BUSY)),
        ("451 4.4.2 timeout", retry(ProviderUnavailable, BUSY)),
        ("450 4.7.28 flood", FLOOD),
        ("452 4.5.3 too many", FLOOD),
        ("421 4.3.2 going down", retry(ProviderUnavailable, BUSY)),
        ("421 bye", retry(ProviderUnavailable, BUSY)),
        ("421 4.7.0 slow down", FLOOD),
    ] {
        assert_eq!(verdict(Phase::Letter, text), expected, "{text}");
    }
}

#[test]
fn what_a_greeting_refuses_is_the_sender_only_if_it_says_so() {
    use Reason::*;
    for (text, expected) in [
        ("554 5.7.1 not you", refused(ConfigSenderNotAllowed)),
        ("554 no service here", retry(ProviderUnavailable, BUSY)),
        ("554 5.3.2 maintenance", retry(ProviderUnavailable, BUSY)),
        ("554 5.7.28 too many", FLOOD),
        ("421 busy", retry(ProviderUnavailable, BUSY)),
        ("421 4.7.0 too many", FLOOD),
        ("454 4.7.0 no TLS now", retry(ProviderUnavailable, BUSY)),
    ] {
        assert_eq!(verdict(Phase::Opening, text), expected, "{text}");
    }
}

#[test]
fn what_the_server_says_of_us_concerns_every_letter() {
    use Reason::*;
    for (phase, text, expected) in [
        (
            Phase::Authentication,
            "535 5.7.8 wrong",
            refused(ConfigProviderAuth),
        ),
        (
            Phase::Authentication,
            "534 5.7.9 weak",
            refused(ConfigProviderAuth),
        ),
        (
            Phase::Authentication,
            "454 4.7.0 later",
            retry(ProviderInternal, BUSY),
        ),
        (
            Phase::Sender,
            "530 5.7.0 log in",
            refused(ConfigProviderAuth),
        ),
        (
            Phase::Sender,
            "550 5.1.8 bad domain",
            refused(ConfigSenderNotAllowed),
        ),
        (Phase::Sender, "550 5.4.5 quota of the day", FLOOD),
        (Phase::Sender, "550 5.7.28 too many", FLOOD),
        (
            Phase::Sender,
            "553 5.7.1 not yours",
            refused(ConfigSenderNotAllowed),
        ),
        (
            Phase::Sender,
            "552 5.3.4 too big",
            rejected(ProviderPayloadTooLarge),
        ),
        (
            Phase::Sender,
            "451 4.3.0 later",
            retry(ProviderUnavailable, GREYLISTED),
        ),
    ] {
        assert_eq!(verdict(phase, text), expected, "{text}");
    }
}

#[test]
fn every_status_has_a_meaning_and_none_that_is_temporary_kills() {
    for subject in 0..=9 {
        for detail in 0..=35 {
            let text = format!("450 4.{subject}.{detail} x");
            let later = verdict(Phase::Letter, &text);
            assert!(
                matches!(later, Verdict::Retry { .. } | Verdict::Throttled { .. }),
                "{text}: {later:?}"
            );
            let text = format!("550 5.{subject}.{detail} x");
            let never = verdict(Phase::Letter, &text);
            assert!(never.reason().is_some(), "{text}");
            assert!(!matches!(never, Verdict::Retry { .. }), "{text}");
        }
    }
}

#[test]
fn what_was_said_is_shown_without_text() {
    let said = outcome(&reply("550 5.1.1 <anna@shop.example>"), Phase::Letter)
        .said
        .unwrap();
    assert_eq!(said.to_string(), "550 5.1.1");
}

/// Whatever a server was told for days before it gave up: that it may work later proves nothing of a mailbox or
/// an account.
#[test]
fn no_bounce_that_is_temporary_kills_or_refuses() {
    for (subject, detail) in (0..8).flat_map(|subject| (0..40).map(move |detail| (subject, detail)))
    {
        let status = EnhancedStatus {
            class: Class::Transient,
            subject,
            detail,
        };
        let verdict = of_bounce(status);
        assert!(
            matches!(
                verdict,
                Verdict::Rejected { .. } | Verdict::Throttled { .. }
            ),
            "{status}: {verdict:?}"
        );
    }
}
