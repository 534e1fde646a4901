//! Huawei Push Kit, version 1, whose account the stage has.

use vestnik_model::{DeliveryStatus, Reason};
use vestnik_sim::Kind;

use super::says;
use crate::row::{Before, Does, Fate, Outcome, Row};

/// The rows.
pub(super) fn rows() -> Vec<Row> {
    [taken(), dead(), rejected(), refused(), passing()].concat()
}

fn hms(status: u16, code: &'static str, expected: Outcome) -> Row {
    says(Kind::Hms, (status, Some(code)), "1.7, 4.7", expected)
}

fn taken() -> Vec<Row> {
    vec![Row {
        to: Kind::Hms,
        answer: "200 80000000".to_owned(),
        source: "1.7",
        before: Before::Nothing,
        does: Does::Accepts,
        times: None,
        expected: Outcome::taken(1),
    }]
}

/// 1.7, "token is dead": in `illegal_tokens`, all of them by 80300007. Huawei's response page of version 3 has
/// the words: only those about the token itself say so. 4.7: no retry, cascade, kill.
fn dead() -> Vec<Row> {
    let lost = |reason| Outcome::lost(reason, 1, Fate::Dead);
    let all = |reason| hms(400, "80300007", lost(reason));
    vec![
        all(Reason::TokenDead),
        all(Reason::TokenDead).naming("tokenFormatError"),
        all(Reason::TokenDead).naming("tokenPlatformNotSupport"),
        all(Reason::TokenMismatch).naming("noRight"),
        hms(200, "80100000", lost(Reason::TokenDead)).naming("tokenFormatError"),
    ]
}

/// 1.7, "our fault": parameters, content, size, the number of tokens. 4.7: without the content once, then the
/// cascade goes on, and the address is kept.
fn rejected() -> Vec<Row> {
    let lost = |reason| Outcome::lost(reason, 2, Fate::Kept);
    let of = |code, reason| hms(400, code, lost(reason));
    let (argument, content) = (Reason::ProviderRejected, Reason::ProviderContentRejected);
    vec![
        of("80100001", argument),
        of("80100003", argument),
        of("80100003", argument).once(Outcome::taken(2)),
        of("80100004", argument),
        of("80100013", argument),
        of("80100016", content),
        of("80100016", content).once(Outcome::taken(2)),
        of("80100018", content),
        of("80100022", content),
        of("80300008", Reason::ProviderPayloadTooLarge),
        of("80300010", argument),
        of("80300030", argument),
        of("80300007", content).naming("differentImgVerifyPolicy"),
        of("80300007", argument).naming("aWordOfALaterVersion"),
    ]
}

/// 1.7, "our fault": the credentials, what the app may send, and where. 4.7, `config.provider_auth`: again after
/// they are mended; `config.sender_not_allowed`: no retry, the cascade goes on, the address is kept. 1.7: "renew
/// token then retry".
fn refused() -> Vec<Row> {
    let auth = |requests| Outcome::again(Reason::ConfigProviderAuth, requests, 1);
    let not_allowed = || Outcome {
        delivery: DeliveryStatus::Failed,
        ..Outcome::lost(Reason::ConfigSenderNotAllowed, 1, Fate::Kept)
    };
    let of = |code| hms(400, code, not_allowed());
    vec![
        hms(401, "80200001", auth(2)),
        hms(401, "80200001", auth(2)).once(Outcome::taken(2)),
        hms(401, "80200003", auth(2)),
        hms(401, "80200003", auth(2)).once(Outcome::taken(2)),
        hms(401, "80200005", auth(2)).once(Outcome::taken(2)),
        hms(400, "80300036", auth(1)),
        hms(401, "80200006", not_allowed()),
        of("80300002"),
        of("80300011"),
        of("80300013"),
        of("80300037"),
        of("80300007").naming("noPushTypeRight"),
        of("80300007").naming("appinfoError"),
        of("80300007").naming("countryNotSupport"),
        of("80300007").naming("disableSendHuaweiMsgBecauseOfPenalty"),
    ]
}

/// 1.7, "retry": 503, which is Huawei's word for too many requests, and 81000001.
fn passing() -> Vec<Row> {
    let again = |reason, seconds| Outcome::again(reason, 1, seconds);
    let busy = |seconds| {
        let expected = again(Reason::ProviderThrottled, seconds);
        says(Kind::Hms, (503, None), "1.7, 4.7", expected)
    };
    let throttled = again(Reason::ProviderThrottled, 0);
    vec![
        busy(0),
        busy(120).after(120),
        hms(400, "80100017", throttled.clone()),
        hms(400, "80300029", throttled),
        hms(500, "81000001", again(Reason::ProviderInternal, 0)),
        hms(500, "80600003", again(Reason::ProviderUnavailable, 0)),
        says(
            Kind::Hms,
            (502, None),
            "1.7, 4.7",
            again(Reason::ProviderUnavailable, 0),
        ),
    ]
}
