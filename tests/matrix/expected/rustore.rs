//! `RuStore`.

use vestnik_model::Reason;
use vestnik_sim::Kind;

use super::says;
use crate::row::{Before, Does, Fate, Outcome, Row};

/// The rows. 1.7: 404 `NOT_FOUND` is a dead token; 429 and 500 are tried again; 400 and 403 are our fault. 4.7: a
/// 400 is sent without its content once, credentials are waited for.
pub(super) fn rows() -> Vec<Row> {
    let of = |status, word, expected| says(Kind::Rustore, (status, word), "1.7, 4.7", expected);
    let again = |reason, seconds| Outcome::again(reason, 1, seconds);
    let lost = |reason, requests, fate| Outcome::lost(reason, requests, fate);
    let rejected = || lost(Reason::ProviderRejected, 2, Fate::Kept);
    let invalid = || of(400, Some("INVALID_ARGUMENT"), rejected());
    let quota = |seconds| {
        let expected = again(Reason::ProviderThrottled, seconds);
        of(429, Some("TOO_MANY_REQUESTS"), expected)
    };
    let internal = again(Reason::ProviderInternal, 0);
    vec![
        Row {
            to: Kind::Rustore,
            answer: "200".to_owned(),
            source: "1.7",
            before: Before::Nothing,
            does: Does::Accepts,
            times: None,
            expected: Outcome::taken(1),
        },
        of(
            404,
            Some("NOT_FOUND"),
            lost(Reason::TokenDead, 1, Fate::Dead),
        ),
        // FCM's word, which RuStore does not document: no proof of a death.
        of(404, Some("UNREGISTERED"), rejected()),
        invalid(),
        invalid().once(Outcome::taken(2)),
        of(
            403,
            Some("PERMISSION_DENIED"),
            again(Reason::ConfigProviderAuth, 1),
        ),
        quota(0),
        quota(120).after(120),
        of(500, Some("INTERNAL"), internal),
        of(503, None, again(Reason::ProviderUnavailable, 0)),
        of(503, None, again(Reason::ProviderUnavailable, 90)).after(90),
    ]
}
