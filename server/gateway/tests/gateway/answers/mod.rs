//! What each documented answer of each shipped gateway means.
//!
//! The rows are read off the platforms' pages, which the descriptors name, and off no descriptor.

use std::time::Duration;

use vestnik_gateway::{Scope, Verdict};
use vestnik_model::Reason;

use crate::fixture::{outcome, outcome_with, provider, secs};

mod messenger;
mod sms;

/// An answer and what it means.
struct Row {
    status: u16,
    body: String,
    wanted: Verdict,
}

fn row(status: u16, body: impl Into<String>, wanted: Verdict) -> Row {
    Row {
        status,
        body: body.into(),
        wanted,
    }
}

/// Plays each row at a gateway.
fn play(gateway: &str, rows: &[Row]) {
    let provider = provider(gateway);
    for row in rows {
        let outcome = outcome(&provider, row.status, &row.body);
        assert_eq!(
            outcome.verdict, row.wanted,
            "{gateway}: {} {}",
            row.status, row.body
        );
    }
}

fn accepted(id: &str) -> Verdict {
    Verdict::Accepted {
        id: vestnik_gateway::MessageId::parse(id),
    }
}

const fn dead(reason: Reason) -> Verdict {
    Verdict::Dead { reason }
}

const fn rejected(reason: Reason) -> Verdict {
    Verdict::Rejected { reason }
}

const fn refused(reason: Reason) -> Verdict {
    Verdict::Refused { reason }
}

const fn retry(reason: Reason) -> Verdict {
    Verdict::Retry {
        reason,
        after: None,
    }
}

const fn throttled(scope: Scope, seconds: u64) -> Verdict {
    Verdict::Throttled {
        scope,
        after: Some(Duration::from_secs(seconds)),
    }
}

const UNPROVEN: Verdict = Verdict::Unproven {
    reason: Reason::ProviderUnproven,
};

#[test]
fn what_no_rule_is_about_is_read_by_its_status() {
    let provider = provider("telegram");
    for (status, wanted) in [
        // Nobody described this success, so it may have been taken.
        (200, UNPROVEN),
        (204, UNPROVEN),
        (302, rejected(Reason::ProviderRejected)),
        (400, rejected(Reason::ProviderRejected)),
        (402, refused(Reason::ConfigQuota)),
        (403, rejected(Reason::ProviderRejected)),
        (407, refused(Reason::ConfigProviderAuth)),
        (408, retry(Reason::ProviderTimeout)),
        (413, rejected(Reason::ProviderPayloadTooLarge)),
        (425, retry(Reason::ProviderUnavailable)),
        (500, UNPROVEN),
        (501, rejected(Reason::ProviderRejected)),
        (502, UNPROVEN),
        (503, retry(Reason::ProviderUnavailable)),
        (504, UNPROVEN),
    ] {
        for body in ["", "<html>", "{}", "null", "[1]", "{\"ok\":"] {
            let outcome = outcome(&provider, status, body);
            assert_eq!(outcome.verdict, wanted, "{status} {body}");
        }
    }
}

#[test]
fn a_wait_is_the_one_in_the_body_then_the_header_then_the_rule() {
    let telegram = provider("telegram");
    let body = r#"{"ok":false,"error_code":429,"parameters":{"retry_after":34}}"#;
    let header = [("retry-after", "7")];
    let after = |outcome: vestnik_gateway::Outcome| {
        let (Verdict::Throttled { after, .. } | Verdict::Retry { after, .. }) = outcome.verdict
        else {
            panic!("{:?}", outcome.verdict);
        };
        after
    };
    assert_eq!(
        after(outcome_with(&telegram, 429, &header, body)),
        Some(secs(34))
    );
    assert_eq!(
        after(outcome_with(&telegram, 429, &header, "{}")),
        Some(secs(7))
    );
    assert_eq!(after(outcome(&telegram, 429, "{}")), Some(secs(5)));
    assert_eq!(
        after(outcome_with(&telegram, 503, &header, "{}")),
        Some(secs(7))
    );
    for (wait, wanted) in [("0.2", 200), ("1e300", 86_400_000), ("86400", 86_400_000)] {
        let body = format!(r#"{{"ok":false,"parameters":{{"retry_after":{wait}}}}}"#);
        let wanted = Some(Duration::from_millis(wanted));
        assert_eq!(after(outcome(&telegram, 429, &body)), wanted, "{wait}");
    }
    for wait in ["-1", "\"soon\"", "null", "true"] {
        let body = format!(r#"{{"ok":false,"parameters":{{"retry_after":{wait}}}}}"#);
        assert_eq!(
            after(outcome(&telegram, 429, &body)),
            Some(secs(5)),
            "{wait}"
        );
    }
}

#[test]
fn what_a_gateway_said_is_kept_only_if_it_is_a_code() {
    let telegram = provider("telegram");
    for (code, wanted) in [
        ("429", Some("429")),
        ("\"chat.denied\"", Some("chat.denied")),
        ("\"sent to +79123456789\"", None),
        ("\"79123456789\"", None),
        ("79123456789", None),
        ("{}", None),
    ] {
        let outcome = outcome(&telegram, 400, &format!(r#"{{"error_code":{code}}}"#));
        assert_eq!(outcome.said.word.as_deref(), wanted, "{code}");
    }
}

#[test]
fn an_answer_that_is_too_long_is_read_by_its_status_alone() {
    let telegram = provider("telegram");
    let body = format!(
        r#"{{"ok":true,"result":{{"message_id":1}},"x":"{}"}}"#,
        "x".repeat(70_000)
    );
    assert_eq!(outcome(&telegram, 200, &body).verdict, UNPROVEN);
}
