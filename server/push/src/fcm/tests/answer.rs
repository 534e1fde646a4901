//! What FCM's answers mean.

use std::time::Duration;

use proptest::prelude::*;
use vestnik_model::Reason;

use super::*;
use crate::outcome::{Connection, Outcome, Remedy, Scope, Verdict};

fn read(status: u16, header: Option<(&'static str, &str)>, body: &str) -> Outcome {
    with_answer(status, header, body, |answer| outcome(answer, now()))
}

/// An error as FCM writes it, with its own code.
fn error(status: u16, word: &str, code: &str, more: &str) -> String {
    let kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
    format!(
        r#"{{"error":{{"code":{status},"message":"m","status":"{word}","details":[
            {{"@type":"{kind}","errorCode":"{code}"}}{more}]}}}}"#
    )
}

fn violation(field: &str) -> String {
    format!(
        r#",{{"@type":"type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations":[{{"field":"{field}","description":"d"}}]}}"#
    )
}

fn rejected(reason: Reason) -> Verdict {
    Verdict::Rejected { reason }
}

fn refused(reason: Reason, remedy: Remedy) -> Verdict {
    Verdict::Refused {
        reason,
        scope: Scope::Sender,
        remedy,
    }
}

fn throttled(seconds: u64) -> Verdict {
    Verdict::Throttled {
        scope: Scope::Unsaid,
        after: Some(Duration::from_secs(seconds)),
        over: Connection::Any,
    }
}

/// Checks an error with its usual status, FCM's own code and more details.
fn check(status: u16, code: &str, more: &str, wanted: &Verdict) {
    let word = match code {
        "UNREGISTERED" => "NOT_FOUND",
        "SENDER_ID_MISMATCH" => "PERMISSION_DENIED",
        "QUOTA_EXCEEDED" => "RESOURCE_EXHAUSTED",
        "THIRD_PARTY_AUTH_ERROR" => "UNAUTHENTICATED",
        "UNSPECIFIED_ERROR" => "INTERNAL",
        same => same,
    };
    let read = read(status, None, &error(status, word, code, more));
    assert_eq!(&read.verdict, wanted, "{code} {more}");
    assert_eq!(read.said.to_string(), format!("{status} {code}"));
}

#[test]
fn every_documented_error_has_its_verdict() {
    let dead = Verdict::dead(Reason::TokenDead);
    let internal = Verdict::retry(Reason::ProviderInternal, None);
    let busy = Verdict::retry(Reason::ProviderUnavailable, None);
    check(404, "UNREGISTERED", "", &dead);
    check(
        403,
        "SENDER_ID_MISMATCH",
        "",
        &Verdict::dead(Reason::TokenMismatch),
    );
    check(429, "QUOTA_EXCEEDED", "", &throttled(60));
    check(503, "UNAVAILABLE", "", &busy);
    check(500, "INTERNAL", "", &internal);
    let platform = Verdict::Refused {
        reason: Reason::ConfigProviderAuth,
        scope: Scope::Address,
        remedy: Remedy::Operator,
    };
    check(401, "THIRD_PARTY_AUTH_ERROR", "", &platform);
    check(500, "UNSPECIFIED_ERROR", "", &internal);
}

#[test]
fn a_bad_argument_kills_an_address_only_if_it_is_the_address() {
    let code = "INVALID_ARGUMENT";
    let (dead, reason) = (Verdict::dead(Reason::TokenDead), Reason::ProviderRejected);
    check(400, code, &violation("message.token"), &dead);
    check(400, code, &violation("message.fid"), &dead);
    check(
        400,
        code,
        &violation("message.data[0].value"),
        &rejected(reason),
    );
    check(
        400,
        code,
        &violation("message.android.ttl"),
        &rejected(reason),
    );
    check(400, code, "", &Verdict::Suspect { reason });
}

/// Google's page of error codes shows one without a code of FCM's own.
#[test]
fn a_violation_counts_without_the_code() {
    for (field, wanted) in [
        ("message.token", Verdict::dead(Reason::TokenDead)),
        ("message.data[0].value", rejected(Reason::ProviderRejected)),
    ] {
        let details = violation(field);
        let details = details.trim_start_matches(',');
        let body = format!(
            r#"{{"error":{{"code":400,"status":"INVALID_ARGUMENT","details":[{details}]}}}}"#
        );
        let read = read(400, None, &body);
        assert_eq!(read.verdict, wanted, "{field}");
        assert_eq!(read.said.to_string(), "400 INVALID_ARGUMENT");
    }
}

#[test]
fn without_its_own_code_the_status_counts() {
    let (auth, operator) = (Reason::ConfigProviderAuth, Remedy::Operator);
    for (status, word, wanted) in [
        (400, "INVALID_ARGUMENT", rejected(Reason::ProviderRejected)),
        (401, "UNAUTHENTICATED", refused(auth, Remedy::NewToken)),
        (403, "PERMISSION_DENIED", refused(auth, operator)),
        (
            404,
            "NOT_FOUND",
            refused(Reason::ConfigSenderNotAllowed, operator),
        ),
        (413, "", rejected(Reason::ProviderPayloadTooLarge)),
        (429, "RESOURCE_EXHAUSTED", throttled(60)),
        (408, "", Verdict::retry(Reason::ProviderTimeout, None)),
        (
            500,
            "INTERNAL",
            Verdict::retry(Reason::ProviderInternal, None),
        ),
        (502, "", Verdict::retry(Reason::ProviderUnavailable, None)),
        (
            503,
            "UNAVAILABLE",
            Verdict::retry(Reason::ProviderUnavailable, None),
        ),
        (504, "", Verdict::retry(Reason::ProviderTimeout, None)),
        (599, "", Verdict::retry(Reason::ProviderInternal, None)),
        (302, "", rejected(Reason::Unknown)),
        (418, "", rejected(Reason::Unknown)),
    ] {
        let json = format!(r#"{{"error":{{"status":"{word}"}}}}"#);
        for body in [json.as_str(), "", "<html>", r#"{"error":"x"}"#, "[]"] {
            assert_eq!(read(status, None, body).verdict, wanted, "{status} {body}");
        }
    }
    // A code of tomorrow is no proof of anything.
    let newer = error(404, "NOT_FOUND", "FOLDED", "");
    assert_eq!(
        read(404, None, &newer).verdict,
        refused(Reason::ConfigSenderNotAllowed, operator)
    );
}

#[test]
fn a_wait_that_is_asked_for_is_kept() {
    let wait = Some(("retry-after", "120"));
    let quota = error(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "");
    assert_eq!(read(429, wait, &quota).verdict, throttled(120));
    let minutes = Some(Duration::from_secs(120));
    let busy = error(503, "UNAVAILABLE", "UNAVAILABLE", "");
    assert_eq!(
        read(503, wait, &busy).verdict,
        Verdict::retry(Reason::ProviderUnavailable, minutes)
    );
}

#[test]
fn an_accepted_push_has_its_name() {
    let read = read(200, None, r#"{"name":"projects/shop-1/messages/0:1500"}"#);
    let Verdict::Accepted { id: Some(id) } = read.verdict else {
        panic!("the push was accepted");
    };
    assert_eq!(id.as_str(), "projects/shop-1/messages/0:1500");
    let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(1_025));
    for body in ["", "{}", long.as_str(), r#"{"name":"a b"}"#] {
        let read = self::read(200, None, body);
        assert_eq!(read.verdict, Verdict::Accepted { id: None }, "{body}");
    }
}

#[test]
fn a_body_past_the_bound_is_not_parsed() {
    let huge = format!(
        "{}{}",
        error(404, "NOT_FOUND", "UNREGISTERED", ""),
        " ".repeat(16 * 1_024)
    );
    let wanted = refused(Reason::ConfigSenderNotAllowed, Remedy::Operator);
    assert_eq!(read(404, None, &huge).verdict, wanted);
}

proptest! {
    #[test]
    fn no_answer_panics_and_only_a_proof_kills(status in 300_u16..600, body in ".{0,200}") {
        let read = read(status, None, &body);
        let is_dead = matches!(read.verdict, Verdict::Dead { .. });
        prop_assert!(!is_dead);
    }
}
