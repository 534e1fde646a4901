//! Revocations as the bodies of events.

use rusqlite::Row;
use serde_json::{Value, json};
use vestnik_model::{Channel, InstallationId, UserId, open::Word as _};
use vestnik_rules::session::FamilyId;
use vestnik_store::effect::{Cause, Revocation};

use crate::value::unreadable;

/// A revocation as JSON.
pub(super) fn json(revocation: &Revocation) -> Value {
    match revocation {
        Revocation::Key { id } => json!({"what": "key", "id": id}),
        Revocation::Session {
            installation,
            user,
            generation,
            cause,
        } => json!({
            "what": "session",
            "installation": installation,
            "user": user,
            "generation": generation,
            "cause": cause_word(*cause),
        }),
        Revocation::Family { family } => {
            json!({"what": "family", "family": u128::from_be_bytes(family.0).to_string()})
        }
        Revocation::User { user } => json!({"what": "user", "user": user}),
        Revocation::Provider { channel } => json!({"what": "provider", "channel": channel}),
    }
}

/// A revocation from a column.
pub(super) fn read(row: &Row<'_>, column: usize) -> Result<Revocation, rusqlite::Error> {
    let value: Value = crate::value::json(row, column)?;
    parse(&value).ok_or_else(|| unreadable(row, column, "a revocation of this version"))
}

fn parse(value: &Value) -> Option<Revocation> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    match text("what")? {
        "key" => Some(Revocation::Key {
            id: text("id")?.to_owned(),
        }),
        "session" => Some(Revocation::Session {
            installation: text("installation")?.parse::<InstallationId>().ok()?,
            user: UserId::parse(text("user")?).ok()?,
            generation: value.get("generation")?.as_u64()?,
            cause: cause(text("cause")?)?,
        }),
        "family" => Some(Revocation::Family {
            family: FamilyId(text("family")?.parse::<u128>().ok()?.to_be_bytes()),
        }),
        "user" => Some(Revocation::User {
            user: UserId::parse(text("user")?).ok()?,
        }),
        "provider" => Some(Revocation::Provider {
            channel: Channel::from_word(text("channel")?)?,
        }),
        _ => None,
    }
}

const CAUSES: [(Cause, &str); 6] = [
    (Cause::LoggedOut, "logged_out"),
    (Cause::LoggedInAgain, "logged_in_again"),
    (Cause::TakenOver, "taken_over"),
    (Cause::Retired, "retired"),
    (Cause::Reused, "reused"),
    (Cause::UserRevoked, "user_revoked"),
];

const fn cause_word(cause: Cause) -> &'static str {
    match cause {
        Cause::LoggedOut => "logged_out",
        Cause::LoggedInAgain => "logged_in_again",
        Cause::TakenOver => "taken_over",
        Cause::Retired => "retired",
        Cause::Reused => "reused",
        Cause::UserRevoked => "user_revoked",
    }
}

fn cause(word: &str) -> Option<Cause> {
    CAUSES
        .into_iter()
        .find_map(|(cause, known)| (known == word).then_some(cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_revocation_reads_back() {
        let user = UserId::parse("anna").unwrap();
        let installation = InstallationId::from_uuid(uuid::Uuid::from_u128(7));
        let mut revocations = vec![
            Revocation::Key {
                id: "k1".to_owned(),
            },
            Revocation::Family {
                family: FamilyId([0xfe; 16]),
            },
            Revocation::User { user: user.clone() },
            Revocation::Provider {
                channel: Channel::Apns,
            },
        ];
        for (cause, word) in CAUSES {
            assert_eq!(cause_word(cause), word);
            let user = user.clone();
            revocations.push(Revocation::Session {
                installation,
                user,
                generation: 3,
                cause,
            });
        }
        for revocation in revocations {
            assert_eq!(parse(&json(&revocation)), Some(revocation));
        }
    }
}
