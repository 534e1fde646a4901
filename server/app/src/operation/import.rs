//! Import of push addresses that an App had collected before its devices spoke to this server.

use jiff::Timestamp;
use vestnik_model::{
    AppId, FieldProblem, ImportAnswer, ImportRequest, ImportedAddress, Open, Problem,
    import::MAX_IMPORTED, problem::FieldCode, push_address::MAX_CHARS,
};
use vestnik_push::{Address, address::AddressError};
use vestnik_rules::session::MAX_INSTALLATIONS;
use vestnik_store::{Store, installations::Import};

use crate::refusal::Refusal;

/// Imports addresses, or only checks them. If anything is wrong with one, all are refused.
pub(crate) async fn import_addresses(
    store: &dyn Store,
    app: AppId,
    request: ImportRequest,
    now: Timestamp,
) -> Result<ImportAnswer, Refusal> {
    let ImportRequest {
        push_addresses,
        validate_only,
    } = request;
    check(&push_addresses)?;
    if validate_only {
        return Ok(ImportAnswer {
            results: Vec::new(),
        });
    }
    let addresses = push_addresses.into_iter();
    let import = Import {
        app,
        addresses: addresses
            .map(|imported| (imported.user.clone(), imported.address()))
            .collect(),
        max_installations: MAX_INSTALLATIONS,
        now,
    };
    let outcomes = store.import_addresses(import).await?.into_iter();
    Ok(ImportAnswer {
        results: outcomes.map(Open::Known).collect(),
    })
}

fn check(addresses: &[ImportedAddress]) -> Result<(), Problem> {
    if addresses.len() > MAX_IMPORTED {
        let detail = format!("must have at most {MAX_IMPORTED} entries");
        let problem = FieldProblem::new("/push_addresses", FieldCode::TooLong, detail);
        return Err(Problem::invalid(vec![problem]));
    }
    let problems = addresses.iter().enumerate();
    let problems = problems.filter_map(|(index, imported)| {
        let (field, code, detail) = wrong(imported)?;
        let pointer = format!("/push_addresses/{index}/{field}");
        Some(FieldProblem::new(pointer, code, detail))
    });
    let problems: Vec<_> = problems.collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(problems))
    }
}

/// What is wrong with an address: the field, and what it must be. Never repeats the address.
fn wrong(imported: &ImportedAddress) -> Option<(&'static str, FieldCode, String)> {
    if imported.value.chars().count() > MAX_CHARS {
        let detail = format!("must have at most {MAX_CHARS} characters");
        return Some(("value", FieldCode::TooLong, detail));
    }
    let error = Address::parse(&imported.address(), imported.environment).err()?;
    if matches!(error, AddressError::NoAdapter) {
        let detail = "the server sends to no address of this kind";
        return Some(("kind", FieldCode::NotAllowed, detail.to_owned()));
    }
    Some(("value", FieldCode::Malformed, error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn imported(kind: &str, value: &str) -> ImportedAddress {
        let imported = json!({"user": "anna", "kind": kind, "value": value});
        serde_json::from_value(imported).unwrap()
    }

    #[test]
    fn each_address_at_fault_is_pointed_at() {
        let long = "x".repeat(MAX_CHARS + 1);
        let addresses = [
            imported("fcm_token", "token-1"),
            imported("apns", "PLANTED"),
            imported("webpush", "{\"endpoint\": \"PLANTED\"}"),
            imported("fcm_token", &long),
        ];
        let problem = check(&addresses).unwrap_err();
        let pointers = problem.errors.iter().map(|error| error.pointer.as_str());
        let wanted = ["1/value", "2/value", "3/value"];
        let wanted = wanted.map(|place| format!("/push_addresses/{place}"));
        assert_eq!(pointers.collect::<Vec<_>>(), wanted);
        assert!(!serde_json::to_string(&problem).unwrap().contains("PLANTED"));
        assert!(check(&addresses[..1]).is_ok());
        let many = vec![addresses[0].clone(); MAX_IMPORTED + 1];
        assert_eq!(
            check(&many).unwrap_err().errors[0].pointer,
            "/push_addresses"
        );
    }
}
