//! Facts, and what the store answers to them.

use vestnik_model::{
    Claim, Cursor, FactId, FactOutcome, FactRefusal, FactResult, Flag, ParsedFact, ReceiptKind,
};

use super::name::{at, notification};

pub(super) fn fact(id: &str, claim: Claim, second: i64) -> ParsedFact {
    ParsedFact {
        id: FactId::parse(id).unwrap(),
        at: at(second),
        claim,
    }
}

/// A receipt whose id follows from what it says.
pub(super) fn receipt(number: u32, kind: ReceiptKind, second: i64) -> ParsedFact {
    let claim = Claim::Receipt {
        notification: notification(number),
        kind,
        action: None,
    };
    fact(&format!("{number}-{kind}"), claim, second)
}

/// A flag's version, whose id follows from what it says.
pub(super) fn flag(number: u32, flag: Flag, (value, version): (bool, u64)) -> ParsedFact {
    let claim = Claim::Flag {
        notification: notification(number),
        flag,
        value,
        version,
    };
    fact(&format!("{number}-{flag}-{value}-{version}"), claim, 100)
}

pub(super) fn reply(id: &str, number: u32) -> ParsedFact {
    let claim = Claim::Reply {
        notification: notification(number),
        action: None,
        text: "Thank you".to_owned(),
    };
    fact(id, claim, 100)
}

pub(super) fn not_shown(id: &str, number: u32) -> ParsedFact {
    dropped(id, number, "blocked.os")
}

pub(super) fn dropped(id: &str, number: u32, reason: &str) -> ParsedFact {
    let claim = Claim::NotShown {
        notification: notification(number),
        reason: reason.to_owned(),
    };
    fact(id, claim, 100)
}

pub(super) fn read_up_to(id: &str, cursor: Cursor, second: i64) -> ParsedFact {
    fact(id, Claim::ReadUpTo(cursor), second)
}

/// How a result reads: `stored`, `duplicate`, or the code of the refusal.
pub(super) fn spelled(result: &FactResult) -> &str {
    match result.outcome.known() {
        Some(FactOutcome::Stored) => "stored",
        Some(FactOutcome::Duplicate) => "duplicate",
        Some(FactOutcome::Refused) => result.code.as_ref().map_or("refused", |code| code.as_str()),
        None => "?",
    }
}

pub(super) const UNKNOWN: &str = FactRefusal::UnknownNotification.as_str();
