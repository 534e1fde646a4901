//! Firebase Cloud Messaging, HTTP v1.

use vestnik_model::Reason;
use vestnik_sim::Kind;

use super::says;
use crate::row::{Before, Does, Fate, Outcome, Row};

/// The rows.
pub(super) fn rows() -> Vec<Row> {
    [taken(), dead(), rejected(), refused(), passing(), tokens()].concat()
}

fn fcm(status: u16, word: &'static str, source: &'static str, expected: Outcome) -> Row {
    says(Kind::FcmToken, (status, Some(word)), source, expected)
}

fn taken() -> Vec<Row> {
    let row = |to, answer: &str| Row {
        to,
        answer: answer.to_owned(),
        source: "1.7",
        before: Before::Nothing,
        does: Does::Accepts,
        times: None,
        expected: Outcome::taken(1),
    };
    vec![
        row(Kind::FcmToken, "200, token"),
        row(Kind::FcmFid, "200, FID"),
    ]
}

/// 1.7, "token is dead": 404 UNREGISTERED, 403 `SENDER_ID_MISMATCH`, 400 `INVALID_ARGUMENT` only if the
/// violated field is the address. 4.7: no retry, cascade, kill.
fn dead() -> Vec<Row> {
    let lost = |reason| Outcome::lost(reason, 1, Fate::Dead);
    let fid = |row: Row| Row {
        to: Kind::FcmFid,
        ..row
    };
    let invalid = || fcm(400, "INVALID_ARGUMENT", "1.7, 4.7", lost(Reason::TokenDead));
    vec![
        fcm(
            404,
            "UNREGISTERED",
            "1.2, 1.7, 4.7",
            lost(Reason::TokenDead),
        ),
        fid(fcm(
            404,
            "UNREGISTERED",
            "1.2, 1.7, 4.7",
            lost(Reason::TokenDead),
        )
        .noted("FID")),
        fcm(
            403,
            "SENDER_ID_MISMATCH",
            "1.7, 4.7",
            lost(Reason::TokenMismatch),
        ),
        invalid().naming("message.token"),
        fid(invalid().naming("message.fid")),
    ]
}

/// 1.7: any other 400 is our fault and never kills. 4.7, provider.rejected: the content is left out
/// once, then the cascade goes on.
fn rejected() -> Vec<Row> {
    let lost = || Outcome::lost(Reason::ProviderRejected, 2, Fate::Kept);
    let invalid = || fcm(400, "INVALID_ARGUMENT", "1.7, 4.7", lost());
    vec![
        invalid(),
        invalid().once(Outcome::taken(2)),
        invalid().naming("message.data"),
        invalid().naming("message.data").once(Outcome::taken(2)),
    ]
}

/// 1.7: the credentials are our fault. 4.7, `config.provider_auth`: again after they are mended, the
/// address is kept. A refused access token is replaced at once (1.7, "renew token then retry").
fn refused() -> Vec<Row> {
    let again = |requests| Outcome::again(Reason::ConfigProviderAuth, requests, 1);
    let expired = || fcm(401, "ACCESS_TOKEN_EXPIRED", "1.7, 4.7", again(2));
    vec![
        fcm(401, "THIRD_PARTY_AUTH_ERROR", "1.7, 4.7", again(1)),
        expired(),
        expired().once(Outcome::taken(2)),
        fcm(403, "IAM_PERMISSION_DENIED", "4.7", again(1)),
    ]
}

/// 1.7, "retry": 429 `QUOTA_EXCEEDED`, 503 and 500, as Retry-After says, else after at least 60 s for 429.
fn passing() -> Vec<Row> {
    let again = |reason, seconds| Outcome::again(reason, 1, seconds);
    let quota = |seconds| {
        let expected = again(Reason::ProviderThrottled, seconds);
        fcm(429, "QUOTA_EXCEEDED", "1.7, 4.7", expected)
    };
    let busy = |seconds| {
        let expected = again(Reason::ProviderUnavailable, seconds);
        fcm(503, "UNAVAILABLE", "1.7, 4.7", expected)
    };
    let internal = again(Reason::ProviderInternal, 0);
    vec![
        quota(60),
        quota(120).after(120),
        busy(0),
        busy(90).after(90),
        fcm(500, "INTERNAL", "1.7, 4.7", internal.clone()),
        fcm(500, "UNSPECIFIED_ERROR", "1.7, 4.7", internal),
    ]
}

/// The access token that every push needs (1.7): while there is none, nothing is sent.
fn tokens() -> Vec<Row> {
    let row = |status, retry_after, expected| Row {
        to: Kind::FcmToken,
        answer: format!("{status} of the token endpoint"),
        source: "1.7, 4.7",
        before: Before::Nothing,
        does: Does::RefusesToken {
            status,
            retry_after,
        },
        times: None,
        expected,
    };
    vec![
        row(400, None, Outcome::again(Reason::ConfigProviderAuth, 0, 1)),
        row(
            503,
            Some(45),
            Outcome::again(Reason::ProviderUnavailable, 0, 45),
        )
        .noted("Retry-After 45"),
    ]
}
