//! Messengers.

use vestnik_gateway::{Scope, Verdict};
use vestnik_model::Reason;

use super::{UNPROVEN, accepted, dead, play, refused, rejected, retry, row, throttled};

fn telegram_error(code: u16, description: &str) -> String {
    format!(r#"{{"ok":false,"error_code":{code},"description":"{description}"}}"#)
}

#[test]
fn telegram_about_a_person() {
    let forbidden = |text: &str| telegram_error(403, &format!("Forbidden: {text}"));
    let bad = |text: &str| telegram_error(400, &format!("Bad Request: {text}"));
    let mut rows: Vec<_> = [
        "bot was blocked by the user",
        "bot can't initiate conversation with a user",
        "bot was kicked from the group chat",
        "bot is not a member of the channel chat",
    ]
    .map(|text| row(403, forbidden(text), dead(Reason::BlockedChannel)))
    .into();
    let gone = [
        "user is deactivated",
        "the group chat was deleted",
        "bot can't send messages to bots",
    ];
    rows.extend(gone.map(|text| row(403, forbidden(text), dead(Reason::TokenDead))));
    let gone = [
        "chat not found",
        "user not found",
        "PEER_ID_INVALID",
        "chat_id is empty",
    ];
    rows.extend(gone.map(|text| row(400, bad(text), dead(Reason::TokenDead))));
    rows.push(row(
        400,
        r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-100}}"#,
        dead(Reason::TokenDead),
    ));
    play("telegram", &rows);
}

#[test]
fn telegram_about_the_message_and_the_bot() {
    let bad = |text: &str| telegram_error(400, &format!("Bad Request: {text}"));
    let error = telegram_error;
    let rows = [
        row(
            200,
            r#"{"ok":true,"result":{"message_id":77,"date":1796040000,"chat":{"id":42,"type":"private"},"text":"x"}}"#,
            accepted("77"),
        ),
        row(
            429,
            r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 34","parameters":{"retry_after":34}}"#,
            throttled(Scope::Account, 34),
        ),
        row(
            400,
            bad("message is too long"),
            rejected(Reason::ProviderPayloadTooLarge),
        ),
        row(
            400,
            bad("message text is empty"),
            rejected(Reason::ProviderContentRejected),
        ),
        row(
            400,
            bad("can't parse entities"),
            rejected(Reason::ProviderContentRejected),
        ),
        row(
            400,
            bad("something new"),
            rejected(Reason::ProviderRejected),
        ),
        row(
            401,
            error(401, "Unauthorized"),
            refused(Reason::ConfigProviderAuth),
        ),
        row(
            404,
            error(404, "Not Found"),
            refused(Reason::ConfigProviderAuth),
        ),
        row(500, error(500, "Internal Server Error"), UNPROVEN),
        row(502, error(502, "Bad Gateway"), UNPROVEN),
    ];
    play("telegram", &rows);
}

#[test]
fn max() {
    let error = |code: &str, message: &str| format!(r#"{{"code":"{code}","message":"{message}"}}"#);
    play(
        "max",
        &[
            row(
                200,
                r#"{"message":{"recipient":{"chat_id":1,"chat_type":"dialog","user_id":42},"timestamp":1796040000000,"body":{"mid":"mid.0001","seq":1,"text":"x"}}}"#,
                accepted("mid.0001"),
            ),
            row(
                403,
                error("chat.denied", "error.dialog.suspended"),
                dead(Reason::BlockedChannel),
            ),
            row(
                403,
                error("chat.denied", "no access"),
                dead(Reason::BlockedChannel),
            ),
            row(
                404,
                error("not.found", "User 42 not found"),
                dead(Reason::TokenDead),
            ),
            row(404, error("chat.not.found", "x"), dead(Reason::TokenDead)),
            // Another path than the one of messages.
            row(404, "<html>", rejected(Reason::ProviderRejected)),
            row(
                429,
                error("too.many.requests", "x"),
                throttled(Scope::Account, 1),
            ),
            row(
                401,
                error("verify.token", "Invalid access_token"),
                refused(Reason::ConfigProviderAuth),
            ),
            row(
                400,
                error("proto.payload", "text: too long"),
                rejected(Reason::ProviderRejected),
            ),
            row(
                405,
                error("method.not.allowed", "x"),
                rejected(Reason::ProviderRejected),
            ),
            row(
                503,
                error("service.unavailable", "x"),
                retry(Reason::ProviderUnavailable),
            ),
            row(500, error("internal.error", "x"), UNPROVEN),
        ],
    );
}

#[test]
fn vk() {
    let error = |code: u32| {
        format!(r#"{{"error":{{"error_code":{code},"error_msg":"x","request_params":[]}}}}"#)
    };
    let mut rows = vec![row(200, r#"{"response":5812}"#, accepted("5812"))];
    let mut all = |codes: &[u32], wanted: Verdict| {
        rows.extend(
            codes
                .iter()
                .map(|code| row(200, error(*code), wanted.clone())),
        );
    };
    all(&[6, 29, 1105], throttled(Scope::Account, 1));
    all(&[9, 940, 944], throttled(Scope::Recipient, 60));
    all(
        &[900, 901, 902, 950, 987, 988],
        dead(Reason::BlockedChannel),
    );
    all(&[18, 37, 39, 113, 936, 3610], dead(Reason::TokenDead));
    all(&[910, 914], rejected(Reason::ProviderPayloadTooLarge));
    all(
        &[4, 5, 27, 28, 42, 1116, 1117],
        refused(Reason::ConfigProviderAuth),
    );
    let not_allowed = [
        2, 7, 14, 15, 17, 20, 21, 23, 24, 38, 203, 912, 943, 985, 3300,
    ];
    all(&not_allowed, refused(Reason::ConfigSenderNotAllowed));
    all(&[1, 10, 13, 36], UNPROVEN);
    all(&[32, 43], retry(Reason::ProviderUnavailable));
    let about_the_request = [
        3, 8, 100, 104, 911, 913, 917, 921, 922, 925, 945, 946, 962, 969, 1012, 99_999,
    ];
    all(&about_the_request, rejected(Reason::ProviderRejected));
    rows.push(row(502, "<html>", UNPROVEN));
    play("vk", &rows);
}

fn whatsapp_rows(codes: &[(u16, u32)], wanted: &Verdict) {
    let rows = codes.iter().map(|(status, code)| {
        let body = format!(
            r#"{{"error":{{"message":"(#{code}) x","type":"OAuthException","code":{code},"error_data":{{"messaging_product":"whatsapp","details":"x"}},"fbtrace_id":"A"}}}}"#
        );
        row(*status, body, wanted.clone())
    });
    play("whatsapp", &rows.collect::<Vec<_>>());
}

#[test]
fn whatsapp_about_the_message() {
    play(
        "whatsapp",
        &[row(
            200,
            r#"{"messaging_product":"whatsapp","contacts":[{"input":"79123456789","wa_id":"79123456789"}],"messages":[{"id":"wamid.HBgLNzkxMjM0NTY3ODkVAgARGBI","message_status":"accepted"}]}"#,
            accepted("wamid.HBgLNzkxMjM0NTY3ODkVAgARGBI"),
        )],
    );
    whatsapp_rows(&[(400, 131_050)], &rejected(Reason::BlockedChannel));
    whatsapp_rows(
        &[(400, 132_005)],
        &rejected(Reason::ProviderPayloadTooLarge),
    );
    let template = [
        (400, 132_000),
        (404, 132_001),
        (400, 132_007),
        (400, 132_012),
        (400, 132_015),
        (400, 132_016),
    ];
    whatsapp_rows(&template, &rejected(Reason::ProviderContentRejected));
    let request = [
        (400, 33),
        (400, 100),
        (403, 130_497),
        (400, 130_472),
        (400, 131_008),
        (400, 131_009),
        (400, 131_021),
        (400, 131_026),
        (400, 131_047),
        (400, 131_049),
        (400, 131_051),
        (400, 135_000),
    ];
    whatsapp_rows(&request, &rejected(Reason::ProviderRejected));
}

#[test]
fn whatsapp_about_the_account_and_the_service() {
    whatsapp_rows(&[(400, 131_056)], &throttled(Scope::Recipient, 6));
    let throughput = [(400, 4), (400, 80_007), (429, 130_429)];
    whatsapp_rows(&throughput, &throttled(Scope::Account, 5));
    whatsapp_rows(&[(400, 131_048)], &throttled(Scope::Account, 3_600));
    let credentials = [(401, 0), (401, 190), (500, 131_045)];
    whatsapp_rows(&credentials, &refused(Reason::ConfigProviderAuth));
    let not_allowed = [
        (500, 3),
        (403, 10),
        (403, 200),
        (403, 299),
        (403, 131_005),
        (400, 131_037),
        (400, 133_010),
        (403, 368),
        (403, 131_031),
    ];
    whatsapp_rows(&not_allowed, &refused(Reason::ConfigSenderNotAllowed));
    whatsapp_rows(&[(400, 131_042)], &refused(Reason::ConfigQuota));
    let passing = [(503, 2), (500, 131_016), (500, 131_057), (503, 133_004)];
    whatsapp_rows(&passing, &retry(Reason::ProviderUnavailable));
    whatsapp_rows(&[(400, 1), (500, 131_000)], &UNPROVEN);
}

#[test]
fn viber() {
    let status =
        |status: u32, word: &str| format!(r#"{{"status":{status},"status_message":"{word}"}}"#);
    let not_allowed = refused(Reason::ConfigSenderNotAllowed);
    let mut rows = vec![
        row(
            200,
            r#"{"status":0,"status_message":"ok","message_token":5741311803571721087,"chat_hostname":"SN-CHAT-05_"}"#,
            accepted("5741311803571721087"),
        ),
        row(
            200,
            status(2, "invalidAuthToken"),
            refused(Reason::ConfigProviderAuth),
        ),
        row(
            200,
            status(5, "receiverNotRegistered"),
            dead(Reason::TokenDead),
        ),
        row(
            200,
            status(6, "receiverNotSubscribed"),
            dead(Reason::BlockedChannel),
        ),
        row(
            200,
            status(12, "tooManyRequests"),
            throttled(Scope::Account, 10),
        ),
        row(
            200,
            status(23, "freeMessagesExceeded"),
            refused(Reason::ConfigQuota),
        ),
        row(200, status(24, "noBalance"), refused(Reason::ConfigQuota)),
        // "other: generalError": whether the message was sent is not said.
        row(200, status(99, "generalError"), UNPROVEN),
    ];
    let refusals = [7, 8, 9, 10, 15, 21, 22];
    rows.extend(refusals.map(|code| row(200, status(code, "x"), not_allowed.clone())));
    let requests = [1, 3, 4, 11, 13, 14, 16, 17, 18, 19, 20];
    let wanted = rejected(Reason::ProviderRejected);
    rows.extend(requests.map(|code| row(200, status(code, "x"), wanted.clone())));
    play("viber", &rows);
}
