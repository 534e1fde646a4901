//! What Huawei's answers mean.

use std::time::Duration;

use proptest::prelude::*;
use vestnik_model::Reason;

use super::*;
use crate::outcome::{Connection, Outcome, Remedy, Scope, Verdict};

fn read_by(json: &Value, status: u16, body: &str) -> Outcome {
    let interface = credentials(json).interface;
    with_answer(status, Some(("retry-after", "7")), body, |answer| {
        outcome(&interface, answer, now())
    })
}

fn answer(code: &str, message: impl Into<Value>) -> String {
    json!({ "code": code, "msg": message.into(), "requestId": "157440955549500001002006" })
        .to_string()
}

/// Both interfaces give the same.
fn check(status: u16, code: &str, wanted: &Verdict) {
    for json in [client(), project()] {
        let read = read_by(&json, status, &answer(code, "whatever PLANTED"));
        assert_eq!(&read.verdict, wanted, "{code}");
        assert_eq!(read.said.to_string(), format!("{status} {code}"));
    }
}

const fn refused(reason: Reason, scope: Scope, remedy: Remedy) -> Verdict {
    Verdict::Refused {
        reason,
        scope,
        remedy,
    }
}

const fn rejected(reason: Reason) -> Verdict {
    Verdict::Rejected { reason }
}

const AFTER: Option<Duration> = Some(Duration::from_secs(7));

const THROTTLED: Verdict = Verdict::Throttled {
    scope: Scope::Sender,
    after: AFTER,
    over: Connection::Any,
};

#[test]
fn every_documented_code_has_its_verdict() {
    let not_allowed = |scope| refused(Reason::ConfigSenderNotAllowed, scope, Remedy::Operator);
    let new_token = refused(Reason::ConfigProviderAuth, Scope::Sender, Remedy::NewToken);
    let too_long = refused(Reason::ConfigProviderAuth, Scope::Sender, Remedy::Operator);
    let argument = rejected(Reason::ProviderRejected);
    let content = rejected(Reason::ProviderContentRejected);
    for (status, code, wanted) in [
        (400, "80100001", argument.clone()),
        (400, "80100003", argument.clone()),
        (400, "80100004", argument.clone()),
        (400, "80100013", argument.clone()),
        (400, "80100016", content.clone()),
        (400, "80100017", THROTTLED),
        (400, "80100018", content.clone()),
        (400, "80100022", content),
        (401, "80200001", new_token.clone()),
        (401, "80200003", new_token.clone()),
        (401, "80200005", new_token),
        (401, "80200006", not_allowed(Scope::Sender)),
        (400, "80300002", not_allowed(Scope::Unsaid)),
        (400, "80300008", rejected(Reason::ProviderPayloadTooLarge)),
        (400, "80300010", argument.clone()),
        (400, "80300011", not_allowed(Scope::Unsaid)),
        (400, "80300013", not_allowed(Scope::Unsaid)),
        (400, "80300029", THROTTLED),
        (400, "80300030", argument),
        (400, "80300036", too_long),
        (400, "80300037", not_allowed(Scope::Sender)),
        (
            500,
            "80600003",
            Verdict::retry(Reason::ProviderUnavailable, AFTER),
        ),
        (
            500,
            "81000001",
            Verdict::retry(Reason::ProviderInternal, AFTER),
        ),
    ] {
        check(status, code, &wanted);
    }
}

#[test]
fn a_push_that_was_taken_has_its_id() {
    for json in [client(), project()] {
        let Verdict::Accepted { id } = read_by(&json, 200, &answer("80000000", "Success")).verdict
        else {
            panic!("it was taken");
        };
        assert_eq!(id.unwrap().as_str(), "157440955549500001002006");
    }
}

/// There is one token, so either it passed or it did not.
#[test]
fn a_partial_success_is_told_by_its_numbers() {
    let read = |json: &Value, message: Value| {
        read_by(json, 200, &answer("80100000", message.to_string())).verdict
    };
    let passed = json!({ "success": 1, "failure": 0, "illegal_tokens": [] });
    assert!(matches!(read(&client(), passed), Verdict::Accepted { .. }));
    let failed = json!({ "success": 0, "failure": 1, "illegal_tokens": ["x"] });
    assert_eq!(read(&client(), failed), Verdict::dead(Reason::TokenDead));
    let failed =
        json!({ "success": 0, "failure": 1, "illegalTokens": { " tokenFormatError ": ["x"] } });
    assert_eq!(read(&project(), failed), Verdict::dead(Reason::TokenDead));
    let unsaid = Verdict::Suspect {
        reason: Reason::ProviderRejected,
    };
    assert_eq!(read(&client(), json!({ "failure": 1 })), unsaid);
}

#[test]
fn a_token_dies_only_of_what_is_wrong_with_itself() {
    let all =
        |json: &Value, message: Value| read_by(json, 400, &answer("80300007", message)).verdict;
    let plain = json!("All the tokens are invalid");
    let (dead, foreign) = (Reason::TokenDead, Reason::TokenMismatch);
    assert_eq!(all(&client(), plain.clone()), Verdict::dead(dead));
    let unsaid = Verdict::Suspect {
        reason: Reason::ProviderRejected,
    };
    assert_eq!(all(&project(), plain), unsaid);
    let not_allowed = |scope| {
        let reason = Reason::ConfigSenderNotAllowed;
        refused(reason, scope, Remedy::Operator)
    };
    for (word, wanted) in [
        ("tokenFormatError", Verdict::dead(dead)),
        ("tokenPlatformNotSupport", Verdict::dead(dead)),
        ("noRight", Verdict::dead(foreign)),
        ("countryNotSupport", not_allowed(Scope::Address)),
        ("appinfoError", not_allowed(Scope::Sender)),
        (
            "disableSendHuaweiMsgBecauseOfPenalty",
            not_allowed(Scope::Sender),
        ),
        ("noPushTypeRight", not_allowed(Scope::Unsaid)),
        ("notSupportPlayVoice", not_allowed(Scope::Unsaid)),
        (
            "atomicUnableSendUnsubscribedMsg",
            not_allowed(Scope::Unsaid),
        ),
        (
            "noRightToSendThisLiveNotificationEvent",
            not_allowed(Scope::Unsaid),
        ),
        (
            "differentImgVerifyPolicy",
            rejected(Reason::ProviderContentRejected),
        ),
        ("somethingNew", unsaid),
    ] {
        let message = json!({ "failure": 1, "illegalTokens": { word: ["MAAALgE4"] } });
        // In a text, as it is documented, or as it is.
        for message in [json!(message.to_string()), message] {
            assert_eq!(all(&project(), message), wanted, "{word}");
        }
    }
}

#[test]
fn an_answer_without_a_code_is_worth_its_status() {
    let not_allowed = refused(
        Reason::ConfigSenderNotAllowed,
        Scope::Sender,
        Remedy::Operator,
    );
    let new_token = refused(Reason::ConfigProviderAuth, Scope::Sender, Remedy::NewToken);
    for (status, wanted) in [
        (200, Verdict::Unproven),
        (400, rejected(Reason::ProviderRejected)),
        (401, new_token),
        (403, not_allowed.clone()),
        (404, not_allowed),
        (413, rejected(Reason::ProviderPayloadTooLarge)),
        (500, Verdict::retry(Reason::ProviderInternal, AFTER)),
        (502, Verdict::retry(Reason::ProviderUnavailable, AFTER)),
        (503, THROTTLED),
        (429, THROTTLED),
    ] {
        for body in ["", "<html>", "{}", r#"{"code":"no number"}"#] {
            let read = read_by(&client(), status, body);
            assert_eq!(read.verdict, wanted, "{status} {body}");
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_answered_is_read(status in 200_u16..600, body in ".{0,200}") {
        for json in [client(), project()] {
            let read = read_by(&json, status, &body);
            prop_assert!(!read.said.to_string().is_empty());
        }
    }

    /// Nothing kills a token but the two codes for it.
    #[test]
    fn no_other_code_kills_a_token(code in 80_000_000_u64..82_000_000, status in 200_u16..600) {
        let read = read_by(&client(), status, &answer(&code.to_string(), "m"));
        let is_dead = matches!(read.verdict, Verdict::Dead { .. });
        prop_assert_eq!(is_dead, code == 80_300_007);
    }
}
