//! API keys: made and revoked by an administrator of an App.

use jiff::Timestamp;
use vestnik_clock::Clock;
use vestnik_model::{FieldProblem, KeyCreated, KeyRequest, Problem, problem::FieldCode};
use vestnik_store::{
    Store,
    tenants::{ApiKey, ApiKeyRecord},
};

use crate::{credential::secret, refusal::Refusal};

/// The most characters a key's name may have.
const MAX_NAME: usize = 64;

/// Makes a key. Its secret is in the answer and is not stored.
pub(crate) async fn create_key(
    store: &dyn Store,
    clock: &dyn Clock,
    by: &ApiKey,
    request: KeyRequest,
) -> Result<KeyCreated, Refusal> {
    check(&request)?;
    let KeyRequest { name, mut scopes } = request;
    scopes.sort_unstable();
    scopes.dedup();
    let (id, key) = secret::new_key(clock.random(), clock.random());
    let record = ApiKeyRecord {
        app: by.app.clone(),
        id: id.clone(),
        name: name.clone(),
        scopes: scopes.clone(),
        secret_hash: secret::hash(&key),
    };
    store.create_key(record, clock.now()).await?;
    tracing::info!(%id, by = %by.id, "key made");
    Ok(KeyCreated {
        id,
        key,
        name,
        scopes: scopes.into_iter().map(Into::into).collect(),
    })
}

/// Revokes a key at once.
pub(crate) async fn revoke_key(
    store: &dyn Store,
    by: &ApiKey,
    id: String,
    now: Timestamp,
) -> Result<(), Refusal> {
    if store.revoke_key(by.app.clone(), id.clone(), now).await? {
        tracing::info!(?id, by = %by.id, "key revoked");
        Ok(())
    } else {
        Err(Refusal::not_found("key"))
    }
}

fn check(request: &KeyRequest) -> Result<(), Problem> {
    let mut problems = Vec::new();
    let length = request.name.chars().count();
    if length == 0 || length > MAX_NAME || request.name.chars().any(char::is_control) {
        let detail = format!("must be 1 to {MAX_NAME} printable characters");
        problems.push(FieldProblem::new("/name", FieldCode::Malformed, detail));
    }
    if request.scopes.is_empty() {
        let detail = "must name at least one scope";
        problems.push(FieldProblem::new("/scopes", FieldCode::Missing, detail));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(problems))
    }
}
