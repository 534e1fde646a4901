//! The Apple Push Notification service. The words are those of
//! <https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns>.

use vestnik_model::{DeliveryStatus, Reason};
use vestnik_sim::Kind;

use super::says;
use crate::row::{Before, Does, Fate, Outcome, Row};

/// The rows.
pub(super) fn rows() -> Vec<Row> {
    [dead(), rejected(), misconfigured(), refused(), passing()].concat()
}

fn apns(status: u16, word: &'static str, source: &'static str, expected: Outcome) -> Row {
    says(Kind::Apns, (status, Some(word)), source, expected)
}

/// 1.7, "token is dead": 410, with the time since when, which is ignored if the token was registered
/// later; 400 `BadDeviceToken` after the other host was tried once; `DeviceTokenNotForTopic`.
fn dead() -> Vec<Row> {
    let lost = |reason, requests| Outcome::lost(reason, requests, Fate::Dead);
    let unknown = || {
        apns(
            400,
            "BadDeviceToken",
            "1.7, 4.7",
            lost(Reason::TokenDead, 2),
        )
    };
    vec![
        Row {
            to: Kind::Apns,
            answer: "200".to_owned(),
            source: "1.7",
            before: Before::Nothing,
            does: Does::Accepts,
            times: None,
            expected: Outcome::taken(1),
        },
        apns(410, "Unregistered", "1.7, 4.7", lost(Reason::TokenDead, 1)),
        apns(410, "ExpiredToken", "1.7, 4.7", lost(Reason::TokenDead, 1)),
        Row {
            to: Kind::Apns,
            answer: "410 Unregistered, older than the report".to_owned(),
            source: "1.7",
            before: Before::Nothing,
            does: Does::DiedBefore,
            times: None,
            expected: Outcome::lost(Reason::TokenDead, 1, Fate::Kept),
        },
        unknown(),
        Row {
            to: Kind::Apns,
            answer: "400 BadDeviceToken, of the sandbox".to_owned(),
            source: "1.7, 4.7",
            before: Before::Sandbox,
            does: Does::Accepts,
            times: None,
            expected: Outcome::taken(2),
        },
        apns(
            400,
            "DeviceTokenNotForTopic",
            "1.7, 4.7",
            lost(Reason::TokenMismatch, 1),
        ),
    ]
}

/// 1.7: other 400, 404, 405 and 413 are our fault and never kill. 4.7: the content is left out once,
/// then the cascade goes on.
fn rejected() -> Vec<Row> {
    let lost = || Outcome::lost(Reason::ProviderRejected, 2, Fate::Kept);
    let words = [
        "BadCollapseId",
        "BadExpirationDate",
        "BadMessageId",
        "BadPriority",
        "DuplicateHeaders",
        "InvalidPushType",
        "MissingDeviceToken",
        "PayloadEmpty",
    ];
    let rejected = |word| apns(400, word, "1.7, 4.7", lost());
    let mut rows: Vec<_> = words.map(rejected).into();
    let large = || {
        let expected = Outcome::lost(Reason::ProviderPayloadTooLarge, 2, Fate::Kept);
        apns(413, "PayloadTooLarge", "1.7, 4.7", expected)
    };
    rows.extend([
        apns(404, "BadPath", "1.7", lost()),
        apns(405, "MethodNotAllowed", "1.7", lost()),
        large(),
        large().once(Outcome::taken(2)),
    ]);
    rows
}

/// 4.7, `config.sender_not_allowed`: the topic is not the key's. No retry, cascade, the address is kept.
/// 4.5: what fails by configuration ends as `failed`.
fn misconfigured() -> Vec<Row> {
    let lost = || Outcome {
        delivery: DeliveryStatus::Failed,
        ..Outcome::lost(Reason::ConfigSenderNotAllowed, 1, Fate::Kept)
    };
    ["BadTopic", "MissingTopic", "TopicDisallowed"]
        .map(|word| apns(400, word, "1.7, 4.5, 4.7", lost()))
        .into()
}

/// 1.7: 403 `ExpiredProviderToken` and `InvalidProviderToken` are answered by a new token once, if the
/// present one is older than 20 minutes. 4.7, `config.provider_auth`: again after the key is mended, the
/// address is kept. A key of one environment is tried at the other, a connection that is bound to
/// another key is replaced, each once.
fn refused() -> Vec<Row> {
    let again = |requests| Outcome::again(Reason::ConfigProviderAuth, requests, 1);
    let refused = |word, requests| apns(403, word, "1.7, 4.7", again(requests));
    let words = [
        "BadCertificate",
        "BadCertificateEnvironment",
        "Forbidden",
        "MissingProviderToken",
        "ExpiredProviderToken",
        "InvalidProviderToken",
    ];
    let mut rows: Vec<_> = words.map(|word| refused(word, 1)).into();
    for word in ["ExpiredProviderToken", "InvalidProviderToken"] {
        rows.push(refused(word, 2).ripe(again(2)));
        rows.push(refused(word, 2).once(again(2)).ripe(Outcome::taken(2)));
    }
    let elsewhere = |row: Row| Row {
        before: Before::Sandbox,
        ..row.once(Outcome::taken(2))
    };
    rows.extend([
        refused("UnrelatedKeyIdInToken", 2),
        refused("UnrelatedKeyIdInToken", 2).once(Outcome::taken(2)),
        refused("BadEnvironmentKeyIdInToken", 2),
        elsewhere(refused("BadEnvironmentKeyIdInToken", 2)).noted("of the sandbox"),
    ]);
    rows
}

/// 1.7, "retry": 429 `TooManyRequests`, 500, 503; 503 Shutdown over a new connection at once. 429
/// `TooManyProviderTokenUpdates`: the connection is unusable for a while. `IdleTimeout` is about the
/// connection too, although its status is 400.
fn passing() -> Vec<Row> {
    let again = |reason, requests| Outcome::again(reason, requests, 0);
    let shutdown = || {
        let expected = again(Reason::ProviderUnavailable, 2);
        apns(503, "Shutdown", "1.7, 4.7", expected)
    };
    let busy = |reason| again(reason, 1);
    vec![
        apns(
            429,
            "TooManyRequests",
            "1.7, 4.7",
            busy(Reason::ProviderThrottled),
        ),
        apns(
            429,
            "TooManyProviderTokenUpdates",
            "1.7, 4.7",
            busy(Reason::ProviderThrottled),
        ),
        apns(
            500,
            "InternalServerError",
            "1.7, 4.7",
            busy(Reason::ProviderInternal),
        ),
        apns(
            503,
            "ServiceUnavailable",
            "1.7, 4.7",
            busy(Reason::ProviderUnavailable),
        ),
        shutdown(),
        shutdown().once(Outcome::taken(2)),
        apns(
            400,
            "IdleTimeout",
            "Apple",
            again(Reason::ProviderUnavailable, 2),
        ),
    ]
}
