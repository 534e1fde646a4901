//! SMS and flash calls.

use vestnik_gateway::Scope;
use vestnik_model::Reason;

use super::{UNPROVEN, accepted, dead, play, refused, rejected, retry, row, throttled};
use crate::fixture::{outcome, provider};

#[test]
fn a_service_of_ones_own() {
    let error = |word: &str| format!(r#"{{"error":"{word}"}}"#);
    play(
        "sms",
        &[
            row(201, r#"{"id":"m-1"}"#, accepted("m-1")),
            row(202, r#"{"id":17}"#, accepted("17")),
            row(422, error("unknown_number"), dead(Reason::TokenDead)),
            row(422, error("not_mobile"), dead(Reason::TokenDead)),
            row(422, error("opted_out"), dead(Reason::BlockedChannel)),
            row(
                422,
                error("too_long"),
                rejected(Reason::ProviderPayloadTooLarge),
            ),
            row(
                422,
                error("content_refused"),
                rejected(Reason::ProviderContentRejected),
            ),
            row(
                429,
                error("number_throttled"),
                throttled(Scope::Recipient, 60),
            ),
            row(
                403,
                error("sender_not_allowed"),
                refused(Reason::ConfigSenderNotAllowed),
            ),
            row(402, error("no_funds"), refused(Reason::ConfigQuota)),
            row(
                401,
                error("unauthorized"),
                refused(Reason::ConfigProviderAuth),
            ),
            row(500, error("try_again"), retry(Reason::ProviderUnavailable)),
            row(500, error("broken"), UNPROVEN),
            row(422, error("new_word"), rejected(Reason::ProviderRejected)),
        ],
    );
}

#[test]
fn the_cost_of_an_sms_is_read_from_the_answer_that_took_it() {
    let provider = provider("sms");
    let cost = |status, body| outcome(&provider, status, body).cost;
    let taken = cost(
        201,
        r#"{"id":"1","cost":{"amount":"0.0451","currency":"EUR"}}"#,
    );
    assert_eq!(taken.unwrap().to_string(), "0.0451 EUR");
    for body in [
        r#"{"id":"1"}"#,
        r#"{"id":"1","cost":{"amount":"much","currency":"EUR"}}"#,
        r#"{"id":"1","cost":{"amount":"1","currency":"euro"}}"#,
    ] {
        assert_eq!(cost(201, body), None, "{body}");
    }
    let refused = r#"{"error":"no_funds","cost":{"amount":"1","currency":"EUR"}}"#;
    assert_eq!(cost(402, refused), None);
}

#[test]
fn sms_ru() {
    let of_number = |code: u32| {
        format!(
            r#"{{"status":"OK","status_code":100,"sms":{{"79123456789":{{"status":"ERROR","status_code":{code},"status_text":"x"}}}},"balance":1}}"#
        )
    };
    let of_request =
        |code: u32| format!(r#"{{"status":"ERROR","status_code":{code},"status_text":"x"}}"#);
    let mut rows = vec![row(
        200,
        r#"{"status":"OK","status_code":100,"sms":{"79123456789":{"status":"OK","status_code":100,"sms_id":"000000-10000000"}},"balance":4122.56}"#,
        accepted("000000-10000000"),
    )];
    let mut both = |codes: &[u32], wanted: vestnik_gateway::Verdict| {
        for code in codes {
            rows.push(row(200, of_number(*code), wanted.clone()));
            rows.push(row(200, of_request(*code), wanted.clone()));
        }
    };
    both(&[202], dead(Reason::TokenDead));
    both(&[220], retry(Reason::ProviderUnavailable));
    both(&[201, 206], refused(Reason::ConfigQuota));
    both(&[204], refused(Reason::ConfigSenderNotAllowed));
    both(
        &[207, 208, 210, 211, 213, 214],
        rejected(Reason::ProviderRejected),
    );
    rows.extend(
        [200, 300, 301, 302]
            .map(|code| row(200, of_request(code), refused(Reason::ConfigProviderAuth))),
    );
    rows.extend([
        row(200, of_number(209), dead(Reason::BlockedChannel)),
        row(
            200,
            of_number(205),
            rejected(Reason::ProviderPayloadTooLarge),
        ),
        row(
            200,
            of_number(203),
            rejected(Reason::ProviderContentRejected),
        ),
        row(
            200,
            of_number(212),
            rejected(Reason::ProviderContentRejected),
        ),
        row(200, of_number(230), throttled(Scope::Recipient, 3_600)),
        row(200, of_number(231), throttled(Scope::Recipient, 3_600)),
        row(200, of_number(232), throttled(Scope::Recipient, 3_600)),
        row(200, of_request(500), UNPROVEN),
    ]);
    play("sms_ru", &rows);
}

#[test]
fn twilio() {
    let error = |status: u16, code: u32| {
        format!(
            r#"{{"code":{code},"message":"x","more_info":"https://www.twilio.com/docs/errors/{code}","status":{status}}}"#
        )
    };
    let mut rows = vec![row(
        201,
        r#"{"sid":"SM0123456789abcdef0123456789abcdef","status":"queued","price":null,"price_unit":"USD","error_code":null,"to":"+79123456789"}"#,
        accepted("SM0123456789abcdef0123456789abcdef"),
    )];
    let mut all = |codes: &[(u16, u32)], wanted: vestnik_gateway::Verdict| {
        rows.extend(
            codes
                .iter()
                .map(|(status, code)| row(*status, error(*status, *code), wanted.clone())),
        );
    };
    all(
        &[(429, 20_429), (429, 14_107)],
        throttled(Scope::Account, 1),
    );
    all(
        &[(400, 21_611), (400, 30_001)],
        throttled(Scope::Account, 30),
    );
    all(
        &[(400, 21_211), (400, 21_214), (400, 21_614)],
        dead(Reason::TokenDead),
    );
    all(&[(400, 21_610)], dead(Reason::BlockedChannel));
    all(&[(400, 21_617)], rejected(Reason::ProviderPayloadTooLarge));
    all(
        &[(400, 21_602), (400, 30_007)],
        rejected(Reason::ProviderContentRejected),
    );
    all(&[(401, 20_003)], refused(Reason::ConfigProviderAuth));
    let sender = [
        (400, 10_001),
        (403, 20_005),
        (400, 21_212),
        (400, 21_603),
        (400, 21_606),
        (400, 21_659),
        (400, 21_660),
    ];
    all(&sender, refused(Reason::ConfigSenderNotAllowed));
    all(&[(400, 30_002)], refused(Reason::ConfigQuota));
    all(&[(500, 20_500)], UNPROVEN);
    all(&[(503, 20_503)], retry(Reason::ProviderUnavailable));
    all(
        &[(404, 20_404), (400, 21_408), (400, 21_612)],
        rejected(Reason::ProviderRejected),
    );
    play("twilio", &rows);
}

#[test]
fn flash_call() {
    let error = |code: u32| format!(r#"{{"status":false,"error":"x","code":{code}}}"#);
    let mut rows = vec![
        row(
            200,
            r#"{"status":true,"ucaller_id":103000,"phone":"7912***6789","code":"4821","unique_request_id":"f32d7ab0-2695-44ee-a20c-a34262a06b90"}"#,
            accepted("103000"),
        ),
        // The code of the call is no code of an error.
        row(
            200,
            r#"{"status":false,"ucaller_id":57251317,"phone":"7912***6789","code":"1002"}"#,
            rejected(Reason::ProviderRejected),
        ),
    ];
    let mut all = |codes: &[u32], wanted: vestnik_gateway::Verdict| {
        rows.extend(
            codes
                .iter()
                .map(|code| row(200, error(*code), wanted.clone())),
        );
    };
    all(&[18], throttled(Scope::Recipient, 60));
    all(&[19], throttled(Scope::Recipient, 15));
    all(&[429], throttled(Scope::Account, 1));
    all(&[3], dead(Reason::TokenDead));
    all(&[401], refused(Reason::ConfigProviderAuth));
    all(
        &[0, 4, 1_001, 1_003, 1_004, 1_005],
        refused(Reason::ConfigSenderNotAllowed),
    );
    all(&[1_002], refused(Reason::ConfigQuota));
    all(&[5], retry(Reason::ProviderInternal));
    all(&[1, 2, 9, 20, 405], rejected(Reason::ProviderRejected));
    all(&[500, 12_345], UNPROVEN);
    play("flash_call", &rows);
}
