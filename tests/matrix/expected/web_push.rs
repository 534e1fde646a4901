//! Web Push (RFC 8030, 8291, 8292), and `UnifiedPush`, which is Web Push.

use vestnik_model::Reason;
use vestnik_sim::Kind;

use super::says;
use crate::row::{Before, Does, Fate, Outcome, Row};

fn web_push(status: u16, source: &'static str, expected: Outcome) -> Row {
    says(Kind::WebPush, (status, None), source, expected)
}

/// The rows. 1.7: 404 and 410 are dead; 429 and 503 are tried again as Retry-After says; 400, 401, 403
/// and 413 are our fault and never kill. 4.7: the content is left out once after 400 and 413; refused
/// credentials are tried again when they are mended, and a new VAPID token at once after 401.
pub(super) fn rows() -> Vec<Row> {
    let dead = || Outcome::lost(Reason::TokenDead, 1, Fate::Dead);
    let rejected = |reason| Outcome::lost(reason, 2, Fate::Kept);
    let again = |reason, requests, seconds| Outcome::again(reason, requests, seconds);
    let throttled = |seconds| {
        web_push(
            429,
            "1.7, 4.7",
            again(Reason::ProviderThrottled, 1, seconds),
        )
    };
    let busy = |seconds| {
        web_push(
            503,
            "1.7, 4.7",
            again(Reason::ProviderUnavailable, 1, seconds),
        )
    };
    let auth = |requests| again(Reason::ConfigProviderAuth, requests, 1);
    let bad = || web_push(400, "1.7, 4.7", rejected(Reason::ProviderRejected));
    let large = || web_push(413, "1.7, 4.7", rejected(Reason::ProviderPayloadTooLarge));
    let unauthorised = || web_push(401, "1.7, 4.7", auth(2));
    vec![
        Row {
            to: Kind::WebPush,
            answer: "201".to_owned(),
            source: "1.7",
            before: Before::Nothing,
            does: Does::Accepts,
            times: None,
            expected: Outcome::taken(1),
        },
        web_push(404, "1.7, 4.7", dead()),
        web_push(410, "1.7, 4.7", dead()),
        bad(),
        bad().once(Outcome::taken(2)),
        large(),
        large().once(Outcome::taken(2)),
        unauthorised(),
        unauthorised().once(Outcome::taken(2)),
        web_push(403, "1.7, 4.7", auth(1)),
        throttled(0),
        throttled(120).after(120),
        busy(0),
        busy(90).after(90),
        web_push(500, "4.7", again(Reason::ProviderInternal, 1, 0)),
    ]
}
