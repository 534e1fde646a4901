//! What happens to connections, at every service alike.

use vestnik_model::Reason;
use vestnik_sim::{Kind, When};

use crate::row::{Before, Does, Outcome, Row};

/// The rows. 4.7: a socket that fails is tried again, and the address is kept. Nobody knows whether a
/// push was taken that was written and not answered: it is repeated, under the same id.
pub(super) fn rows() -> Vec<Row> {
    let kinds = [
        Kind::FcmToken,
        Kind::Apns,
        Kind::WebPush,
        Kind::Hms,
        Kind::Rustore,
    ];
    kinds.into_iter().flat_map(of).collect()
}

fn of(to: Kind) -> [Row; 4] {
    let row = |answer: &str, does, expected| Row {
        to,
        answer: answer.to_owned(),
        source: "1.7, 4.7",
        before: Before::Nothing,
        does,
        times: None,
        expected,
    };
    let unproven = || Outcome::again(Reason::ProviderUnproven, 1, 0);
    [
        row(
            "reset before acceptance",
            Does::Resets(When::BeforeAcceptance),
            unproven(),
        ),
        row(
            "reset after acceptance",
            Does::Resets(When::AfterAcceptance),
            unproven(),
        ),
        row("GOAWAY after the answer", Does::GoesAway, Outcome::taken(1)),
        row("a late answer", Does::IsSlow, Outcome::taken(1)),
    ]
}
